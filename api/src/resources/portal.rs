//! `/v1/portal`: a customer's own view, by log-in or by link.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use surv_operations::portal::{self, PortalJob, PortalPosition, PortalVisit};
use surv_tenancy::{Capability, JobId, token::Subject};
use uuid::Uuid;

use super::{
    Tag,
    jobs::JobStateView,
    visits::{AssignmentStateView, VisitStateView},
};
use crate::{
    caller::Caller,
    door::Door,
    json::Reply,
    page::{Cursors, limit},
    problem::{ApiResult, Problem, ProblemKind},
};

/// A job as its customer sees it.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "PortalJob", skip_serializing_if_is_none, example)]
pub struct PortalJobView {
    pub id: Uuid,
    pub number: i64,
    pub title: String,
    pub description: String,
    pub state: JobStateView,
    pub created_at: DateTime<Utc>,
    /// By time; on one job only, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visits: Option<Vec<PortalVisitView>>,
}

/// A visit as its customer sees it.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "PortalVisit", example)]
pub struct PortalVisitView {
    pub id: Uuid,
    pub state: VisitStateView,
    /// When to expect somebody.
    pub window_start: DateTime<Utc>,
    pub window_end: DateTime<Utc>,
    pub time_zone: String,
    pub technicians: Vec<PortalTechnicianView>,
}

/// Somebody who comes.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "PortalTechnician", example)]
pub struct PortalTechnicianView {
    pub name: String,
    pub state: AssignmentStateView,
}

/// A page of own jobs.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct PortalJobPage {
    pub items: Vec<PortalJobView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct PortalApi(pub Door);

#[OpenApi(prefix_path = "/v1/portal/jobs", tag = "Tag::Portal")]
impl PortalApi {
    /// List own jobs
    #[oai(path = "/", method = "get", operation_id = "listPortalJobs")]
    async fn list(
        &self,
        caller: Caller,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<PortalJobPage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, Capability::PortalRead, Subject::Jobs).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "portal", &());
        let at = cursors.read::<(DateTime<Utc>, Uuid)>(cursor.0.as_deref())?;
        let after = at.map(|(created_at, id)| PortalPosition { created_at, job_id: JobId(id) });
        let page = portal::jobs(&mut tx, after, limit).await?;
        let next_cursor = page.next.map(|p| cursors.write(&(p.created_at, p.job_id.0)));
        Ok(Reply::plain(PortalJobPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Read an own job with its visits
    #[oai(path = "/:job_id", method = "get", operation_id = "getPortalJob")]
    async fn get(&self, caller: Caller, job_id: Path<Uuid>) -> ApiResult<Reply<PortalJobView>> {
        let mut tx = self.0.read(&caller, Capability::PortalRead, Subject::Jobs).await?;
        let found = portal::job(&mut tx, JobId(job_id.0)).await?;
        let (job, visits) = found.ok_or(Problem::new(ProblemKind::NotFound))?;
        let visits = Some(visits.into_iter().map(Into::into).collect());
        Ok(Reply::plain(PortalJobView { visits, ..job.into() }))
    }
}

impl From<PortalJob> for PortalJobView {
    fn from(job: PortalJob) -> Self {
        Self {
            id: job.job_id.0,
            number: job.number,
            title: job.title,
            description: job.description,
            state: job.state.into(),
            created_at: job.created_at,
            visits: None,
        }
    }
}

impl From<PortalVisit> for PortalVisitView {
    fn from(visit: PortalVisit) -> Self {
        let technicians = visit.technicians.into_iter();
        Self {
            id: visit.visit_id.0,
            state: visit.state.into(),
            window_start: visit.window_start,
            window_end: visit.window_end,
            time_zone: visit.time_zone,
            technicians: technicians
                .map(|technician| PortalTechnicianView { name: technician.name, state: technician.state.into() })
                .collect(),
        }
    }
}
