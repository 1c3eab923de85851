//! Every statement on assignments, except a technician's own view of a visit.

use chrono::{DateTime, Utc};
use surv_tenancy::{JobId, UserId, VisitId, db::TenantTx};

use super::assignment::{Assignment, AssignmentState, Step};
use crate::visits::{LockedVisit, RestOfVisit};

/// The name of an active technician.
#[tracing::instrument(name = "db.assignments.technician_name", level = "debug", skip_all, err)]
pub async fn technician_name(tx: &mut TenantTx, technician_id: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "SELECT name FROM members WHERE user_id = $1 AND role = 'technician' AND state = 'active'",
        technician_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.assignments.find", level = "debug", skip_all, err)]
pub async fn find(tx: &mut TenantTx, visit_id: VisitId, technician_id: UserId) -> sqlx::Result<Option<Assignment>> {
    sqlx::query_as!(
        Assignment,
        r#"
        SELECT visit_id AS "visit_id: VisitId", technician_id AS "technician_id: UserId", technician_name,
               job_id AS "job_id: JobId", state AS "state: AssignmentState", starts_at, ends_at, on_the_way_at,
               arrived_at, completed_at, version
          FROM assignments
         WHERE visit_id = $1 AND technician_id = $2
        "#,
        visit_id.0,
        technician_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.assignments.lock_state", level = "debug", skip_all, err)]
pub async fn lock_state(
    tx: &mut TenantTx,
    visit_id: VisitId,
    technician_id: UserId,
) -> sqlx::Result<Option<AssignmentState>> {
    sqlx::query_scalar!(
        r#"
        SELECT state AS "state: AssignmentState"
          FROM assignments
         WHERE visit_id = $1 AND technician_id = $2
           FOR NO KEY UPDATE
        "#,
        visit_id.0,
        technician_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// A new assignment, or a released one begun again.
#[tracing::instrument(name = "db.assignments.upsert", level = "debug", skip_all, err)]
pub async fn upsert(
    tx: &mut TenantTx,
    visit: &LockedVisit,
    technician_id: UserId,
    name: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let tenant_id = tx.actor().tenant_id;
    sqlx::query!(
        r#"
        INSERT INTO assignments (tenant_id, visit_id, technician_id, technician_name, job_id, customer_id, property_id,
                                 starts_at, ends_at, assigned_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (tenant_id, visit_id, technician_id) DO UPDATE
           SET state = 'assigned', technician_name = $4, on_the_way_at = NULL, arrived_at = NULL, completed_at = NULL,
               version = assignments.version + 1
        "#,
        tenant_id.0,
        visit.visit_id.0,
        technician_id.0,
        name,
        visit.job_id.0,
        visit.customer_id.0,
        visit.property_id.0,
        visit.starts_at,
        visit.ends_at,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(name = "db.assignments.release", level = "debug", skip_all, err)]
pub async fn release(tx: &mut TenantTx, visit_id: VisitId, technician_id: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE assignments SET state = 'released', version = version + 1 WHERE visit_id = $1 AND technician_id = $2",
        visit_id.0,
        technician_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How far those are who are on a locked visit. For the office: others see only themselves.
#[tracing::instrument(name = "db.assignments.rest_of_visit", level = "debug", skip_all, err)]
pub async fn rest_of_visit(tx: &mut TenantTx, visit_id: VisitId) -> sqlx::Result<RestOfVisit> {
    let rest = sqlx::query!(
        r#"
        SELECT count(*) FILTER (WHERE state = 'assigned') AS "waiting!",
               count(*) FILTER (WHERE state = 'on_the_way') AS "on_the_way!",
               count(*) FILTER (WHERE state = 'arrived') AS "at_work!",
               count(*) FILTER (WHERE state = 'completed') AS "done!"
          FROM assignments
         WHERE visit_id = $1
        "#,
        visit_id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(RestOfVisit::of(rest.waiting, rest.on_the_way, rest.at_work, rest.done))
}

/// Writes the step and when it was taken.
#[tracing::instrument(name = "db.assignments.take_step", level = "debug", skip_all, err)]
pub async fn take_step(
    tx: &mut TenantTx,
    visit_id: VisitId,
    technician_id: UserId,
    step: Step,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE assignments
           SET state = $3,
               on_the_way_at = CASE WHEN $3 = 'on_the_way' THEN $4 ELSE on_the_way_at END,
               arrived_at = CASE WHEN $3 = 'arrived' THEN $4 ELSE arrived_at END,
               completed_at = CASE WHEN $3 = 'completed' THEN $4 ELSE completed_at END,
               version = version + 1
         WHERE visit_id = $1 AND technician_id = $2
        "#,
        visit_id.0,
        technician_id.0,
        step.target() as AssignmentState,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
