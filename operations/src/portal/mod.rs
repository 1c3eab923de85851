//! A customer's own view: the promise and how far somebody is with it, never the plan behind it.

mod store;

use chrono::{DateTime, Utc};
use surv_tenancy::{
    JobId, VisitId,
    db::TenantTx,
    page::{Page, rows_for},
};

use crate::{assignments::AssignmentState, jobs::JobState, visits::VisitState};

/// A job as its customer sees it.
#[derive(Debug, Clone)]
pub struct PortalJob {
    pub job_id: JobId,
    pub number: i64,
    pub title: String,
    pub description: String,
    pub state: JobState,
    pub created_at: DateTime<Utc>,
}

/// A visit as its customer sees it.
#[derive(Debug, Clone)]
pub struct PortalVisit {
    pub visit_id: VisitId,
    pub state: VisitState,
    pub window_start: DateTime<Utc>,
    pub window_end: DateTime<Utc>,
    pub time_zone: String,
    /// Who comes, and how far they are.
    pub technicians: Vec<PortalTechnician>,
}

/// Somebody who comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalTechnician {
    pub name: String,
    pub state: AssignmentState,
}

/// Where a list of jobs goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortalPosition {
    pub created_at: DateTime<Utc>,
    pub job_id: JobId,
}

/// The caller's jobs, newest first.
///
/// # Errors
/// The database's own.
pub async fn jobs(
    tx: &mut TenantTx,
    after: Option<PortalPosition>,
    limit: usize,
) -> sqlx::Result<Page<PortalJob, PortalPosition>> {
    let rows = store::jobs(tx, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |job| PortalPosition { created_at: job.created_at, job_id: job.job_id }))
}

/// One job and its visits; `None` when there is none for the caller.
///
/// # Errors
/// The database's own.
pub async fn job(tx: &mut TenantTx, job_id: JobId) -> sqlx::Result<Option<(PortalJob, Vec<PortalVisit>)>> {
    let Some(job) = store::job(tx, job_id).await? else { return Ok(None) };
    Ok(Some((job, store::visits(tx, job_id).await?)))
}
