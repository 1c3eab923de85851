//! A technician's own visits, driven from assignments: a scan of visits would probe every visit of the company.

use chrono::{DateTime, Utc};
use surv_tenancy::{
    JobId, VisitId,
    db::TenantTx,
    page::{Page, rows_for},
};

use super::assignment::AssignmentState;
use crate::visits::{VisitError, VisitState};

/// A visit as the technician on it sees it. A token that is confined to the job sees neither the customer nor the place:
/// their fields are then empty.
#[derive(Debug, Clone)]
pub struct MyVisit {
    pub visit_id: VisitId,
    pub job_id: JobId,
    pub job_number: i64,
    pub title: String,
    pub description: String,
    /// Of the caller's own assignment.
    pub state: AssignmentState,
    pub visit_state: VisitState,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub window_start: DateTime<Utc>,
    pub window_end: DateTime<Utc>,
    pub time_zone: String,
    pub customer_name: String,
    pub customer_phone: Option<String>,
    pub street: String,
    pub city: String,
    pub postal_code: String,
    pub country: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub access_notes: String,
    pub on_the_way_at: Option<DateTime<Utc>>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// Where the list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinePosition {
    pub starts_at: DateTime<Utc>,
    pub visit_id: VisitId,
}

/// The caller's visits that begin in a span, by time.
///
/// # Errors
/// The database's own.
#[tracing::instrument(name = "db.assignments.list_mine", level = "debug", skip_all)]
pub async fn list_mine(
    tx: &mut TenantTx,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    after: Option<MinePosition>,
    limit: usize,
) -> Result<Page<MyVisit, MinePosition>, VisitError> {
    let technician_id = tx.actor().user_id().map(|id| id.0).unwrap_or_default();
    let after = after.unwrap_or(MinePosition { starts_at: from, visit_id: uuid::Uuid::nil().into() });
    let rows = sqlx::query_as!(
        MyVisit,
        r#"
        SELECT a.visit_id AS "visit_id: VisitId", a.job_id AS "job_id: JobId", j.number AS job_number, j.title,
               j.description, a.state AS "state: AssignmentState", v.state AS "visit_state: VisitState", a.starts_at,
               a.ends_at, v.window_start, v.window_end, v.time_zone, coalesce(c.name, '') AS "customer_name!",
               c.phone AS "customer_phone?", coalesce(p.street, '') AS "street!", coalesce(p.city, '') AS "city!",
               coalesce(p.postal_code, '') AS "postal_code!", coalesce(p.country, '') AS "country!",
               p.latitude AS "latitude?", p.longitude AS "longitude?",
               coalesce(p.access_notes, '') AS "access_notes!", a.on_the_way_at, a.arrived_at, a.completed_at, a.version
          FROM assignments a
          JOIN visits v ON v.tenant_id = a.tenant_id AND v.visit_id = a.visit_id
          JOIN jobs j ON j.tenant_id = a.tenant_id AND j.job_id = a.job_id
          LEFT JOIN customers c ON c.tenant_id = a.tenant_id AND c.customer_id = a.customer_id
          LEFT JOIN properties p ON p.tenant_id = a.tenant_id AND p.property_id = a.property_id
         WHERE a.technician_id = $1
           AND a.starts_at >= $2 AND a.starts_at < $3
           AND (a.starts_at, a.visit_id) > ($4, $5)
           AND a.state <> 'released'
         ORDER BY a.starts_at, a.visit_id
         LIMIT $6
        "#,
        technician_id,
        from,
        to,
        after.starts_at,
        after.visit_id.0,
        rows_for(limit),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Page::cut(rows, limit, |visit| MinePosition { starts_at: visit.starts_at, visit_id: visit.visit_id }))
}

/// One of the caller's visits.
///
/// # Errors
/// [`VisitError::NotFound`] when the caller is not on it.
#[tracing::instrument(name = "db.assignments.get_mine", level = "debug", skip_all)]
pub async fn get_mine(tx: &mut TenantTx, visit_id: VisitId) -> Result<MyVisit, VisitError> {
    let technician_id = tx.actor().user_id().map(|id| id.0).unwrap_or_default();
    sqlx::query_as!(
        MyVisit,
        r#"
        SELECT a.visit_id AS "visit_id: VisitId", a.job_id AS "job_id: JobId", j.number AS job_number, j.title,
               j.description, a.state AS "state: AssignmentState", v.state AS "visit_state: VisitState", a.starts_at,
               a.ends_at, v.window_start, v.window_end, v.time_zone, coalesce(c.name, '') AS "customer_name!",
               c.phone AS "customer_phone?", coalesce(p.street, '') AS "street!", coalesce(p.city, '') AS "city!",
               coalesce(p.postal_code, '') AS "postal_code!", coalesce(p.country, '') AS "country!",
               p.latitude AS "latitude?", p.longitude AS "longitude?",
               coalesce(p.access_notes, '') AS "access_notes!", a.on_the_way_at, a.arrived_at, a.completed_at, a.version
          FROM assignments a
          JOIN visits v ON v.tenant_id = a.tenant_id AND v.visit_id = a.visit_id
          JOIN jobs j ON j.tenant_id = a.tenant_id AND j.job_id = a.job_id
          LEFT JOIN customers c ON c.tenant_id = a.tenant_id AND c.customer_id = a.customer_id
          LEFT JOIN properties p ON p.tenant_id = a.tenant_id AND p.property_id = a.property_id
         WHERE a.technician_id = $1 AND a.visit_id = $2 AND a.state <> 'released'
        "#,
        technician_id,
        visit_id.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(VisitError::NotFound)
}
