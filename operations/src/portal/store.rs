//! Every statement of the customers' view: only columns that customers are granted.

use surv_tenancy::{JobId, VisitId, db::TenantTx};

use super::{PortalJob, PortalPosition, PortalTechnician, PortalVisit};
use crate::{assignments::AssignmentState, jobs::JobState, visits::VisitState};

#[tracing::instrument(name = "db.portal.jobs", level = "debug", skip_all, err)]
pub async fn jobs(tx: &mut TenantTx, after: Option<PortalPosition>, rows: i64) -> sqlx::Result<Vec<PortalJob>> {
    sqlx::query_as!(
        PortalJob,
        r#"
        SELECT job_id AS "job_id: JobId", number, title, description, state AS "state: JobState", created_at
          FROM jobs
         WHERE (created_at, job_id) < (coalesce($1, 'infinity'::timestamptz),
                                       coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
         ORDER BY created_at DESC, job_id DESC
         LIMIT $3
        "#,
        after.map(|position| position.created_at),
        after.map(|position| position.job_id.0),
        rows,
    )
    .fetch_all(tx.conn())
    .await
}

#[tracing::instrument(name = "db.portal.job", level = "debug", skip_all, err)]
pub async fn job(tx: &mut TenantTx, job_id: JobId) -> sqlx::Result<Option<PortalJob>> {
    sqlx::query_as!(
        PortalJob,
        r#"
        SELECT job_id AS "job_id: JobId", number, title, description, state AS "state: JobState", created_at
          FROM jobs
         WHERE job_id = $1
        "#,
        job_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.portal.visits", level = "debug", skip_all, err)]
pub async fn visits(tx: &mut TenantTx, job_id: JobId) -> sqlx::Result<Vec<PortalVisit>> {
    let rows = sqlx::query!(
        r#"
        SELECT v.visit_id AS "visit_id: VisitId", v.state AS "state: VisitState", v.window_start, v.window_end,
               v.time_zone, a.technician_name AS "technician_name?", a.state AS "assignment_state?: AssignmentState"
          FROM visits v
          LEFT JOIN assignments a ON a.tenant_id = v.tenant_id AND a.visit_id = v.visit_id AND a.state <> 'released'
         WHERE v.job_id = $1
         ORDER BY v.window_start, v.visit_id, a.technician_name
         LIMIT 1000
        "#,
        job_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut visits: Vec<PortalVisit> = Vec::new();
    for row in rows {
        let technician = match (row.technician_name, row.assignment_state) {
            (Some(name), Some(state)) => Some(PortalTechnician { name, state }),
            _ => None,
        };
        match visits.last_mut() {
            Some(last) if last.visit_id == row.visit_id => last.technicians.extend(technician),
            _ => visits.push(PortalVisit {
                visit_id: row.visit_id,
                state: row.state,
                window_start: row.window_start,
                window_end: row.window_end,
                time_zone: row.time_zone,
                technicians: technician.into_iter().collect(),
            }),
        }
    }
    Ok(visits)
}
