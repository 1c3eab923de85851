//! Background tasks as people see them: what waits, what failed for good, and what becomes of that.
//!
//! Not the queue itself (`queue`). A payload is read by nobody here; what a task was to do is said in words
//! (`words.rs`). A task that is tried again keeps its id, and with it its idempotency key at vendors.

mod error;
mod store;
mod task;
mod words;

use chrono::{DateTime, Utc};

use crate::{
    Actor, FieldErrors, Ids, TaskId,
    db::{TenantTx, Transaction as _},
    events::{self, Author, Changes, Event},
    page::{Page, rows_for},
};

pub use error::TaskError;
pub use task::{Task, TaskFilter, TaskState};
pub use words::{of_kind, of_mail};

/// Tasks in one state, newest first, after one of them.
///
/// # Errors
/// The database's own.
#[tracing::instrument(name = "tasks.list", skip_all)]
pub async fn list(
    tx: &mut TenantTx,
    filter: &TaskFilter,
    after: Option<TaskId>,
    limit: usize,
) -> Result<Page<Task, TaskId>, TaskError> {
    let rows = store::list(tx, filter, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |task| task.task_id))
}

/// One task.
///
/// # Errors
/// [`TaskError::NotFound`], also when it was done meanwhile.
#[tracing::instrument(name = "tasks.get", skip_all)]
pub async fn get(tx: &mut TenantTx, task_id: TaskId) -> Result<Task, TaskError> {
    store::find(tx, task_id).await?.ok_or(TaskError::NotFound)
}

/// Puts a dead task back into the queue, with all its attempts before it. Of an e-mail of which nobody knows whether it
/// was sent, this says that it did not arrive: it is sent once more.
///
/// # Errors
/// [`TaskError::NotFound`], [`TaskError::NotDead`].
#[tracing::instrument(name = "tasks.retry", skip_all)]
pub async fn retry(tx: &mut TenantTx, ids: &Ids, now: DateTime<Utc>, task_id: TaskId) -> Result<Task, TaskError> {
    let dead = lock_dead(tx, task_id).await?;
    // The message first: only that of a dead task may be touched.
    if let Some(message_id) = dead.message_id() {
        store::queue_message_again(tx, message_id).await?;
    }
    let task = Task { state: TaskState::Queued, attempts: 0, run_at: now, ..dead.clone() };
    store::requeue(tx, &task).await?;
    tx.nudge_on_commit();
    record(tx, ids, now, decided_by(tx.actor()), "task.retried", &dead, None).await?;
    Ok(task)
}

/// Gives a dead task up. It is deleted, with what its payload held; why, the audit log tells.
///
/// # Errors
/// [`TaskError::NotFound`], [`TaskError::NotDead`], [`TaskError::Invalid`] without a reason.
#[tracing::instrument(name = "tasks.dismiss", skip_all)]
pub async fn dismiss(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    task_id: TaskId,
    reason: &str,
) -> Result<Task, TaskError> {
    let mut errors = FieldErrors::new();
    let reason = errors.line("/reason", reason, 1, 200);
    errors.into_result()?;
    let dead = give_up(tx, now, task_id).await?;
    record(tx, ids, now, decided_by(tx.actor()), "task.dismissed", &dead, Some(&reason)).await?;
    Ok(Task { state: TaskState::Dismissed, ..dead })
}

/// Gives a dead task up that nobody decided about for too long; as [`dismiss`], in the worker's own name.
///
/// # Errors
/// [`TaskError::NotFound`], [`TaskError::NotDead`]: somebody has decided.
#[tracing::instrument(name = "tasks.expire", skip_all)]
pub async fn expire(tx: &mut TenantTx, ids: &Ids, now: DateTime<Utc>, task_id: TaskId) -> Result<(), TaskError> {
    let dead = give_up(tx, now, task_id).await?;
    let author = Author::of(tx.actor());
    record(tx, ids, now, author, "task.expired", &dead, None).await?;
    Ok(())
}

async fn give_up(tx: &mut TenantTx, now: DateTime<Utc>, task_id: TaskId) -> Result<Task, TaskError> {
    let dead = lock_dead(tx, task_id).await?;
    if let Some(message_id) = dead.message_id() {
        store::give_message_up(tx, message_id, now).await?;
    }
    store::delete(tx, task_id).await?;
    Ok(dead)
}

/// The task if it is dead, held until the transaction ends.
async fn lock_dead(tx: &mut TenantTx, task_id: TaskId) -> Result<Task, TaskError> {
    if let Some(task) = store::lock_dead(tx, task_id).await? {
        return Ok(task);
    }
    Err(if store::find(tx, task_id).await?.is_some() { TaskError::NotDead } else { TaskError::NotFound })
}

/// Who decided: no task deals with tasks, so a worker that does is the operator's command.
fn decided_by(actor: &Actor) -> Author {
    let author = Author::of(actor);
    if actor.role().is_none() { Author { role: "operator", ..author } } else { author }
}

async fn record(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    author: Author,
    kind: &'static str,
    dead: &Task,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    let changes = Changes::new().set("kind", &dead.kind).set("attempts", &dead.attempts);
    let mut changes = changes.set("last_error", &dead.last_error);
    if let Some(reason) = reason {
        changes = changes.set("reason", &reason);
    }
    let event = Event::new(kind, "task", dead.task_id).changes(changes);
    events::record_for(tx.conn(), ids, now, author, event).await?;
    Ok(())
}
