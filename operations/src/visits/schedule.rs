//! The dispatcher's view: visits of a span of time with who is on them, in one statement.

use chrono::{DateTime, TimeDelta, Utc};
use surv_tenancy::{
    CustomerId, FieldErrors, JobId, UserId, VisitId,
    db::TenantTx,
    page::{Page, rows_for},
};

use super::{VisitError, visit::VisitState};
use crate::assignments::AssignmentState;

/// Which visits a schedule shows.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleFilter {
    pub from: DateTime<Utc>,
    /// At most 62 days after `from`.
    pub to: DateTime<Utc>,
    pub technician_id: Option<UserId>,
}

/// Where a schedule goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchedulePosition {
    pub starts_at: DateTime<Utc>,
    pub visit_id: VisitId,
}

/// A visit as a board shows it.
#[derive(Debug, Clone)]
pub struct ScheduledVisit {
    pub visit_id: VisitId,
    pub job_id: JobId,
    pub job_number: i64,
    pub title: String,
    pub customer_id: CustomerId,
    pub customer_name: String,
    pub city: String,
    pub state: VisitState,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub window_start: DateTime<Utc>,
    pub window_end: DateTime<Utc>,
    pub time_zone: String,
    pub version: i32,
    pub assignments: Vec<ScheduledAssignment>,
}

/// A technician on a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledAssignment {
    pub technician_id: UserId,
    pub technician_name: String,
    pub state: AssignmentState,
}

/// Visits that begin in the span, by time.
///
/// # Errors
/// [`VisitError::Invalid`] for a span that is empty or too long.
pub async fn schedule(
    tx: &mut TenantTx,
    filter: ScheduleFilter,
    after: Option<SchedulePosition>,
    limit: usize,
) -> Result<Page<ScheduledVisit, SchedulePosition>, VisitError> {
    let mut errors = FieldErrors::new();
    if filter.to <= filter.from || filter.to - filter.from > TimeDelta::days(62) {
        errors.add("to", "is after from, by at most 62 days");
    }
    errors.into_result()?;
    let visits = visits_with_assignments(tx, filter, after, rows_for(limit)).await?;
    Ok(Page::cut(visits, limit, |visit| SchedulePosition { starts_at: visit.starts_at, visit_id: visit.visit_id }))
}

#[tracing::instrument(name = "db.visits.schedule", level = "debug", skip_all, err)]
async fn visits_with_assignments(
    tx: &mut TenantTx,
    filter: ScheduleFilter,
    after: Option<SchedulePosition>,
    rows: i64,
) -> sqlx::Result<Vec<ScheduledVisit>> {
    let after = after.unwrap_or(SchedulePosition { starts_at: filter.from, visit_id: uuid::Uuid::nil().into() });
    let found = sqlx::query!(
        r#"
        SELECT v.visit_id AS "visit_id: VisitId", v.job_id AS "job_id: JobId", j.number, j.title,
               v.customer_id AS "customer_id: CustomerId", c.name AS customer_name, p.city,
               v.state AS "state: VisitState", v.starts_at, v.ends_at, v.window_start, v.window_end, v.time_zone,
               v.version, a.technician_id AS "technician_id?: UserId", a.technician_name AS "technician_name?",
               a.state AS "assignment_state?: AssignmentState"
          FROM (SELECT * FROM visits
                 WHERE starts_at >= $1 AND starts_at < $2
                   AND (starts_at, visit_id) > ($3, $4)
                   AND ($5::uuid IS NULL
                        OR EXISTS (SELECT FROM assignments x
                                    WHERE x.tenant_id = visits.tenant_id AND x.visit_id = visits.visit_id
                                      AND x.technician_id = $5 AND x.state <> 'released' OFFSET 0))
                 ORDER BY starts_at, visit_id
                 LIMIT $6) v
          JOIN jobs j ON j.tenant_id = v.tenant_id AND j.job_id = v.job_id
          JOIN customers c ON c.tenant_id = v.tenant_id AND c.customer_id = v.customer_id
          JOIN properties p ON p.tenant_id = v.tenant_id AND p.property_id = v.property_id
          LEFT JOIN assignments a
            ON a.tenant_id = v.tenant_id AND a.visit_id = v.visit_id AND a.state <> 'released'
         ORDER BY v.starts_at, v.visit_id, a.technician_name
        "#,
        filter.from,
        filter.to,
        after.starts_at,
        after.visit_id.0,
        filter.technician_id.map(|id| id.0),
        rows,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut visits: Vec<ScheduledVisit> = Vec::new();
    for row in found {
        let assignment = match (row.technician_id, row.technician_name, row.assignment_state) {
            (Some(technician_id), Some(technician_name), Some(state)) => {
                Some(ScheduledAssignment { technician_id, technician_name, state })
            }
            _ => None,
        };
        match visits.last_mut() {
            Some(last) if last.visit_id == row.visit_id => last.assignments.extend(assignment),
            _ => visits.push(ScheduledVisit {
                visit_id: row.visit_id,
                job_id: row.job_id,
                job_number: row.number,
                title: row.title,
                customer_id: row.customer_id,
                customer_name: row.customer_name,
                city: row.city,
                state: row.state,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
                window_start: row.window_start,
                window_end: row.window_end,
                time_zone: row.time_zone,
                version: row.version,
                assignments: assignment.into_iter().collect(),
            }),
        }
    }
    Ok(visits)
}
