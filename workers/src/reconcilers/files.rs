//! Files and storage, brought together: uploads that never came or were never processed are rejected, and objects that no
//! row wants any more are deleted.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use surv_integrations::s3::{FileStore, StorageError};
use surv_operations::files::{
    FileError, FileId, FileKey,
    settle::{self, Held},
};
use surv_tenancy::{
    Actor, TenantId,
    db::{DbError, Path},
};

use crate::Workers;

/// How long after its end an upload may still be completed.
const GRACE: TimeDelta = TimeDelta::hours(1);
/// How long a task may take to process a file, with all its attempts.
const PATIENCE: TimeDelta = TimeDelta::days(1);
/// Younger objects are left alone: their row may still be on its way to say that they are wanted.
const ORPHAN_AGE: TimeDelta = TimeDelta::hours(1);
const BATCH: i64 = 200;

/// Why a round ended early; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Workers {
    /// One round over all companies, as the timer makes it.
    ///
    /// # Errors
    /// The database's and storage's.
    pub async fn reconcile_files(&self) -> Result<(), ReconcileError> {
        let mut after = None;
        while let Some(tenant_id) = next_tenant(self, after).await? {
            while settle_late(self, tenant_id).await? >= BATCH.unsigned_abs() {}
            if let Some(store) = &self.deps().storage {
                delete_orphans(self, store, tenant_id).await?;
            }
            after = Some(tenant_id);
        }
        Ok(())
    }
}

/// Whoever has made a request has an event, and so a chain.
async fn next_tenant(workers: &Workers, after: Option<TenantId>) -> Result<Option<TenantId>, DbError> {
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

async fn settle_late(workers: &Workers, tenant_id: TenantId) -> Result<u64, ReconcileError> {
    let (ids, now) = (&workers.deps().ids, workers.deps().clock.now());
    let mut tx = workers.deps().tenant_db.begin(&Actor::worker(tenant_id, None)).await?;
    let settled = settle::give_up_late(&mut tx, ids, now, now - GRACE, now - PATIENCE, BATCH).await?;
    tx.commit().await?;
    Ok(settled)
}

async fn delete_orphans(workers: &Workers, store: &FileStore, tenant_id: TenantId) -> Result<(), ReconcileError> {
    let prefix = FileKey::prefix(tenant_id);
    let mut last: Option<String> = None;
    loop {
        let listed = store.list(&prefix, last.as_deref()).await?;
        let old = old_ones(&listed.objects, tenant_id, workers.deps().clock.now() - ORPHAN_AGE);
        let file_ids: Vec<FileId> = old.iter().map(|key| key.file_id).collect();
        let mut tx = workers.deps().tenant_db.read(&Actor::worker(tenant_id, None)).await?;
        let held = settle::held(&mut tx, &file_ids).await?;
        drop(tx);
        let held: HashMap<FileId, Held> = held.into_iter().map(|held| (held.file_id, held)).collect();
        for key in old.into_iter().filter(|key| !held.get(&key.file_id).is_some_and(|held| held.wants(key.part))) {
            tracing::info!(tenant.id = %tenant_id, file.id = %key.file_id, "an object that nothing wants is deleted");
            store.delete(&key.to_string()).await?;
        }
        last = listed.objects.into_iter().next_back().map(|(key, _)| key);
        if !listed.more || last.is_none() {
            return Ok(());
        }
    }
}

/// The keys of ours among objects from before `before`. What else lies there, somebody else has put there.
fn old_ones(objects: &[(String, DateTime<Utc>)], tenant_id: TenantId, before: DateTime<Utc>) -> Vec<FileKey> {
    let old = objects.iter().filter(|(_, at)| *at < before);
    old.filter_map(|(key, _)| FileKey::parse(key)).filter(|key| key.tenant_id == tenant_id).collect()
}
