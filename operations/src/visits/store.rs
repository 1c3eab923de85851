//! Every statement on visits except the schedule.

use chrono::{DateTime, Utc};
use surv_tenancy::{CustomerId, JobId, PropertyId, UserId, VisitId, db::TenantTx};

use super::visit::{Visit, VisitState};

#[tracing::instrument(name = "db.visits.find", level = "debug", skip_all, err)]
pub async fn find(tx: &mut TenantTx, visit_id: VisitId) -> sqlx::Result<Option<Visit>> {
    sqlx::query_as!(
        Visit,
        r#"
        SELECT visit_id AS "visit_id: VisitId", job_id AS "job_id: JobId", customer_id AS "customer_id: CustomerId",
               property_id AS "property_id: PropertyId", state AS "state: VisitState", starts_at, ends_at, window_start,
               window_end, time_zone, open_assignments, cancel_reason, created_at, updated_at, version
          FROM visits
         WHERE visit_id = $1
        "#,
        visit_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.visits.of_job", level = "debug", skip_all, err)]
pub async fn of_job(tx: &mut TenantTx, job_id: JobId) -> sqlx::Result<Vec<Visit>> {
    sqlx::query_as!(
        Visit,
        r#"
        SELECT visit_id AS "visit_id: VisitId", job_id AS "job_id: JobId", customer_id AS "customer_id: CustomerId",
               property_id AS "property_id: PropertyId", state AS "state: VisitState", starts_at, ends_at, window_start,
               window_end, time_zone, open_assignments, cancel_reason, created_at, updated_at, version
          FROM visits
         WHERE job_id = $1
         ORDER BY starts_at, visit_id
         LIMIT 1000
        "#,
        job_id.0,
    )
    .fetch_all(tx.conn())
    .await
}

#[tracing::instrument(name = "db.visits.time_zone_of", level = "debug", skip_all, err)]
pub async fn time_zone_of(tx: &mut TenantTx, property_id: PropertyId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("SELECT time_zone FROM properties WHERE property_id = $1", property_id.0)
        .fetch_optional(tx.conn())
        .await
}

#[tracing::instrument(name = "db.visits.any_done", level = "debug", skip_all, err)]
pub async fn any_done(tx: &mut TenantTx, job_id: JobId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM visits WHERE job_id = $1 AND state = 'completed') AS "done!""#,
        job_id.0,
    )
    .fetch_one(tx.conn())
    .await
}

/// Stores the visits of one job in one statement.
#[tracing::instrument(name = "db.visits.insert_all", level = "debug", skip_all, err)]
pub async fn insert_all(tx: &mut TenantTx, visits: &[Visit]) -> sqlx::Result<()> {
    let Some(first) = visits.first() else { return Ok(()) };
    let tenant_id = tx.actor().tenant_id;
    let ids: Vec<_> = visits.iter().map(|visit| visit.visit_id.0).collect();
    let starts: Vec<_> = visits.iter().map(|visit| visit.starts_at).collect();
    let ends: Vec<_> = visits.iter().map(|visit| visit.ends_at).collect();
    let window_starts: Vec<_> = visits.iter().map(|visit| visit.window_start).collect();
    let window_ends: Vec<_> = visits.iter().map(|visit| visit.window_end).collect();
    sqlx::query!(
        r#"
        INSERT INTO visits (tenant_id, job_id, customer_id, property_id, time_zone, created_at, updated_at,
                            visit_id, starts_at, ends_at, window_start, window_end)
        SELECT $1, $2, $3, $4, $5, $6, $6, v.*
          FROM unnest($7::uuid[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[]) AS v
        "#,
        tenant_id.0,
        first.job_id.0,
        first.customer_id.0,
        first.property_id.0,
        first.time_zone,
        first.created_at,
        &ids,
        &starts,
        &ends,
        &window_starts,
        &window_ends,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes times and state, unless somebody changed the visit since it was read.
#[tracing::instrument(name = "db.visits.update", level = "debug", skip_all, err)]
pub async fn update(tx: &mut TenantTx, visit: &Visit) -> sqlx::Result<Option<Visit>> {
    sqlx::query_as!(
        Visit,
        r#"
        UPDATE visits
           SET state = $3, starts_at = $4, ends_at = $5, window_start = $6, window_end = $7, open_assignments = $8,
               cancel_reason = $9, updated_at = $10, version = version + 1
         WHERE visit_id = $1
           AND version = $2
        RETURNING visit_id AS "visit_id: VisitId", job_id AS "job_id: JobId", customer_id AS "customer_id: CustomerId",
               property_id AS "property_id: PropertyId", state AS "state: VisitState", starts_at, ends_at, window_start,
               window_end, time_zone, open_assignments, cancel_reason, created_at, updated_at, version
        "#,
        visit.visit_id.0,
        visit.version,
        visit.state as VisitState,
        visit.starts_at,
        visit.ends_at,
        visit.window_start,
        visit.window_end,
        visit.open_assignments,
        visit.cancel_reason,
        visit.updated_at,
    )
    .fetch_optional(tx.conn())
    .await
}

/// What an assignment needs to know of its visit, locked; only columns that technicians have as well.
#[derive(Debug, Clone, Copy)]
pub struct LockedVisit {
    pub visit_id: VisitId,
    pub job_id: JobId,
    pub customer_id: CustomerId,
    pub property_id: PropertyId,
    pub state: VisitState,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub open_assignments: i32,
}

#[tracing::instrument(name = "db.visits.lock", level = "debug", skip_all, err)]
pub async fn lock(tx: &mut TenantTx, visit_id: VisitId) -> sqlx::Result<Option<LockedVisit>> {
    sqlx::query_as!(
        LockedVisit,
        r#"
        SELECT visit_id AS "visit_id: VisitId", job_id AS "job_id: JobId", customer_id AS "customer_id: CustomerId",
               property_id AS "property_id: PropertyId", state AS "state: VisitState", starts_at, ends_at,
               open_assignments
          FROM visits
         WHERE visit_id = $1
           FOR NO KEY UPDATE
        "#,
        visit_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Writes the state of a locked visit.
#[tracing::instrument(name = "db.visits.move_state", level = "debug", skip_all, err)]
pub async fn move_state(tx: &mut TenantTx, visit: LockedVisit, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE visits SET state = $2, open_assignments = $3, updated_at = $4, version = version + 1
          WHERE visit_id = $1",
        visit.visit_id.0,
        visit.state as VisitState,
        visit.open_assignments,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Releases whoever was still to work at a visit, and says who.
#[tracing::instrument(name = "db.visits.release_all", level = "debug", skip_all, err)]
pub async fn release_all(tx: &mut TenantTx, visit_id: VisitId) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"
        UPDATE assignments SET state = 'released', version = version + 1
         WHERE visit_id = $1 AND state NOT IN ('released', 'completed')
        RETURNING technician_id AS "technician_id: UserId"
        "#,
        visit_id.0,
    )
    .fetch_all(tx.conn())
    .await
}

/// Cancels a job's open visits and releases who was assigned.
#[tracing::instrument(name = "db.visits.cancel_all_of", level = "debug", skip_all, err)]
pub async fn cancel_all_of(tx: &mut TenantTx, now: DateTime<Utc>, job_id: JobId, reason: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE assignments SET state = 'released', version = version + 1
          WHERE job_id = $1 AND state NOT IN ('released', 'completed')",
        job_id.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE visits
            SET state = 'cancelled', cancel_reason = $2, open_assignments = 0, updated_at = $3, version = version + 1
          WHERE job_id = $1 AND state NOT IN ('completed', 'cancelled')",
        job_id.0,
        reason,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One transaction at a time commits a technician's hours, and all take turns in the same order. The exclusion constraint
/// alone would refuse the second of two as well, but can have each wait for the other first: a deadlock for an answer.
#[tracing::instrument(name = "db.visits.take_turns", level = "debug", skip_all, err)]
pub async fn take_turns(tx: &mut TenantTx, technicians: &[UserId]) -> sqlx::Result<()> {
    let tenant_id = tx.actor().tenant_id;
    let technician_ids: Vec<_> = technicians.iter().map(|id| id.0).collect();
    sqlx::query!(
        r#"
        SELECT pg_advisory_xact_lock(turn.key) AS "locked: ()"
          FROM (SELECT DISTINCT hashtextextended(concat($1::uuid, technician.id), 0) AS key
                  FROM unnest($2::uuid[]) AS technician (id)
                 ORDER BY 1) turn
        "#,
        tenant_id.0,
        &technician_ids,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// Whose hours a visit takes.
#[tracing::instrument(name = "db.visits.technicians", level = "debug", skip_all, err)]
pub async fn technicians(tx: &mut TenantTx, visit_id: VisitId) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"
        SELECT technician_id AS "technician_id: UserId" FROM assignments WHERE visit_id = $1 AND state <> 'released'
        "#,
        visit_id.0,
    )
    .fetch_all(tx.conn())
    .await
}
