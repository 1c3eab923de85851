//! Links to one job, for a customer: a session of kind `link`, behind a token confined to that job.
//!
//! The link belongs to a log-in of the customer, so it sees what that person would see of the job. Ending the session
//! takes the link away, whatever copies of the token exist.

use chrono::{DateTime, Utc};

use crate::{
    CustomerId, Ids, JobId, SessionId, UserId,
    db::{DbError, TenantTx},
    events::{self, Event},
};

/// Every way that a use case on links can fail.
#[derive(Debug, thiserror::Error)]
pub enum JobLinkError {
    #[error("there is no such job or link")]
    NotFound,
    #[error("this person has no log-in as the job's customer")]
    NotTheCustomers,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for JobLinkError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// A link's session and to whom it goes.
#[derive(Debug, Clone)]
pub struct JobLink {
    pub session_id: SessionId,
    pub job_id: JobId,
    pub customer_id: CustomerId,
    pub user_id: UserId,
    pub email: String,
    pub name: String,
    pub expires_at: DateTime<Utc>,
}

/// Opens a link session for one of the customer's log-ins.
///
/// # Errors
/// [`JobLinkError::NotFound`] for a job that isn't there; [`JobLinkError::NotTheCustomers`] for somebody else's user.
#[tracing::instrument(name = "job_links.create", skip_all, fields(job.id = %job_id))]
pub async fn create(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    job_id: JobId,
    user_id: UserId,
    expires_at: DateTime<Utc>,
) -> Result<JobLink, JobLinkError> {
    let tenant_id = tx.actor().tenant_id;
    let customer_id = sqlx::query_scalar!("SELECT customer_id FROM jobs WHERE job_id = $1", job_id.0)
        .fetch_optional(tx.conn())
        .await?
        .ok_or(JobLinkError::NotFound)?;
    let person = sqlx::query!(
        "SELECT email, name FROM customer_users WHERE customer_id = $1 AND user_id = $2 AND state = 'active'",
        customer_id,
        user_id.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(JobLinkError::NotTheCustomers)?;
    let session_id: SessionId = ids.next();
    sqlx::query!(
        "INSERT INTO sessions (tenant_id, session_id, user_id, kind, role, device, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, 'link', 'customer', $4, $5, $5, $6)",
        tenant_id.0,
        session_id.0,
        user_id.0,
        format!("Link to job {job_id}"),
        now,
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    let customer_id = CustomerId(customer_id);
    let event = Event::new("link.created", "link", session_id).job(job_id).customer(customer_id);
    events::record(tx, ids, now, event).await?;
    Ok(JobLink { session_id, job_id, customer_id, user_id, email: person.email, name: person.name, expires_at })
}

/// Ends a link.
///
/// # Errors
/// [`JobLinkError::NotFound`] when there is no such open link.
#[tracing::instrument(name = "job_links.end", skip_all)]
pub async fn end(tx: &mut TenantTx, ids: &Ids, now: DateTime<Utc>, session_id: SessionId) -> Result<(), JobLinkError> {
    let ended = sqlx::query!(
        "UPDATE sessions SET ended_at = $2, ended_reason = 'revoked'
          WHERE session_id = $1 AND kind = 'link' AND ended_at IS NULL",
        session_id.0,
        now,
    )
    .execute(tx.conn())
    .await?;
    if ended.rows_affected() == 0 {
        return Err(JobLinkError::NotFound);
    }
    events::record(tx, ids, now, Event::new("link.ended", "link", session_id)).await?;
    Ok(())
}
