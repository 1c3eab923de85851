//! One stream of what happened, written in the transaction in which it happened.
//!
//! The audit log and live updates are readings of it. A use case that changes something records exactly one event.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Actor, CustomerId, EventId, Ids, JobId, TenantId, UserId, VisitId, db::TenantTx};

/// Who may learn of an event besides the office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Nobody else.
    Office,
    /// Technicians with a visit of the job as well.
    Field,
    /// Technicians, and the job's customer.
    Customer,
}

impl Visibility {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Field => "field",
            Self::Customer => "customer",
        }
    }
}

/// What the fields were and became: `{"field": [before, after]}`.
#[derive(Debug, Clone, Default)]
pub struct Changes(serde_json::Map<String, serde_json::Value>);

impl Changes {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field if it changed. Values are what the wire shows; never secrets.
    #[must_use]
    pub fn field<T: Serialize + PartialEq>(mut self, name: &str, before: &T, after: &T) -> Self {
        if before != after {
            self.0.insert(name.to_owned(), serde_json::json!([before, after]));
        }
        self
    }

    /// Adds a field of something new.
    #[must_use]
    pub fn set<T: Serialize>(mut self, name: &str, after: &T) -> Self {
        self.0.insert(name.to_owned(), serde_json::json!([null, after]));
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Something that happened, before it is stored.
#[derive(Debug, Clone)]
pub struct Event {
    /// `noun.past_tense`, such as `customer.created`.
    pub kind: &'static str,
    pub subject_kind: &'static str,
    pub subject_id: Uuid,
    pub job_id: Option<JobId>,
    pub visit_id: Option<VisitId>,
    pub customer_id: Option<CustomerId>,
    pub technician_id: Option<UserId>,
    pub visibility: Visibility,
    pub changes: Changes,
}

impl Event {
    /// An event about `subject_id`, for the office only until [`Event::visible_to`] says otherwise.
    pub fn new(kind: &'static str, subject_kind: &'static str, subject_id: impl Into<Uuid>) -> Self {
        Self {
            kind,
            subject_kind,
            subject_id: subject_id.into(),
            job_id: None,
            visit_id: None,
            customer_id: None,
            technician_id: None,
            visibility: Visibility::Office,
            changes: Changes::new(),
        }
    }

    #[must_use]
    pub const fn job(mut self, id: JobId) -> Self {
        self.job_id = Some(id);
        self
    }

    #[must_use]
    pub const fn visit(mut self, id: VisitId) -> Self {
        self.visit_id = Some(id);
        self
    }

    #[must_use]
    pub const fn customer(mut self, id: CustomerId) -> Self {
        self.customer_id = Some(id);
        self
    }

    #[must_use]
    pub const fn technician(mut self, id: UserId) -> Self {
        self.technician_id = Some(id);
        self
    }

    #[must_use]
    pub const fn visible_to(mut self, visibility: Visibility) -> Self {
        self.visibility = visibility;
        self
    }

    #[must_use]
    pub fn changes(mut self, changes: Changes) -> Self {
        self.changes = changes;
        self
    }
}

/// Stores an event in the caller's transaction, in the caller's name.
///
/// # Errors
/// The database's own.
pub async fn record(tx: &mut TenantTx, ids: &Ids, now: DateTime<Utc>, event: Event) -> sqlx::Result<EventId> {
    let actor = tx.actor().clone();
    insert(tx.conn(), ids, now, Author::of(&actor), event).await
}

/// Stores an event of a cross-tenant path: a log-in, a sign-up. `user_id` is the person it is about.
///
/// # Errors
/// The database's own.
pub async fn record_for(
    connection: &mut PgConnection,
    ids: &Ids,
    now: DateTime<Utc>,
    author: Author,
    event: Event,
) -> sqlx::Result<EventId> {
    insert(connection, ids, now, author, event).await
}

/// In whose name an event is stored.
#[derive(Debug, Clone, Copy)]
pub struct Author {
    pub tenant_id: TenantId,
    pub user_id: Option<UserId>,
    /// A role's word, or `worker`, `identity`, `sign_up`.
    pub role: &'static str,
    pub session_id: Option<crate::SessionId>,
    pub request_id: Option<crate::RequestId>,
}

impl Author {
    pub fn of(actor: &Actor) -> Self {
        Self {
            tenant_id: actor.tenant_id,
            user_id: actor.user_id(),
            role: actor.role().map_or("worker", crate::Role::as_str),
            session_id: actor.session_id(),
            request_id: actor.request_id,
        }
    }
}

async fn insert(
    connection: &mut PgConnection,
    ids: &Ids,
    now: DateTime<Utc>,
    author: Author,
    event: Event,
) -> sqlx::Result<EventId> {
    let event_id: EventId = ids.next();
    sqlx::query!(
        r#"
        INSERT INTO events (tenant_id, event_id, at, actor_id, actor_role, session_id, request_id, kind,
                            subject_kind, subject_id, job_id, visit_id, customer_id, technician_id, visibility, changes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        "#,
        author.tenant_id.0,
        event_id.0,
        now,
        author.user_id.map_or(Uuid::nil(), |id| id.0),
        author.role,
        author.session_id.map(|id| id.0),
        author.request_id.map(|id| id.0),
        event.kind,
        event.subject_kind,
        event.subject_id,
        event.job_id.map(|id| id.0),
        event.visit_id.map(|id| id.0),
        event.customer_id.map(|id| id.0),
        event.technician_id.map(|id| id.0),
        event.visibility.as_str(),
        serde_json::Value::Object(event.changes.0),
    )
    .execute(connection)
    .await?;
    Ok(event_id)
}

/// Stores the same event in several companies' streams, in one statement: how many there are takes no time.
pub(crate) async fn record_in_each(
    connection: &mut PgConnection,
    ids: &Ids,
    now: DateTime<Utc>,
    tenants: &[TenantId],
    author: Author,
    event: Event,
) -> sqlx::Result<()> {
    let tenant_ids: Vec<Uuid> = tenants.iter().map(|id| id.0).collect();
    let event_ids: Vec<Uuid> = tenants.iter().map(|_| ids.next()).collect();
    sqlx::query!(
        r#"
        INSERT INTO events (tenant_id, event_id, at, actor_id, actor_role, session_id, request_id, kind,
                            subject_kind, subject_id, visibility, changes)
        SELECT n.tenant_id, n.event_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
          FROM unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, event_id)
        "#,
        &tenant_ids,
        &event_ids,
        now,
        author.user_id.map_or(Uuid::nil(), |id| id.0),
        author.role,
        author.session_id.map(|id| id.0),
        author.request_id.map(|id| id.0),
        event.kind,
        event.subject_kind,
        event.subject_id,
        event.visibility.as_str(),
        serde_json::Value::Object(event.changes.0),
    )
    .execute(connection)
    .await?;
    Ok(())
}
