//! Vendors' signed callbacks, stored before they are answered and processed by a task.
//!
//! An event is stored once: the vendor's id of it is unique within the company. The path that stores can read nothing,
//! so repetition and unknown companies are learned from the constraints.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::{Ids, TenantId, db::PlatformTx, queue};

/// So many events are processed by one task.
const BATCH: usize = 200;

/// Whose callback it is. The words are frozen: rows of older releases carry them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Sendgrid,
}

impl Provider {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sendgrid => "sendgrid",
        }
    }
}

/// One event of a batch whose signature was verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    pub tenant_id: TenantId,
    /// The vendor's id of the event.
    pub event_ref: String,
    /// The event as it came.
    pub payload: serde_json::Value,
}

impl std::fmt::Debug for Received {
    /// Without the payload, which names people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received")
            .field("tenant_id", &self.tenant_id)
            .field("event_ref", &self.event_ref)
            .finish_non_exhaustive()
    }
}

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    New,
    /// It was stored before; nothing changed.
    Duplicate,
    /// No company has this id: another installation's event, or an erased company's.
    UnknownTenant,
}

/// How many events of a batch ended which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub new: usize,
    pub duplicate: usize,
    pub unknown_tenant: usize,
}

/// Applies stored events of one company. Enqueued by [`receive`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSendgridEvents {
    pub provider: Provider,
    pub event_refs: Vec<String>,
}

impl queue::Task for ProcessSendgridEvents {
    const KIND: &'static str = "process_sendgrid_events";
}

/// Stores a verified batch on the intake path, notes that the channel works, and enqueues the tasks that apply what is
/// new: all of it in the caller's transaction, so the vendor may be answered once it has committed.
///
/// # Errors
/// The database's own.
pub async fn receive(
    tx: &mut PlatformTx,
    ids: &Ids,
    now: DateTime<Utc>,
    provider: Provider,
    mut batch: Vec<Received>,
) -> sqlx::Result<Counts> {
    // In one order, so that two deliveries of the same batch wait for each other instead of for ever.
    batch.sort_by(|a, b| (a.tenant_id, &a.event_ref).cmp(&(b.tenant_id, &b.event_ref)));
    let mut counts = Counts::default();
    let mut fresh: Vec<(TenantId, String)> = Vec::new();
    for Received { tenant_id, event_ref, payload } in batch {
        match store(tx, now, tenant_id, provider, &event_ref, &payload).await? {
            Stored::New => {
                counts.new += 1;
                fresh.push((tenant_id, event_ref));
            }
            Stored::Duplicate => counts.duplicate += 1,
            Stored::UnknownTenant => counts.unknown_tenant += 1,
        }
    }
    for of_tenant in fresh.chunk_by(|a, b| a.0 == b.0) {
        for chunk in of_tenant.chunks(BATCH) {
            let event_refs = chunk.iter().map(|(_, event_ref)| event_ref.clone()).collect();
            let task = ProcessSendgridEvents { provider, event_refs };
            queue::enqueue_for(tx, ids, chunk[0].0, None, now, &task).await?;
        }
    }
    heard(tx.conn(), now, provider).await?;
    Ok(counts)
}

/// Stores one event; does not enqueue anything.
///
/// # Errors
/// The database's own.
pub async fn store(
    tx: &mut PlatformTx,
    now: DateTime<Utc>,
    tenant_id: TenantId,
    provider: Provider,
    event_ref: &str,
    payload: &serde_json::Value,
) -> sqlx::Result<Stored> {
    // By hand: sqlx doesn't know that a transaction is open, and would begin one instead of a savepoint.
    sqlx::query("SAVEPOINT stored").execute(tx.conn()).await?;
    let outcome = sqlx::query!(
        "INSERT INTO webhook_inbox (tenant_id, provider, event_ref, payload, received_at) VALUES ($1, $2, $3, $4, $5)",
        tenant_id.0,
        provider.as_str(),
        event_ref,
        payload,
        now,
    )
    .execute(tx.conn())
    .await;
    let (stored, end) = match outcome {
        Ok(_) => (Stored::New, "RELEASE SAVEPOINT stored"),
        Err(error) => (refusal(error)?, "ROLLBACK TO SAVEPOINT stored"),
    };
    sqlx::query(end).execute(tx.conn()).await?;
    Ok(stored)
}

/// Reads an expected violation; anything else is an error.
fn refusal(error: sqlx::Error) -> sqlx::Result<Stored> {
    match error.as_database_error() {
        Some(inner) if inner.is_unique_violation() => Ok(Stored::Duplicate),
        Some(inner) if inner.is_foreign_key_violation() => Ok(Stored::UnknownTenant),
        _ => Err(error),
    }
}

/// Notes that the vendor's callbacks arrive. To the second: the row is everybody's, and too early is the safe side.
async fn heard(connection: &mut PgConnection, now: DateTime<Utc>, provider: Provider) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE webhook_channels SET heard_at = $2 WHERE provider = $1 AND (heard_at IS NULL OR heard_at < $3)",
        provider.as_str(),
        now,
        now - TimeDelta::seconds(1),
    )
    .execute(connection)
    .await?;
    Ok(())
}
