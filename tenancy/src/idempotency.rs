//! The first answer to a repeated request, kept in the transaction that did the work.
//!
//! A key belongs to one actor under one confinement. The row is claimed before the work: of two requests at once the
//! second waits for the first to end and then reads its answer.

use sha2::{Digest as _, Sha256};

use crate::{Confinement, db::TenantTx};

/// A client's `Idempotency-Key` together with what it was sent for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    key_hash: [u8; 32],
    request_hash: [u8; 32],
}

/// A stored answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub body: Option<serde_json::Value>,
}

/// What claiming a key found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Nobody used it: do the work, then [`store`].
    First,
    /// The same request was answered before.
    Again(Answer),
    /// The key was used for another request.
    Reused,
}

impl Key {
    /// `operation` and `body` say what the request asks for; the body is the parsed one, so spelling doesn't matter.
    pub fn new(key: &str, confinement: &Confinement, operation: &str, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(key.as_bytes());
        if let Confinement::Only(things) = confinement {
            for (kind, id) in things {
                hash.update(kind.as_str());
                hash.update(id.as_bytes());
            }
            hash.update(b"confined");
        }
        let mut request = Sha256::new();
        request.update(operation.as_bytes());
        request.update([0]);
        request.update(body);
        Self { key_hash: hash.finalize().into(), request_hash: request.finalize().into() }
    }
}

/// Claims a key for this transaction.
///
/// # Errors
/// The database's own.
pub async fn claim(tx: &mut TenantTx, key: &Key) -> sqlx::Result<Claimed> {
    let (tenant_id, actor_id) = owner(tx);
    let claimed = sqlx::query!(
        "INSERT INTO idempotency_keys (tenant_id, actor_id, key_hash, request_hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, actor_id, key_hash) DO NOTHING",
        tenant_id,
        actor_id,
        &key.key_hash,
        &key.request_hash,
    )
    .execute(tx.conn())
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claimed::First);
    }
    let row = sqlx::query!(
        "SELECT request_hash, status, etag, body FROM idempotency_keys WHERE actor_id = $1 AND key_hash = $2",
        actor_id,
        &key.key_hash,
    )
    .fetch_one(tx.conn())
    .await?;
    if row.request_hash != key.request_hash {
        return Ok(Claimed::Reused);
    }
    let status = row.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    Ok(Claimed::Again(Answer { status, etag: row.etag, body: row.body }))
}

/// Keeps the answer with a claimed key.
///
/// # Errors
/// The database's own.
pub async fn store(tx: &mut TenantTx, key: &Key, answer: &Answer) -> sqlx::Result<()> {
    let (_, actor_id) = owner(tx);
    sqlx::query!(
        "UPDATE idempotency_keys SET status = $3, etag = $4, body = $5 WHERE actor_id = $1 AND key_hash = $2",
        actor_id,
        &key.key_hash,
        i32::from(answer.status),
        answer.etag,
        answer.body,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn owner(tx: &TenantTx) -> (uuid::Uuid, uuid::Uuid) {
    let actor = tx.actor();
    (actor.tenant_id.0, actor.user_id().map_or(uuid::Uuid::nil(), |id| id.0))
}
