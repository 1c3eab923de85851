//! `/v1/visits` and their assignments, as the office sees them.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use surv_operations::{
    assignments::{self, Assignment, AssignmentState},
    visits::{self, NewVisit, ScheduleFilter, SchedulePosition, ScheduledVisit, Visit, VisitState},
};
use surv_tenancy::{Capability, JobId, UserId, VisitId, token::Subject};
use uuid::Uuid;

use super::{Tag, jobs::Cancellation};
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    etag::IfMatch,
    json::{Body, Created, Empty, Reply, Versioned},
    page::{Cursors, limit},
    problem::ApiResult,
};

const READ: (Capability, Subject) = (Capability::JobsRead, Subject::Visits);
const WRITE: (Capability, Subject) = (Capability::JobsWrite, Subject::Visits);
const ASSIGN: (Capability, Subject) = (Capability::JobsWrite, Subject::Assignments);

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "VisitState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum VisitStateView {
    Scheduled,
    OnTheWay,
    InProgress,
    Completed,
    Cancelled,
}

/// How far a technician is with a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "AssignmentState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStateView {
    Assigned,
    OnTheWay,
    Arrived,
    Completed,
    Released,
}

/// When a visit is to be.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct VisitInput {
    pub starts_at: DateTime<Utc>,
    /// At most 24 hours after the start.
    pub ends_at: DateTime<Utc>,
    /// What the customer is promised; the plan itself unless given.
    #[serde(default)]
    pub window_start: Option<DateTime<Utc>>,
    #[serde(default)]
    pub window_end: Option<DateTime<Utc>>,
}

/// A dated slot of a job.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Visit", skip_serializing_if_is_none, example)]
pub struct VisitView {
    pub id: Uuid,
    pub job_id: Uuid,
    pub customer_id: Uuid,
    pub property_id: Uuid,
    pub state: VisitStateView,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// What the customer was promised.
    pub window_start: DateTime<Utc>,
    pub window_end: DateTime<Utc>,
    /// IANA zone of the property.
    pub time_zone: String,
    /// Technicians who aren't done.
    pub open_assignments: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    pub version: i32,
}

/// A technician on a visit.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Assignment", skip_serializing_if_is_none, example)]
pub struct AssignmentView {
    pub technician_id: Uuid,
    pub technician_name: String,
    pub state: AssignmentStateView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_the_way_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
}

/// A visit as the schedule board shows it.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct ScheduledVisitView {
    pub id: Uuid,
    pub job_id: Uuid,
    pub job_number: i64,
    pub title: String,
    pub customer_id: Uuid,
    pub customer_name: String,
    pub city: String,
    pub state: VisitStateView,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub window_start: DateTime<Utc>,
    pub window_end: DateTime<Utc>,
    pub time_zone: String,
    pub version: i32,
    pub assignments: Vec<AssignmentView>,
}

/// A page of the schedule.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct SchedulePage {
    pub items: Vec<ScheduledVisitView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Whom to assign.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct AssignmentInput {
    pub technician_id: Uuid,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct VisitsApi(pub Door);

#[OpenApi(prefix_path = "/v1", tag = "Tag::Visits")]
impl VisitsApi {
    /// The schedule
    ///
    /// Visits that begin in a span of at most 62 days, by time, with who is on them.
    #[oai(path = "/visits", method = "get", operation_id = "listVisits")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        caller: Caller,
        /// From this instant on.
        from: Query<DateTime<Utc>>,
        /// Before this instant.
        to: Query<DateTime<Utc>>,
        /// Only with this technician.
        technician_id: Query<Option<Uuid>>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<SchedulePage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let filter = ScheduleFilter { from: from.0, to: to.0, technician_id: technician_id.0.map(UserId) };
        let context = (filter.from, filter.to, technician_id.0);
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "visits", &context);
        let at = cursors.read::<(DateTime<Utc>, Uuid)>(cursor.0.as_deref())?;
        let after = at.map(|(starts_at, id)| SchedulePosition { starts_at, visit_id: VisitId(id) });
        let page = visits::schedule(&mut tx, filter, after, limit).await?;
        let next_cursor = page.next.map(|p| cursors.write(&(p.starts_at, p.visit_id.0)));
        Ok(Reply::plain(SchedulePage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Add a visit to a job
    #[oai(path = "/jobs/:job_id/visits", method = "post", operation_id = "createVisit")]
    async fn create(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        key: IdempotencyKey,
        body: Body<VisitInput>,
    ) -> ApiResult<Created<VisitView>> {
        let request = (job_id.0, &body.0);
        let mut once = match self.0.once(&caller, WRITE, key, "createVisit", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let visit = visits::add(once.tx(), ids, now, JobId(job_id.0), body.0.into()).await?;
        once.versioned(visit.into()).await
    }

    /// Read a visit
    #[oai(path = "/visits/:visit_id", method = "get", operation_id = "getVisit")]
    async fn get(&self, caller: Caller, visit_id: Path<Uuid>) -> ApiResult<Reply<VisitView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        Ok(Reply::versioned(visits::get(&mut tx, VisitId(visit_id.0)).await?.into()))
    }

    /// Move a visit
    ///
    /// Whoever is assigned moves along; refused when one of them is busy then.
    #[oai(path = "/visits/:visit_id", method = "patch", operation_id = "rescheduleVisit")]
    async fn reschedule(
        &self,
        caller: Caller,
        visit_id: Path<Uuid>,
        seen: IfMatch,
        body: Body<VisitInput>,
    ) -> ApiResult<Reply<VisitView>> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let visit = visits::reschedule(&mut tx, ids, now, VisitId(visit_id.0), seen.0, body.0.into()).await?;
        self.0.commit(tx).await?;
        Ok(Reply::versioned(visit.into()))
    }

    /// Cancel a visit
    #[oai(path = "/visits/:visit_id/cancel", method = "post", operation_id = "cancelVisit")]
    async fn cancel(
        &self,
        caller: Caller,
        visit_id: Path<Uuid>,
        seen: IfMatch,
        key: IdempotencyKey,
        body: Body<Cancellation>,
    ) -> ApiResult<Reply<VisitView>> {
        let request = (visit_id.0, seen.0, &body.0);
        let mut once = match self.0.once(&caller, WRITE, key, "cancelVisit", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let visit = visits::cancel(once.tx(), ids, now, VisitId(visit_id.0), seen.0, &body.0.reason).await?;
        once.versioned(visit.into()).await
    }

    /// Assign a technician
    ///
    /// Refused when their committed times would overlap. Doing it twice is once.
    #[oai(path = "/visits/:visit_id/assignments", method = "post", operation_id = "assignTechnician")]
    async fn assign(
        &self,
        caller: Caller,
        visit_id: Path<Uuid>,
        key: IdempotencyKey,
        body: Body<AssignmentInput>,
    ) -> ApiResult<Created<AssignmentView>> {
        let request = (visit_id.0, &body.0);
        let mut once = match self.0.once(&caller, ASSIGN, key, "assignTechnician", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let technician_id = UserId(body.0.technician_id);
        let assignment = assignments::assign(once.tx(), ids, now, VisitId(visit_id.0), technician_id).await?;
        once.finish(Reply::plain(assignment.into())).await
    }

    /// Take a technician off a visit
    #[oai(path = "/visits/:visit_id/assignments/:technician_id", method = "delete", operation_id = "releaseTechnician")]
    async fn release(&self, caller: Caller, visit_id: Path<Uuid>, technician_id: Path<Uuid>) -> ApiResult<Empty> {
        let mut tx = self.0.write(&caller, ASSIGN.0, ASSIGN.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        assignments::release(&mut tx, ids, now, VisitId(visit_id.0), UserId(technician_id.0)).await?;
        self.0.commit(tx).await?;
        Ok(Empty)
    }
}

impl Versioned for VisitView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl From<VisitInput> for NewVisit {
    fn from(input: VisitInput) -> Self {
        Self {
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            window_start: input.window_start,
            window_end: input.window_end,
        }
    }
}

impl From<Visit> for VisitView {
    fn from(visit: Visit) -> Self {
        Self {
            id: visit.visit_id.0,
            job_id: visit.job_id.0,
            customer_id: visit.customer_id.0,
            property_id: visit.property_id.0,
            state: visit.state.into(),
            starts_at: visit.starts_at,
            ends_at: visit.ends_at,
            window_start: visit.window_start,
            window_end: visit.window_end,
            time_zone: visit.time_zone,
            open_assignments: visit.open_assignments,
            cancel_reason: visit.cancel_reason,
            version: visit.version,
        }
    }
}

impl From<Assignment> for AssignmentView {
    fn from(assignment: Assignment) -> Self {
        Self {
            technician_id: assignment.technician_id.0,
            technician_name: assignment.technician_name,
            state: assignment.state.into(),
            on_the_way_at: assignment.on_the_way_at,
            arrived_at: assignment.arrived_at,
            completed_at: assignment.completed_at,
        }
    }
}

impl From<ScheduledVisit> for ScheduledVisitView {
    fn from(visit: ScheduledVisit) -> Self {
        let assignments = visit.assignments.into_iter().map(|assignment| AssignmentView {
            technician_id: assignment.technician_id.0,
            technician_name: assignment.technician_name,
            state: assignment.state.into(),
            on_the_way_at: None,
            arrived_at: None,
            completed_at: None,
        });
        Self {
            id: visit.visit_id.0,
            job_id: visit.job_id.0,
            job_number: visit.job_number,
            title: visit.title,
            customer_id: visit.customer_id.0,
            customer_name: visit.customer_name,
            city: visit.city,
            state: visit.state.into(),
            starts_at: visit.starts_at,
            ends_at: visit.ends_at,
            window_start: visit.window_start,
            window_end: visit.window_end,
            time_zone: visit.time_zone,
            version: visit.version,
            assignments: assignments.collect(),
        }
    }
}

impl From<VisitState> for VisitStateView {
    fn from(state: VisitState) -> Self {
        match state {
            VisitState::Scheduled => Self::Scheduled,
            VisitState::OnTheWay => Self::OnTheWay,
            VisitState::InProgress => Self::InProgress,
            VisitState::Completed => Self::Completed,
            VisitState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<AssignmentState> for AssignmentStateView {
    fn from(state: AssignmentState) -> Self {
        match state {
            AssignmentState::Assigned => Self::Assigned,
            AssignmentState::OnTheWay => Self::OnTheWay,
            AssignmentState::Arrived => Self::Arrived,
            AssignmentState::Completed => Self::Completed,
            AssignmentState::Released => Self::Released,
        }
    }
}
