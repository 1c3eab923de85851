//! Appending to one company's chain.

use sqlx::PgConnection;
use surv_tenancy::{Actor, TenantId, db::DbError};
use uuid::Uuid;

use super::link::{EventRow, GENESIS, Hash, hash};
use crate::Workers;

/// So many entries are added in one transaction.
const BATCH: i64 = 500;

struct Head {
    seq: i64,
    txid: i64,
    event_id: Uuid,
    hash: Hash,
}

/// Adds one batch; how many entries it had.
#[tracing::instrument(name = "audit_chain.append", level = "debug", skip_all, fields(tenant.id = %tenant_id))]
pub(super) async fn batch(workers: &Workers, tenant_id: TenantId) -> Result<u64, DbError> {
    let mut tx = workers.deps().tenant_db.begin(&Actor::worker(tenant_id, None)).await?;
    let mut head = lock_head(tx.conn(), tenant_id).await?;
    let events = settled_after(tx.conn(), &head).await?;
    if events.is_empty() {
        return Ok(0);
    }
    let (mut txids, mut event_ids, mut previous, mut hashes) = (vec![], vec![], vec![], vec![]);
    let first = head.seq + 1;
    for event in &events {
        txids.push(event.txid);
        event_ids.push(event.event_id);
        previous.push(head.hash.to_vec());
        head = Head { seq: head.seq + 1, txid: event.txid, event_id: event.event_id, hash: hash(&head.hash, event) };
        hashes.push(head.hash.to_vec());
    }
    sqlx::query!(
        "INSERT INTO audit_entries (tenant_id, seq, txid, event_id, previous_hash, hash)
         SELECT $1, $2 + n.place - 1, n.txid, n.event_id, n.previous_hash, n.hash
           FROM unnest($3::bigint[], $4::uuid[], $5::bytea[], $6::bytea[])
                WITH ORDINALITY AS n (txid, event_id, previous_hash, hash, place)",
        tenant_id.0,
        first,
        &txids,
        &event_ids,
        &previous,
        &hashes,
    )
    .execute(tx.conn())
    .await?;
    move_head(tx.conn(), &head).await?;
    tx.commit().await?;
    Ok(events.len() as u64)
}

/// The head, held until the transaction ends: one appends at a time.
async fn lock_head(connection: &mut PgConnection, tenant_id: TenantId) -> sqlx::Result<Head> {
    sqlx::query!(
        "INSERT INTO audit_heads (tenant_id, seq, txid, event_id, hash) VALUES ($1, 0, 0, $2, $3) ON CONFLICT DO NOTHING",
        tenant_id.0,
        Uuid::nil(),
        GENESIS.as_slice(),
    )
    .execute(&mut *connection)
    .await?;
    let row =
        sqlx::query!("SELECT seq, txid, event_id, hash FROM audit_heads FOR UPDATE").fetch_one(connection).await?;
    let hash = row.hash.try_into().map_err(|_| sqlx::Error::Decode("a head's hash has 32 bytes".into()))?;
    Ok(Head { seq: row.seq, txid: row.txid, event_id: row.event_id, hash })
}

/// Events after the head that nothing can come before any more. The statement's own snapshot says which: it is taken
/// after the head was locked.
async fn settled_after(connection: &mut PgConnection, head: &Head) -> sqlx::Result<Vec<EventRow>> {
    sqlx::query_as!(
        EventRow,
        r#"SELECT tenant_id, txid, event_id, at, actor_id, actor_role, session_id, request_id, kind, subject_kind,
                  subject_id, job_id, visit_id, customer_id, technician_id, visibility, changes::text AS "changes!"
             FROM events
            WHERE txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint AND (txid, event_id) > ($1, $2)
            ORDER BY txid, event_id LIMIT $3"#,
        head.txid,
        head.event_id,
        BATCH,
    )
    .fetch_all(connection)
    .await
}

async fn move_head(connection: &mut PgConnection, head: &Head) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE audit_heads SET seq = $1, txid = $2, event_id = $3, hash = $4",
        head.seq,
        head.txid,
        head.event_id,
        head.hash.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
