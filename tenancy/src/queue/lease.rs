//! Claiming tasks fairly, and who may finish them.
//!
//! A claim moves `run_at` to the end of the lease and sets a new lease token, by the database's clock. Whoever
//! finishes, postpones or gives up a task must still hold that token: a worker that was slower than its lease
//! changes nothing, since its effects are in the same transaction as the failed check.

use std::time::Duration;

use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

use crate::{
    Ids, TaskId, TenantId, UserId,
    db::{DbError, PlatformTx, TenantTx},
};

/// A task that this worker may run until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub tenant_id: TenantId,
    pub task_id: TaskId,
    pub kind: String,
    /// How often it was tried, this time included.
    pub attempts: i32,
    pub lease_token: Uuid,
}

/// Claims up to `limit` due tasks, at most `per_tenant` of one company, companies in random order: one company's
/// 50,000 reminders don't hold up another's password reset.
///
/// # Errors
/// The database's own.
pub async fn claim(
    tx: &mut PlatformTx,
    ids: &Ids,
    limit: i64,
    per_tenant: i64,
    lease: Duration,
) -> sqlx::Result<Vec<Claim>> {
    let lease_token: Uuid = ids.next();
    // `waiting` steps from company to company by index, so a long queue of one costs nothing here.
    sqlx::query_as!(
        Claim,
        r#"
        WITH RECURSIVE waiting AS (
            (SELECT t.tenant_id FROM tasks t WHERE t.state = 'queued' ORDER BY t.tenant_id LIMIT 1)
            UNION ALL
            SELECT (SELECT t.tenant_id FROM tasks t
                     WHERE t.state = 'queued' AND t.tenant_id > w.tenant_id ORDER BY t.tenant_id LIMIT 1)
              FROM waiting w WHERE w.tenant_id IS NOT NULL
        ), shuffled AS MATERIALIZED (
            SELECT w.tenant_id FROM waiting w WHERE w.tenant_id IS NOT NULL ORDER BY random()
        ), due AS MATERIALIZED (
            SELECT d.tenant_id, d.task_id
              FROM shuffled s
             CROSS JOIN LATERAL (
                SELECT t.tenant_id, t.task_id FROM tasks t
                 WHERE t.tenant_id = s.tenant_id AND t.state = 'queued' AND t.run_at <= now()
                 ORDER BY t.run_at LIMIT $2 FOR UPDATE SKIP LOCKED
             ) d
             LIMIT $1
        )
        UPDATE tasks t
           SET run_at = now() + $3, attempts = t.attempts + 1, lease_token = $4
          FROM due
         WHERE t.tenant_id = due.tenant_id AND t.task_id = due.task_id
        RETURNING t.tenant_id AS "tenant_id: TenantId", t.task_id AS "task_id: TaskId", t.kind, t.attempts,
                  t.lease_token AS "lease_token!"
        "#,
        limit,
        per_tenant,
        interval(lease),
        lease_token,
    )
    .fetch_all(tx.conn())
    .await
}

/// Until the next task is due: `None` when the queue is empty, zero when one is overdue.
///
/// # Errors
/// The database's own.
pub async fn next_due(tx: &mut PlatformTx) -> sqlx::Result<Option<Duration>> {
    let seconds = sqlx::query_scalar!(
        "SELECT extract(epoch FROM min(run_at) - now())::double precision FROM tasks WHERE state = 'queued'"
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(seconds.map(|s| Duration::from_secs_f64(s.max(0.0))))
}

impl Claim {
    /// The payload and the person who caused the task; `None` when the lease was lost meanwhile.
    ///
    /// # Errors
    /// The database's own.
    pub async fn read(&self, tx: &mut TenantTx) -> sqlx::Result<Option<(serde_json::Value, Option<UserId>)>> {
        let row = sqlx::query!(
            "SELECT payload, actor_id FROM tasks WHERE task_id = $1 AND lease_token = $2 AND state = 'queued'",
            self.task_id.0,
            self.lease_token,
        )
        .fetch_optional(tx.conn())
        .await?;
        Ok(row.map(|row| (row.payload, (!row.actor_id.is_nil()).then_some(UserId(row.actor_id)))))
    }
}

/// The lease ended and another worker has the task.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    #[error("another worker has taken the task over")]
    Lost,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for LeaseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

fn held(rows: u64) -> Result<(), LeaseError> {
    if rows == 1 { Ok(()) } else { Err(LeaseError::Lost) }
}

/// Takes a finished task off the queue, in the transaction of its effects. Commit only after this succeeded.
///
/// # Errors
/// [`LeaseError::Lost`]: roll back.
pub async fn complete(tx: &mut TenantTx, claim: &Claim) -> Result<(), LeaseError> {
    let done =
        sqlx::query!("DELETE FROM tasks WHERE task_id = $1 AND lease_token = $2", claim.task_id.0, claim.lease_token)
            .execute(tx.conn())
            .await?;
    held(done.rows_affected())
}

/// Extends the lease of a task that takes longer.
///
/// # Errors
/// [`LeaseError::Lost`]: stop working on it.
pub async fn renew(tx: &mut TenantTx, claim: &Claim, lease: Duration) -> Result<(), LeaseError> {
    let done = sqlx::query!(
        "UPDATE tasks SET run_at = now() + $3 WHERE task_id = $1 AND lease_token = $2",
        claim.task_id.0,
        claim.lease_token,
        interval(lease),
    )
    .execute(tx.conn())
    .await?;
    held(done.rows_affected())
}

/// Puts a task back for `after`; `reason` is for the office and holds no secrets.
///
/// # Errors
/// [`LeaseError::Lost`]: somebody else has it.
pub async fn postpone(tx: &mut TenantTx, claim: &Claim, after: Duration, reason: &str) -> Result<(), LeaseError> {
    let done = sqlx::query!(
        "UPDATE tasks SET run_at = now() + $3, lease_token = NULL, last_error = left($4, 500)
          WHERE task_id = $1 AND lease_token = $2",
        claim.task_id.0,
        claim.lease_token,
        interval(after),
        reason,
    )
    .execute(tx.conn())
    .await?;
    held(done.rows_affected())
}

/// Puts a task back as if it had not been claimed: this process ends, or does not know the kind yet.
///
/// # Errors
/// [`LeaseError::Lost`]: somebody else has it.
pub async fn release(tx: &mut TenantTx, claim: &Claim, after: Duration) -> Result<(), LeaseError> {
    let done = sqlx::query!(
        "UPDATE tasks SET run_at = now() + $3, lease_token = NULL, attempts = greatest(attempts - 1, 0)
          WHERE task_id = $1 AND lease_token = $2",
        claim.task_id.0,
        claim.lease_token,
        interval(after),
    )
    .execute(tx.conn())
    .await?;
    held(done.rows_affected())
}

/// Parks a task as dead: it is not tried again until an admin says so.
///
/// # Errors
/// [`LeaseError::Lost`]: somebody else has it.
pub async fn fail(tx: &mut TenantTx, claim: &Claim, reason: &str) -> Result<(), LeaseError> {
    let done = sqlx::query!(
        "UPDATE tasks SET state = 'dead', lease_token = NULL, last_error = left($3, 500)
          WHERE task_id = $1 AND lease_token = $2",
        claim.task_id.0,
        claim.lease_token,
        reason,
    )
    .execute(tx.conn())
    .await?;
    held(done.rows_affected())
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}
