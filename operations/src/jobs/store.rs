//! Every statement on jobs.

use chrono::{DateTime, Utc};
use surv_tenancy::{CustomerId, JobId, PropertyId, VisitId, db::TenantTx};

use super::{
    JobFilter, LockedJob,
    job::{Job, JobState},
};

/// Where a list of jobs goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobPosition {
    pub created_at: DateTime<Utc>,
    pub job_id: JobId,
}

/// The zone of an active property of the customer.
#[tracing::instrument(name = "db.jobs.time_zone_of_place", level = "debug", skip_all, err)]
pub async fn time_zone_of_place(
    tx: &mut TenantTx,
    customer_id: CustomerId,
    property_id: PropertyId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "SELECT time_zone FROM properties WHERE property_id = $1 AND customer_id = $2 AND state = 'active'",
        property_id.0,
        customer_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Draws the next number; whoever draws at the same time waits, so there are no gaps.
#[tracing::instrument(name = "db.jobs.next_number", level = "debug", skip_all, err)]
pub async fn next_number(tx: &mut TenantTx) -> sqlx::Result<i64> {
    let tenant_id = tx.actor().tenant_id;
    sqlx::query_scalar!(
        "INSERT INTO counters (tenant_id, series, last_value) VALUES ($1, 'job', 1)
         ON CONFLICT (tenant_id, series) DO UPDATE SET last_value = counters.last_value + 1
         RETURNING last_value",
        tenant_id.0,
    )
    .fetch_one(tx.conn())
    .await
}

#[tracing::instrument(name = "db.jobs.find", level = "debug", skip_all, err)]
pub async fn find(tx: &mut TenantTx, job_id: JobId) -> sqlx::Result<Option<Job>> {
    sqlx::query_as!(
        Job,
        r#"
        SELECT job_id AS "job_id: JobId", number, customer_id AS "customer_id: CustomerId",
               property_id AS "property_id: PropertyId", title, description, office_notes, state AS "state: JobState",
               open_visits, cancel_reason, archived_at, created_at, updated_at, version
          FROM jobs
         WHERE job_id = $1
        "#,
        job_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// The same list with other conditions: each has its index, which one statement for all of them would not use, because
/// plans are generic (rls-policies/roles.sql).
macro_rules! list_where {
    ($tx:expr, $after:expr, $rows:expr, $condition:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Job,
            r#"
            SELECT job_id AS "job_id: JobId", number, customer_id AS "customer_id: CustomerId",
                   property_id AS "property_id: PropertyId", title, description, office_notes,
                   state AS "state: JobState", open_visits, cancel_reason, archived_at, created_at, updated_at, version
              FROM jobs
             WHERE (created_at, job_id) < (coalesce($1, 'infinity'::timestamptz),
                                           coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
               AND archived_at IS NULL
            "# + $condition + " ORDER BY created_at DESC, job_id DESC LIMIT $3",
            $after.map(|position| position.created_at),
            $after.map(|position| position.job_id.0),
            $rows,
            $($argument,)*
        )
        .fetch_all($tx.conn())
        .await
    };
}

#[tracing::instrument(name = "db.jobs.list", level = "debug", skip_all, err)]
pub async fn list(
    tx: &mut TenantTx,
    filter: JobFilter,
    after: Option<JobPosition>,
    rows: i64,
) -> sqlx::Result<Vec<Job>> {
    match (filter.state, filter.customer_id) {
        (None, None) => list_where!(tx, after, rows, ""),
        (Some(state), None) => list_where!(tx, after, rows, "AND state = $4", state.as_str()),
        (None, Some(customer)) => list_where!(tx, after, rows, "AND customer_id = $4", customer.0),
        (Some(state), Some(customer)) => {
            list_where!(tx, after, rows, "AND state = $4 AND customer_id = $5", state.as_str(), customer.0)
        }
    }
}

#[tracing::instrument(name = "db.jobs.insert", level = "debug", skip_all, err)]
pub async fn insert(tx: &mut TenantTx, job: &Job) -> sqlx::Result<()> {
    let tenant_id = tx.actor().tenant_id;
    sqlx::query!(
        r#"
        INSERT INTO jobs (tenant_id, job_id, number, customer_id, property_id, title, description, office_notes, state,
                          open_visits, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
        "#,
        tenant_id.0,
        job.job_id.0,
        job.number,
        job.customer_id.0,
        job.property_id.0,
        job.title,
        job.description,
        job.office_notes,
        job.state as JobState,
        job.open_visits,
        job.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes all fields, unless somebody changed the job since it was read.
#[tracing::instrument(name = "db.jobs.update", level = "debug", skip_all, err)]
pub async fn update(tx: &mut TenantTx, job: &Job) -> sqlx::Result<Option<Job>> {
    sqlx::query_as!(
        Job,
        r#"
        UPDATE jobs
           SET title = $3, description = $4, office_notes = $5, state = $6, open_visits = $7, cancel_reason = $8,
               archived_at = $9, updated_at = $10, version = version + 1
         WHERE job_id = $1
           AND version = $2
        RETURNING job_id AS "job_id: JobId", number, customer_id AS "customer_id: CustomerId",
               property_id AS "property_id: PropertyId", title, description, office_notes, state AS "state: JobState",
               open_visits, cancel_reason, archived_at, created_at, updated_at, version
        "#,
        job.job_id.0,
        job.version,
        job.title,
        job.description,
        job.office_notes,
        job.state as JobState,
        job.open_visits,
        job.cancel_reason,
        job.archived_at,
        job.updated_at,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Makes whoever else wants to change the job or its visits wait.
#[tracing::instrument(name = "db.jobs.lock_row", level = "debug", skip_all, err)]
pub async fn lock_row(tx: &mut TenantTx, job_id: JobId) -> sqlx::Result<()> {
    sqlx::query_scalar!("SELECT job_id FROM jobs WHERE job_id = $1 FOR NO KEY UPDATE", job_id.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(())
}

/// Locks a job and reads what its visits need; only columns that technicians have as well.
#[tracing::instrument(name = "db.jobs.lock", level = "debug", skip_all, err)]
pub async fn lock(tx: &mut TenantTx, job_id: JobId) -> sqlx::Result<Option<LockedJob>> {
    sqlx::query_as!(
        LockedJob,
        r#"
        SELECT job_id AS "job_id: JobId", customer_id AS "customer_id: CustomerId",
               property_id AS "property_id: PropertyId", state AS "state: JobState", open_visits
          FROM jobs
         WHERE job_id = $1
           FOR NO KEY UPDATE
        "#,
        job_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.jobs.job_of_visit", level = "debug", skip_all, err)]
pub async fn job_of_visit(tx: &mut TenantTx, visit_id: VisitId) -> sqlx::Result<Option<JobId>> {
    sqlx::query_scalar!(r#"SELECT job_id AS "job_id: JobId" FROM visits WHERE visit_id = $1"#, visit_id.0)
        .fetch_optional(tx.conn())
        .await
}

/// Writes the state of a locked job that gets a visit: it is not archived any more. For the office.
#[tracing::instrument(name = "db.jobs.take_up", level = "debug", skip_all, err)]
pub async fn take_up(tx: &mut TenantTx, job: LockedJob, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE jobs SET state = $2, open_visits = $3, archived_at = NULL, updated_at = $4, version = version + 1
          WHERE job_id = $1",
        job.job_id.0,
        job.state as JobState,
        job.open_visits,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes the state of a locked job.
#[tracing::instrument(name = "db.jobs.move_state", level = "debug", skip_all, err)]
pub async fn move_state(tx: &mut TenantTx, job: LockedJob, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE jobs SET state = $2, open_visits = $3, updated_at = $4, version = version + 1 WHERE job_id = $1",
        job.job_id.0,
        job.state as JobState,
        job.open_visits,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
