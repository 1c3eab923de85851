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

/// Whether a job can be booked at this place.
pub struct Place {
    pub customer_exists: bool,
    /// Of the property; none if the customer has no such property.
    pub time_zone: Option<String>,
}

#[tracing::instrument(name = "db.jobs.place", level = "debug", skip_all, err)]
pub async fn place(tx: &mut TenantTx, customer_id: CustomerId, property_id: PropertyId) -> sqlx::Result<Place> {
    sqlx::query_as!(
        Place,
        r#"
        SELECT EXISTS (SELECT FROM customers WHERE customer_id = $1 AND state = 'active') AS "customer_exists!",
               (SELECT time_zone FROM properties
                 WHERE property_id = $2 AND customer_id = $1 AND state = 'active') AS time_zone
        "#,
        customer_id.0,
        property_id.0,
    )
    .fetch_one(tx.conn())
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

#[tracing::instrument(name = "db.jobs.list", level = "debug", skip_all, err)]
pub async fn list(
    tx: &mut TenantTx,
    filter: JobFilter,
    after: Option<JobPosition>,
    rows: i64,
) -> sqlx::Result<Vec<Job>> {
    sqlx::query_as!(
        Job,
        r#"
        SELECT job_id AS "job_id: JobId", number, customer_id AS "customer_id: CustomerId",
               property_id AS "property_id: PropertyId", title, description, office_notes, state AS "state: JobState",
               open_visits, cancel_reason, archived_at, created_at, updated_at, version
          FROM jobs
         WHERE ($1::text IS NULL OR state = $1)
           AND ($2::uuid IS NULL OR customer_id = $2)
           AND archived_at IS NULL
           AND (created_at, job_id) < (coalesce($3, 'infinity'::timestamptz),
                                       coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
         ORDER BY created_at DESC, job_id DESC
         LIMIT $5
        "#,
        filter.state.map(JobState::as_str),
        filter.customer_id.map(|id| id.0),
        after.map(|position| position.created_at),
        after.map(|position| position.job_id.0),
        rows,
    )
    .fetch_all(tx.conn())
    .await
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
