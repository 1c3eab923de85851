//! Reading the events: the live feed and the audit log.
//!
//! Readers page by (transaction, event) below the oldest transaction that still runs, so that an event that commits
//! late is never skipped. Whoever isn't of the office learns that something happened and reads the subject again under
//! their own rights; what they may no longer see is `gone`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    EventId, UserId,
    db::TenantTx,
    page::{Page, rows_for},
};

/// A place in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub txid: i64,
    pub event_id: EventId,
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self { txid: 0, event_id: EventId(Uuid::nil()) };
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.txid, self.event_id)
    }
}

impl std::str::FromStr for Position {
    type Err = UnreadablePosition;

    fn from_str(text: &str) -> Result<Self, UnreadablePosition> {
        let (txid, event_id) = text.split_once('-').ok_or(UnreadablePosition)?;
        Ok(Self {
            txid: txid.parse().map_err(|_| UnreadablePosition)?,
            event_id: event_id.parse().map_err(|_| UnreadablePosition)?,
        })
    }
}

/// The text is not a position.
#[derive(Debug, thiserror::Error)]
#[error("this is not a position in the event stream")]
pub struct UnreadablePosition;

/// Something that happened, as far as the caller may know.
#[derive(Debug, Clone)]
pub struct Happening {
    pub txid: i64,
    pub event_id: EventId,
    pub at: DateTime<Utc>,
    /// Known to the office only.
    pub actor_id: Option<UserId>,
    pub actor_role: String,
    pub kind: String,
    pub subject_kind: String,
    pub subject_id: Uuid,
    pub job_id: Option<Uuid>,
    pub visit_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
    /// `{"field": [before, after]}`; known to the office only.
    pub changes: Option<serde_json::Value>,
    /// The job or visit that it is about is not, or no longer, there for the caller.
    pub gone: bool,
}

impl Happening {
    pub const fn position(&self) -> Position {
        Position { txid: self.txid, event_id: self.event_id }
    }
}

/// Where a stream begins that wants only what happens from now on.
///
/// # Errors
/// The database's own.
pub async fn now(tx: &mut TenantTx) -> sqlx::Result<Position> {
    let txid = sqlx::query_scalar!(r#"SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 AS "txid!""#)
        .fetch_one(tx.conn())
        .await?;
    Ok(Position { txid, event_id: EventId(Uuid::max()) })
}

/// What happened after a position, oldest first.
///
/// # Errors
/// The database's own.
pub async fn after(tx: &mut TenantTx, position: Position, limit: usize) -> sqlx::Result<Vec<Happening>> {
    let office = tx.actor().role().is_none_or(crate::Role::is_office);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    if office { office_after(tx, position, limit).await } else { others_after(tx, position, limit).await }
}

#[tracing::instrument(name = "db.events.office_after", level = "debug", skip_all, err)]
async fn office_after(tx: &mut TenantTx, position: Position, limit: i64) -> sqlx::Result<Vec<Happening>> {
    sqlx::query_as!(
        Happening,
        r#"
        SELECT txid, event_id AS "event_id: EventId", at, actor_id AS "actor_id?: UserId", actor_role, kind,
               subject_kind, subject_id, job_id, visit_id, customer_id, technician_id, changes AS "changes?",
               false AS "gone!"
          FROM events
         WHERE (txid, event_id) > ($1, $2)
           AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         ORDER BY txid, event_id
         LIMIT $3
        "#,
        position.txid,
        position.event_id.0,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

#[tracing::instrument(name = "db.events.others_after", level = "debug", skip_all, err)]
async fn others_after(tx: &mut TenantTx, position: Position, limit: i64) -> sqlx::Result<Vec<Happening>> {
    sqlx::query_as!(
        Happening,
        r#"
        SELECT e.txid, e.event_id AS "event_id: EventId", e.at, NULL::uuid AS "actor_id?: UserId", e.actor_role, e.kind,
               e.subject_kind, e.subject_id, e.job_id, e.visit_id, e.customer_id, e.technician_id,
               NULL::jsonb AS "changes?",
               (e.visit_id IS NOT NULL AND NOT EXISTS (SELECT FROM visits v WHERE v.visit_id = e.visit_id)
                OR e.job_id IS NOT NULL AND NOT EXISTS (SELECT FROM jobs j WHERE j.job_id = e.job_id)) AS "gone!"
          FROM events e
         WHERE (e.txid, e.event_id) > ($1, $2)
           AND e.txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         ORDER BY e.txid, e.event_id
         LIMIT $3
        "#,
        position.txid,
        position.event_id.0,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// The audit log, newest first: of everything, or of one subject or job.
///
/// # Errors
/// The database's own.
#[tracing::instrument(name = "db.events.history", level = "debug", skip_all, err)]
pub async fn history(
    tx: &mut TenantTx,
    about: Option<Uuid>,
    before: Option<Position>,
    limit: usize,
) -> sqlx::Result<Page<Happening, Position>> {
    let before = before.unwrap_or(Position { txid: i64::MAX, event_id: EventId(Uuid::max()) });
    let rows = sqlx::query_as!(
        Happening,
        r#"
        SELECT txid, event_id AS "event_id: EventId", at, actor_id AS "actor_id?: UserId", actor_role, kind,
               subject_kind, subject_id, job_id, visit_id, customer_id, technician_id, changes AS "changes?",
               false AS "gone!"
          FROM events
         WHERE (txid, event_id) < ($1, $2)
           AND ($3::uuid IS NULL OR subject_id = $3 OR job_id = $3)
         ORDER BY txid DESC, event_id DESC
         LIMIT $4
        "#,
        before.txid,
        before.event_id.0,
        about,
        rows_for(limit),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Page::cut(rows, limit, Happening::position))
}
