//! `/v1/work`: a technician's own visits, and the steps of each.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use surv_operations::{
    assignments::{self, MinePosition, MyVisit, Step},
    contacts::{self, WhomToCall},
};
use surv_tenancy::{Capability, VisitId, token::Subject};
use uuid::Uuid;

use super::{
    Tag,
    visits::{AssignmentStateView, VisitStateView},
};
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    json::Reply,
    page::{Cursors, limit},
    problem::ApiResult,
};

const READ: (Capability, Subject) = (Capability::WorkRead, Subject::Visits);
const WRITE: (Capability, Subject) = (Capability::WorkWrite, Subject::Visits);

/// A visit as the technician on it sees it.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "WorkVisit", skip_serializing_if_is_none, example)]
pub struct WorkVisitView {
    pub id: Uuid,
    pub job_id: Uuid,
    pub job_number: i64,
    pub title: String,
    pub description: String,
    /// Of the own assignment.
    pub state: AssignmentStateView,
    pub visit_state: VisitStateView,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// What the customer was promised.
    pub window_start: DateTime<Utc>,
    pub window_end: DateTime<Utc>,
    /// IANA zone of the property.
    pub time_zone: String,
    pub customer_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_phone: Option<String>,
    pub street: String,
    pub city: String,
    pub postal_code: String,
    pub country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    pub access_notes: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_the_way_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
}

/// A page of own visits.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct WorkPage {
    pub items: Vec<WorkVisitView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Somebody whom the technician may call.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "WorkContact", skip_serializing_if_is_none, example)]
pub struct WorkContactView {
    pub id: Uuid,
    pub name: String,
    /// What they are there, such as "caretaker".
    pub title: String,
    /// E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    pub is_primary: bool,
}

/// Whom to call about a visit.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct WorkContactList {
    pub items: Vec<WorkContactView>,
}

impl From<WhomToCall> for WorkContactView {
    fn from(contact: WhomToCall) -> Self {
        Self {
            id: contact.contact_id.0,
            name: contact.name,
            title: contact.title,
            phone: contact.phone,
            is_primary: contact.is_primary,
        }
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct WorkApi(pub Door);

#[OpenApi(prefix_path = "/v1/work/visits", tag = "Tag::Work")]
impl WorkApi {
    /// List own visits
    #[oai(path = "/", method = "get", operation_id = "listWorkVisits")]
    async fn list(
        &self,
        caller: Caller,
        /// From this instant on.
        from: Query<DateTime<Utc>>,
        /// Before this instant.
        to: Query<DateTime<Utc>>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<WorkPage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "work", &(from.0, to.0));
        let at = cursors.read::<(DateTime<Utc>, Uuid)>(cursor.0.as_deref())?;
        let after = at.map(|(starts_at, id)| MinePosition { starts_at, visit_id: VisitId(id) });
        let page = assignments::list_mine(&mut tx, from.0, to.0, after, limit).await?;
        let next_cursor = page.next.map(|p| cursors.write(&(p.starts_at, p.visit_id.0)));
        Ok(Reply::plain(WorkPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Read an own visit
    #[oai(path = "/:visit_id", method = "get", operation_id = "getWorkVisit")]
    async fn get(&self, caller: Caller, visit_id: Path<Uuid>) -> ApiResult<Reply<WorkVisitView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        Ok(Reply::plain(assignments::get_mine(&mut tx, VisitId(visit_id.0)).await?.into()))
    }

    /// Whom to call
    ///
    /// The customer's contacts, the primary one first.
    #[oai(path = "/:visit_id/contacts", method = "get", operation_id = "listWorkContacts")]
    async fn contacts(&self, caller: Caller, visit_id: Path<Uuid>) -> ApiResult<Reply<WorkContactList>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        assignments::get_mine(&mut tx, VisitId(visit_id.0)).await?;
        let contacts = contacts::whom_to_call(&mut tx, VisitId(visit_id.0)).await?;
        Ok(Reply::plain(WorkContactList { items: contacts.into_iter().map(Into::into).collect() }))
    }

    /// Set out
    ///
    /// The customer is told. Repeating it changes nothing.
    #[oai(path = "/:visit_id/on-the-way", method = "post", operation_id = "goOnTheWay")]
    async fn on_the_way(
        &self,
        caller: Caller,
        visit_id: Path<Uuid>,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<WorkVisitView>> {
        self.step(&caller, visit_id.0, key, ("goOnTheWay", Step::GoOnTheWay)).await
    }

    /// Arrive
    #[oai(path = "/:visit_id/arrive", method = "post", operation_id = "arrive")]
    async fn arrive(
        &self,
        caller: Caller,
        visit_id: Path<Uuid>,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<WorkVisitView>> {
        self.step(&caller, visit_id.0, key, ("arrive", Step::Arrive)).await
    }

    /// Complete
    ///
    /// The visit is done when every technician is, the job when every visit is.
    #[oai(path = "/:visit_id/complete", method = "post", operation_id = "completeVisit")]
    async fn complete(
        &self,
        caller: Caller,
        visit_id: Path<Uuid>,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<WorkVisitView>> {
        self.step(&caller, visit_id.0, key, ("completeVisit", Step::Complete)).await
    }
}

impl WorkApi {
    async fn step(
        &self,
        caller: &Caller,
        visit_id: Uuid,
        key: IdempotencyKey,
        (operation, step): (&str, Step),
    ) -> ApiResult<Reply<WorkVisitView>> {
        let mut once = match self.0.once(caller, WRITE, key, operation, &visit_id).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let visit = assignments::take_step(once.tx(), ids, now, VisitId(visit_id), step).await?;
        once.finish(Reply::plain(visit.into())).await
    }
}

impl From<MyVisit> for WorkVisitView {
    fn from(visit: MyVisit) -> Self {
        Self {
            id: visit.visit_id.0,
            job_id: visit.job_id.0,
            job_number: visit.job_number,
            title: visit.title,
            description: visit.description,
            state: visit.state.into(),
            visit_state: visit.visit_state.into(),
            starts_at: visit.starts_at,
            ends_at: visit.ends_at,
            window_start: visit.window_start,
            window_end: visit.window_end,
            time_zone: visit.time_zone,
            customer_name: visit.customer_name,
            customer_phone: visit.customer_phone,
            street: visit.street,
            city: visit.city,
            postal_code: visit.postal_code,
            country: visit.country,
            latitude: visit.latitude,
            longitude: visit.longitude,
            access_notes: visit.access_notes,
            on_the_way_at: visit.on_the_way_at,
            arrived_at: visit.arrived_at,
            completed_at: visit.completed_at,
        }
    }
}
