//! `/v1/jobs`: work agreed with a customer, as the office sees it.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use surv_operations::{
    jobs::{self, Job, JobFilter, JobPatch, JobPosition, JobState, NewJob},
    visits,
};
use surv_tenancy::{Capability, CustomerId, JobId, PropertyId, token::Subject};
use uuid::Uuid;

use super::{
    Tag,
    visits::{VisitInput, VisitView},
};
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    etag::IfMatch,
    json::{Body, Created, Reply, Versioned},
    page::{Cursors, limit},
    problem::ApiResult,
};

const READ: (Capability, Subject) = (Capability::JobsRead, Subject::Jobs);
const WRITE: (Capability, Subject) = (Capability::JobsWrite, Subject::Jobs);

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "JobState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobStateView {
    Unscheduled,
    Scheduled,
    InProgress,
    Completed,
    Cancelled,
}

/// Work agreed with a customer.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Job", skip_serializing_if_is_none, example)]
pub struct JobView {
    pub id: Uuid,
    /// The company's own count, without gaps.
    pub number: i64,
    pub customer_id: Uuid,
    pub property_id: Uuid,
    pub title: String,
    pub description: String,
    /// Only the office sees these.
    pub office_notes: String,
    pub state: JobStateView,
    /// Visits neither done nor cancelled.
    pub open_visits: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    /// By time; on one job only, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visits: Option<Vec<VisitView>>,
}

/// A job to book.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct JobInput {
    pub customer_id: Uuid,
    pub property_id: Uuid,
    pub title: String,
    #[serde(default)]
    #[oai(default)]
    pub description: String,
    #[serde(default)]
    #[oai(default)]
    pub office_notes: String,
    /// At most 20.
    #[serde(default)]
    #[oai(default)]
    pub visits: Vec<VisitInput>,
}

/// The fields to change.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(rename = "JobPatch", skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct PatchJob {
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub office_notes: Option<String>,
}

/// Why something is cancelled.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// 1 to 500 characters; the customer sees it.
    pub reason: String,
}

/// A page of jobs.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct JobPage {
    pub items: Vec<JobView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct JobsApi(pub Door);

#[OpenApi(prefix_path = "/v1/jobs", tag = "Tag::Jobs")]
impl JobsApi {
    /// List jobs
    ///
    /// Newest first, without archived ones.
    #[oai(path = "/", method = "get", operation_id = "listJobs")]
    async fn list(
        &self,
        caller: Caller,
        /// Only in this state.
        state: Query<Option<JobStateView>>,
        /// Only of this customer.
        customer_id: Query<Option<Uuid>>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<JobPage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "jobs", &(state.0, customer_id.0));
        let at = cursors.read::<(DateTime<Utc>, Uuid)>(cursor.0.as_deref())?;
        let after = at.map(|(created_at, id)| JobPosition { created_at, job_id: JobId(id) });
        let filter = JobFilter { state: state.0.map(Into::into), customer_id: customer_id.0.map(CustomerId) };
        let page = jobs::list(&mut tx, filter, after, limit).await?;
        let next_cursor = page.next.map(|p| cursors.write(&(p.created_at, p.job_id.0)));
        Ok(Reply::plain(JobPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Book a job
    #[oai(path = "/", method = "post", operation_id = "createJob")]
    async fn create(&self, caller: Caller, key: IdempotencyKey, body: Body<JobInput>) -> ApiResult<Created<JobView>> {
        let mut once = match self.0.once(&caller, WRITE, key, "createJob", &body.0).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let (job, visits) = jobs::create(once.tx(), ids, now, body.0.into()).await?;
        once.versioned(JobView::with_visits(job, visits)).await
    }

    /// Read a job with its visits
    #[oai(path = "/:job_id", method = "get", operation_id = "getJob")]
    async fn get(&self, caller: Caller, job_id: Path<Uuid>) -> ApiResult<Reply<JobView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let job = jobs::get(&mut tx, JobId(job_id.0)).await?;
        let visits = visits::of_job(&mut tx, job.job_id).await?;
        Ok(Reply::versioned(JobView::with_visits(job, visits)))
    }

    /// Change a job
    #[oai(path = "/:job_id", method = "patch", operation_id = "updateJob")]
    async fn update(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        seen: IfMatch,
        body: Body<PatchJob>,
    ) -> ApiResult<Reply<JobView>> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let PatchJob { title, description, office_notes } = body.0;
        let patch = JobPatch { title, description, office_notes };
        let job = jobs::update(&mut tx, ids, now, JobId(job_id.0), seen.0, patch).await?;
        self.0.commit(tx).await?;
        Ok(Reply::versioned(job.into()))
    }

    /// Cancel a job
    ///
    /// Its open visits are cancelled with it, and whoever was assigned is free again.
    #[oai(path = "/:job_id/cancel", method = "post", operation_id = "cancelJob")]
    async fn cancel(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        seen: IfMatch,
        key: IdempotencyKey,
        body: Body<Cancellation>,
    ) -> ApiResult<Reply<JobView>> {
        let request = (job_id.0, seen.0, &body.0);
        let mut once = match self.0.once(&caller, WRITE, key, "cancelJob", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let job = jobs::cancel(once.tx(), ids, now, JobId(job_id.0), seen.0, &body.0.reason).await?;
        once.versioned(job.into()).await
    }

    /// Archive a job that is over
    #[oai(path = "/:job_id/archive", method = "post", operation_id = "archiveJob")]
    async fn archive(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        seen: IfMatch,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<JobView>> {
        let request = (job_id.0, seen.0);
        let mut once = match self.0.once(&caller, WRITE, key, "archiveJob", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let job = jobs::archive(once.tx(), ids, now, JobId(job_id.0), seen.0).await?;
        once.versioned(job.into()).await
    }
}

impl JobView {
    fn with_visits(job: Job, visits: Vec<visits::Visit>) -> Self {
        Self { visits: Some(visits.into_iter().map(Into::into).collect()), ..job.into() }
    }
}

impl Versioned for JobView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl From<JobInput> for NewJob {
    fn from(input: JobInput) -> Self {
        Self {
            customer_id: CustomerId(input.customer_id),
            property_id: PropertyId(input.property_id),
            title: input.title,
            description: input.description,
            office_notes: input.office_notes,
            visits: input.visits.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        Self {
            id: job.job_id.0,
            number: job.number,
            customer_id: job.customer_id.0,
            property_id: job.property_id.0,
            title: job.title,
            description: job.description,
            office_notes: job.office_notes,
            state: job.state.into(),
            open_visits: job.open_visits,
            cancel_reason: job.cancel_reason,
            archived_at: job.archived_at,
            created_at: job.created_at,
            updated_at: job.updated_at,
            version: job.version,
            visits: None,
        }
    }
}

impl From<JobState> for JobStateView {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Unscheduled => Self::Unscheduled,
            JobState::Scheduled => Self::Scheduled,
            JobState::InProgress => Self::InProgress,
            JobState::Completed => Self::Completed,
            JobState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<JobStateView> for JobState {
    fn from(state: JobStateView) -> Self {
        match state {
            JobStateView::Unscheduled => Self::Unscheduled,
            JobStateView::Scheduled => Self::Scheduled,
            JobStateView::InProgress => Self::InProgress,
            JobStateView::Completed => Self::Completed,
            JobStateView::Cancelled => Self::Cancelled,
        }
    }
}
