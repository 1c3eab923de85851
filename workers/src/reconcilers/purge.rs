//! Deletes what only had to be remembered for a while: answers to idempotency keys, and revocations of tokens that have
//! expired by themselves.

use chrono::{DateTime, TimeDelta, Utc};
use surv_tenancy::{
    Actor, TenantId,
    db::{DbError, Path},
};

use crate::Workers;

/// A client that repeats a request after so long gets it done anew.
const IDEMPOTENCY_LIFETIME: TimeDelta = TimeDelta::hours(48);
const BATCH: i64 = 500;

impl Workers {
    /// One round over all companies, as the timer makes it.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self) -> Result<(), DbError> {
        run(self).await
    }
}

pub(super) async fn run(workers: &Workers) -> Result<(), DbError> {
    let mut after = None;
    while let Some(tenant_id) = next_tenant(workers, after).await? {
        purge_tenant(workers, tenant_id).await?;
        after = Some(tenant_id);
    }
    Ok(())
}

/// Whoever has made a request has an event, and so a chain.
pub(super) async fn next_tenant(workers: &Workers, after: Option<TenantId>) -> Result<Option<TenantId>, DbError> {
    let mut tx = workers.deps().platform_db.begin(Path::Dispatch).await?;
    let tenant_id = sqlx::query_scalar!(
        r#"SELECT tenant_id AS "tenant_id: TenantId" FROM audit_heads
            WHERE $1::uuid IS NULL OR tenant_id > $1 ORDER BY tenant_id LIMIT 1"#,
        after.map(|id| id.0),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(tenant_id)
}

async fn purge_tenant(workers: &Workers, tenant_id: TenantId) -> Result<(), DbError> {
    let now = workers.deps().clock.now();
    while forget(workers, tenant_id, now).await? >= BATCH.unsigned_abs() {}
    Ok(())
}

/// One batch of each; the size of the larger.
async fn forget(workers: &Workers, tenant_id: TenantId, now: DateTime<Utc>) -> Result<u64, DbError> {
    let mut tx = workers.deps().tenant_db.begin(&Actor::worker(tenant_id, None)).await?;
    let keys = sqlx::query!(
        "DELETE FROM idempotency_keys WHERE (actor_id, key_hash) IN (
             SELECT actor_id, key_hash FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
        now - IDEMPOTENCY_LIFETIME,
        BATCH,
    )
    .execute(tx.conn())
    .await?;
    let tokens = sqlx::query!(
        "DELETE FROM revoked_tokens WHERE revocation_id IN (
             SELECT revocation_id FROM revoked_tokens WHERE expires_at < $1 LIMIT $2)",
        now,
        BATCH,
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(keys.rows_affected().max(tokens.rows_affected()))
}
