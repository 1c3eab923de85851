//! Whether a company's chain is what it was: every entry is computed again from its event.

use chrono::{DateTime, Utc};
use surv_tenancy::db::TenantTx;
use uuid::Uuid;

use super::{
    Anchor,
    link::{EventRow, GENESIS, hash},
};

const PAGE: i64 = 1_000;

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Good entries from the first one on.
    pub entries: i64,
    /// The first place where the chain is not what it was.
    pub first_bad: Option<i64>,
    /// The end of the good part, to be noted outside.
    pub end: Anchor,
}

/// Verifies the chain of the transaction's tenant. Takes as long as there are entries: for the office and the worker.
///
/// # Errors
/// The database's own.
pub async fn verify(tx: &mut TenantTx) -> sqlx::Result<Verdict> {
    verify_against(tx, None).await
}

/// The same, and that the chain still goes through `anchor`.
///
/// # Errors
/// The database's own.
#[tracing::instrument(name = "audit_chain.verify", skip_all)]
pub async fn verify_against(tx: &mut TenantTx, anchor: Option<Anchor>) -> sqlx::Result<Verdict> {
    let mut walk = Walk { end: Anchor { seq: 0, hash: GENESIS }, position: (0, Uuid::nil()) };
    let mut sound = true;
    while sound {
        let page = page(tx, walk.end.seq).await?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            sound = sound && walk.step(entry, anchor);
        }
    }
    let complete = sound && walk.is_all(tx).await? && anchor.is_none_or(|anchor| anchor.seq <= walk.end.seq);
    let first_bad = (!complete).then_some(walk.end.seq + 1);
    Ok(Verdict { entries: walk.end.seq, first_bad, end: walk.end })
}

/// The good part so far.
struct Walk {
    end: Anchor,
    position: (i64, Uuid),
}

struct Entry {
    seq: i64,
    txid: i64,
    event_id: Uuid,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
    /// `None`: the event is gone.
    event: Option<EventRow>,
    /// Events between the entry before and this one that have no entry.
    skipped: bool,
}

impl Walk {
    /// Whether the entry continues the good part.
    fn step(&mut self, entry: Entry, anchor: Option<Anchor>) -> bool {
        let Some(event) = entry.event else { return false };
        let next = hash(&self.end.hash, &event);
        let good = entry.seq == self.end.seq + 1
            && !entry.skipped
            && (entry.txid, entry.event_id) > self.position
            && entry.previous_hash == self.end.hash
            && entry.hash == next
            && anchor.is_none_or(|anchor| anchor.seq != entry.seq || anchor.hash == next);
        if good {
            self.end = Anchor { seq: entry.seq, hash: next };
            self.position = (entry.txid, entry.event_id);
        }
        good
    }

    /// Whether the head agrees that this is the end. A chain without entries has no head, or a fresh one.
    async fn is_all(&self, tx: &mut TenantTx) -> sqlx::Result<bool> {
        let head = sqlx::query!("SELECT seq, txid, event_id, hash FROM audit_heads").fetch_optional(tx.conn()).await?;
        Ok(match head {
            Some(head) => {
                head.seq == self.end.seq && (head.txid, head.event_id) == self.position && head.hash == self.end.hash
            }
            None => self.end.seq == 0,
        })
    }
}

/// An entry, and its event's columns if there is one.
struct Row {
    seq: i64,
    txid: i64,
    event_id: Uuid,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
    skipped: bool,
    tenant_id: Option<Uuid>,
    at: Option<DateTime<Utc>>,
    actor_id: Option<Uuid>,
    actor_role: Option<String>,
    session_id: Option<Uuid>,
    request_id: Option<Uuid>,
    kind: Option<String>,
    subject_kind: Option<String>,
    subject_id: Option<Uuid>,
    job_id: Option<Uuid>,
    visit_id: Option<Uuid>,
    customer_id: Option<Uuid>,
    technician_id: Option<Uuid>,
    visibility: Option<String>,
    changes: Option<String>,
}

async fn page(tx: &mut TenantTx, after: i64) -> sqlx::Result<Vec<Entry>> {
    // An event that was slipped in, or whose entry was taken out, lies between two neighbours.
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.seq, a.txid, a.event_id, a.previous_hash, a.hash,
                  EXISTS (SELECT FROM events m
                           WHERE (m.txid, m.event_id) < (a.txid, a.event_id)
                             AND (m.txid, m.event_id) > (coalesce(b.txid, 0),
                                                         coalesce(b.event_id, '00000000-0000-0000-0000-000000000000')))
                  AS "skipped!",
                  e.tenant_id AS "tenant_id?", e.at AS "at?", e.actor_id AS "actor_id?", e.actor_role AS "actor_role?",
                  e.session_id, e.request_id, e.kind AS "kind?", e.subject_kind AS "subject_kind?",
                  e.subject_id AS "subject_id?", e.job_id, e.visit_id, e.customer_id, e.technician_id,
                  e.visibility AS "visibility?", e.changes::text AS changes
             FROM audit_entries a
             LEFT JOIN audit_entries b ON b.tenant_id = a.tenant_id AND b.seq = a.seq - 1
             LEFT JOIN events e ON e.tenant_id = a.tenant_id AND e.txid = a.txid AND e.event_id = a.event_id
            WHERE a.seq > $1 ORDER BY a.seq LIMIT $2"#,
        after,
        PAGE,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let event = row.tenant_id.map(|tenant_id| EventRow {
            tenant_id,
            txid: row.txid,
            event_id: row.event_id,
            at: row.at.unwrap_or_default(),
            actor_id: row.actor_id.unwrap_or_default(),
            actor_role: row.actor_role.unwrap_or_default(),
            session_id: row.session_id,
            request_id: row.request_id,
            kind: row.kind.unwrap_or_default(),
            subject_kind: row.subject_kind.unwrap_or_default(),
            subject_id: row.subject_id.unwrap_or_default(),
            job_id: row.job_id,
            visit_id: row.visit_id,
            customer_id: row.customer_id,
            technician_id: row.technician_id,
            visibility: row.visibility.unwrap_or_default(),
            changes: row.changes.unwrap_or_default(),
        });
        let Row { seq, txid, event_id, previous_hash, hash, skipped, .. } = row;
        Self { seq, txid, event_id, previous_hash, hash, event, skipped }
    }
}
