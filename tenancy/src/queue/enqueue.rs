//! Writing a task next to the change that needs it.

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    Ids, TaskId, TenantId, UserId,
    db::{TenantTx, Transaction},
};

/// A kind of task: its payload, and the word that names it in the table.
pub trait Task: Serialize + DeserializeOwned + Send + Sync {
    /// Imperative and frozen: rows of older releases carry it.
    const KIND: &'static str;

    /// The one thing that it is about, for people to look at. The kind says what it is.
    fn about(&self) -> Option<Uuid> {
        None
    }
}

/// Enqueues a task in the caller's transaction and name; it exists exactly if the transaction commits.
///
/// # Errors
/// The database's own.
pub async fn enqueue<T: Task>(tx: &mut TenantTx, ids: &Ids, run_at: DateTime<Utc>, task: &T) -> sqlx::Result<TaskId> {
    let (tenant_id, user_id) = (tx.actor().tenant_id, tx.actor().user_id());
    enqueue_for(tx, ids, tenant_id, user_id, run_at, task).await
}

/// Enqueues a task for a tenant from a cross-tenant path. [`TenantId`] nil is Surv itself.
///
/// # Errors
/// The database's own.
pub async fn enqueue_for<T: Task>(
    tx: &mut impl Transaction,
    ids: &Ids,
    tenant_id: TenantId,
    user_id: Option<UserId>,
    run_at: DateTime<Utc>,
    task: &T,
) -> sqlx::Result<TaskId> {
    let task_id: TaskId = ids.next();
    let payload = serde_json::to_value(task).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    // No RETURNING: nobody who enqueues may read a task.
    sqlx::query!(
        "INSERT INTO tasks (tenant_id, task_id, kind, payload, about, actor_id, run_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id.0,
        task_id.0,
        T::KIND,
        payload,
        task.about(),
        user_id.map_or(Uuid::nil(), |id| id.0),
        run_at,
    )
    .execute(tx.conn())
    .await?;
    tx.nudge_on_commit();
    Ok(task_id)
}
