//! `/v1/events`: what happened, live, page by page, and as the audit log.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use poem::web::sse::Event;
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Query},
    payload::EventStream,
};
use serde::Serialize;
use surv_tenancy::{
    Actor, Capability,
    feed::{self, Happening, Position},
    token::Subject,
};
use uuid::Uuid;

use super::Tag;
use crate::{
    caller::Caller,
    deps::Deps,
    door::Door,
    json::Reply,
    live::Live,
    page::{Cursors, limit},
    problem::{ApiResult, Problem, ProblemKind},
};

/// A stream looks by itself this often, nudged or not.
const LOOK: Duration = Duration::from_secs(1);
const BATCH: usize = 200;

/// Something that happened.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Event", skip_serializing_if_is_none, example)]
pub struct EventView {
    /// The place in the stream: give the last one as `Last-Event-ID` or `after` to go on.
    pub position: String,
    pub at: DateTime<Utc>,
    /// `noun.past_tense`, such as `assignment.arrived`.
    pub kind: String,
    pub subject_kind: String,
    pub subject_id: Uuid,
    /// Who did it; known to the office only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<Uuid>,
    pub actor_role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technician_id: Option<Uuid>,
    /// `{"field": [before, after]}`; known to the office only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<serde_json::Value>,
    /// The caller no longer sees what it is about: forget it.
    pub gone: bool,
}

/// Events after a position, oldest first.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct EventBatch {
    pub items: Vec<EventView>,
    /// Give it as `after` to go on.
    pub position: String,
}

/// A page of the audit log, newest first.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct AuditPage {
    pub items: Vec<EventView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct EventsApi(pub Door);

#[OpenApi(prefix_path = "/v1/events", tag = "Tag::Events")]
impl EventsApi {
    /// Events after a position
    ///
    /// Each event once, in an order in which none that commits late is skipped.
    #[oai(path = "/", method = "get", operation_id = "listEvents")]
    async fn list(
        &self,
        caller: Caller,
        /// From the batch before; the beginning unless given.
        after: Query<Option<String>>,
        /// Items a batch, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
    ) -> ApiResult<Reply<EventBatch>> {
        let limit = self::limit(limit.0)?;
        let mut position = position(after.0.as_deref())?.unwrap_or(Position::START);
        let mut tx = self.0.read(&caller, Capability::EventsRead, Subject::Events).await?;
        let happenings = feed::after(&mut tx, position, limit).await?;
        if let Some(last) = happenings.last() {
            position = last.position();
        }
        let items = happenings.into_iter().map(Into::into).collect();
        Ok(Reply::plain(EventBatch { items, position: position.to_string() }))
    }

    /// Events as they happen
    ///
    /// Server-sent events, one an event; the `id` of each goes into `Last-Event-ID` to go on after a broken
    /// connection. Ends when the session does.
    #[oai(path = "/stream", method = "get", operation_id = "streamEvents")]
    async fn stream(
        &self,
        caller: Caller,
        /// The last event seen; only new ones unless given.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
    ) -> ApiResult<EventStream<BoxStream<'static, EventView>>> {
        let actor = self.0.require(&caller, Capability::EventsRead, Subject::Events)?;
        let expires_at = actor.claims.expires_at;
        let actor = actor.actor(Some(caller.request_id));
        let wanted = position(last_event_id.0.as_deref())?;
        // Listening before looking: what happens in between is seen by the first look.
        let receiver = self.0.deps().live.subscribe();
        let mut tx = self.0.read(&caller, Capability::EventsRead, Subject::Events).await?;
        let start = match wanted {
            Some(position) => position,
            None => feed::now(&mut tx).await?,
        };
        drop(tx);
        let watch = Watch { deps: self.0.deps().clone(), actor, expires_at, position: start, receiver };
        Ok(EventStream::new(watch.events().boxed()).keep_alive(Duration::from_secs(15)).to_event(to_event))
    }

    /// The audit log
    ///
    /// Newest first; of everything, or of one thing.
    #[oai(path = "/audit", method = "get", operation_id = "listAudit")]
    async fn audit(
        &self,
        caller: Caller,
        /// Only about this thing or job.
        about: Query<Option<Uuid>>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<AuditPage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, Capability::AuditRead, Subject::Audit).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "audit", &about.0);
        let before = cursors.read::<Position>(cursor.0.as_deref())?;
        let page = feed::history(&mut tx, about.0, before, limit).await?;
        let next_cursor = page.next.map(|position| cursors.write(&position));
        Ok(Reply::plain(AuditPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }
}

fn position(text: Option<&str>) -> ApiResult<Option<Position>> {
    let refused = || Problem::new(ProblemKind::InvalidParameter).field("after", "is not a position");
    text.map(str::parse).transpose().map_err(|_| refused())
}

fn to_event(view: EventView) -> Event {
    let data = serde_json::to_string(&view).unwrap_or_default();
    Event::message(data).id(view.position).event_type("event")
}

/// One open stream.
struct Watch {
    deps: Deps,
    actor: Actor,
    expires_at: DateTime<Utc>,
    position: Position,
    receiver: tokio::sync::broadcast::Receiver<surv_tenancy::TenantId>,
}

impl Watch {
    /// Every look is a transaction of the caller's own: it ends with the session, the role or the token.
    fn events(self) -> impl Stream<Item = EventView> + Send {
        futures_util::stream::unfold(self, |mut watch| async move {
            let batch = watch.next_batch().await?;
            Some((futures_util::stream::iter(batch), watch))
        })
        .flatten()
    }

    /// Waits until something happened; `None` when the caller is no longer admitted.
    async fn next_batch(&mut self) -> Option<Vec<EventView>> {
        loop {
            if self.deps.clock().now() >= self.expires_at || self.deps.live.is_closing() {
                return None;
            }
            match self.look().await {
                Ok(batch) if batch.is_empty() => {}
                Ok(batch) => return Some(batch),
                Err(problem) if problem.kind.status() == 503 => {}
                Err(_) => return None,
            }
            Live::changed(&mut self.receiver, self.actor.tenant_id, LOOK).await;
        }
    }

    async fn look(&mut self) -> ApiResult<Vec<EventView>> {
        let mut tx = self.deps.tenant_db.read(&self.actor).await?;
        let happenings = feed::after(&mut tx, self.position, BATCH).await?;
        if let Some(last) = happenings.last() {
            self.position = last.position();
        }
        Ok(happenings.into_iter().map(Into::into).collect())
    }
}

impl From<Happening> for EventView {
    fn from(happening: Happening) -> Self {
        Self {
            position: happening.position().to_string(),
            at: happening.at,
            kind: happening.kind,
            subject_kind: happening.subject_kind,
            subject_id: happening.subject_id,
            actor_id: happening.actor_id.map(|id| id.0),
            actor_role: happening.actor_role,
            job_id: happening.job_id,
            visit_id: happening.visit_id,
            customer_id: happening.customer_id,
            technician_id: happening.technician_id,
            changes: happening.changes,
            gone: happening.gone,
        }
    }
}
