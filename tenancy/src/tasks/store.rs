use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Task, TaskFilter, TaskState};
use crate::{MessageId, TaskId, db::TenantTx};

/// A task's columns, and of an e-mail those of its message.
struct Row {
    task_id: TaskId,
    kind: String,
    about: Option<Uuid>,
    state: String,
    attempts: i32,
    run_at: DateTime<Utc>,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    template: Option<String>,
    recipient: Option<String>,
}

impl From<Row> for Task {
    fn from(row: Row) -> Self {
        Self {
            task_id: row.task_id,
            kind: row.kind,
            about: row.about,
            mail: row.template.zip(row.recipient),
            state: if row.state == "dead" { TaskState::Dead } else { TaskState::Queued },
            attempts: row.attempts,
            run_at: row.run_at,
            last_error: row.last_error,
            created_at: row.created_at,
        }
    }
}

pub(super) async fn list(
    tx: &mut TenantTx,
    filter: &TaskFilter,
    after: Option<TaskId>,
    limit: i64,
) -> sqlx::Result<Vec<Task>> {
    let rows =
        if filter.dead { dead(tx, filter, after, limit).await? } else { queued(tx, filter, after, limit).await? };
    Ok(rows.into_iter().map(Into::into).collect())
}

// Two statements: an index on part of a table serves a condition that is written out, not a parameter.

async fn dead(tx: &mut TenantTx, filter: &TaskFilter, after: Option<TaskId>, limit: i64) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"
        SELECT t.task_id AS "task_id: TaskId", t.kind, t.about, t.state, t.attempts, t.run_at, t.last_error,
               t.created_at, m.template AS "template?", m.recipient AS "recipient?"
          FROM tasks t
          LEFT JOIN messages m ON m.tenant_id = t.tenant_id AND m.message_id = t.about AND t.kind = 'send_email'
         WHERE t.state = 'dead' AND ($1::text IS NULL OR t.kind = $1) AND ($2::uuid IS NULL OR t.task_id < $2)
         ORDER BY t.task_id DESC
         LIMIT $3
        "#,
        filter.kind,
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

async fn queued(tx: &mut TenantTx, filter: &TaskFilter, after: Option<TaskId>, limit: i64) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"
        SELECT t.task_id AS "task_id: TaskId", t.kind, t.about, t.state, t.attempts, t.run_at, t.last_error,
               t.created_at, m.template AS "template?", m.recipient AS "recipient?"
          FROM tasks t
          LEFT JOIN messages m ON m.tenant_id = t.tenant_id AND m.message_id = t.about AND t.kind = 'send_email'
         WHERE t.state = 'queued' AND ($1::text IS NULL OR t.kind = $1) AND ($2::uuid IS NULL OR t.task_id < $2)
         ORDER BY t.task_id DESC
         LIMIT $3
        "#,
        filter.kind,
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn find(tx: &mut TenantTx, id: TaskId) -> sqlx::Result<Option<Task>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT t.task_id AS "task_id: TaskId", t.kind, t.about, t.state, t.attempts, t.run_at, t.last_error,
               t.created_at, m.template AS "template?", m.recipient AS "recipient?"
          FROM tasks t
          LEFT JOIN messages m ON m.tenant_id = t.tenant_id AND m.message_id = t.about AND t.kind = 'send_email'
         WHERE t.task_id = $1
        "#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Into::into))
}

/// The task if it is dead, held until the transaction ends.
pub(super) async fn lock_dead(tx: &mut TenantTx, id: TaskId) -> sqlx::Result<Option<Task>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT t.task_id AS "task_id: TaskId", t.kind, t.about, t.state, t.attempts, t.run_at, t.last_error,
               t.created_at, m.template AS "template?", m.recipient AS "recipient?"
          FROM tasks t
          LEFT JOIN messages m ON m.tenant_id = t.tenant_id AND m.message_id = t.about AND t.kind = 'send_email'
         WHERE t.task_id = $1 AND t.state = 'dead'
           FOR UPDATE OF t
        "#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Into::into))
}

/// Takes over the state, attempts and time of `task`. What the last error was stays to be seen.
pub(super) async fn requeue(tx: &mut TenantTx, task: &Task) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE tasks SET state = 'queued', attempts = $2, run_at = $3 WHERE task_id = $1 AND state = 'dead'",
        task.task_id.0,
        task.attempts,
        task.run_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut TenantTx, id: TaskId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM tasks WHERE task_id = $1 AND state = 'dead'", id.0).execute(tx.conn()).await?;
    Ok(())
}

/// A person says that the last attempt came to nothing.
pub(super) async fn queue_message_again(tx: &mut TenantTx, id: MessageId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE messages SET state = 'queued' WHERE message_id = $1 AND state IN ('sending', 'unknown')",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Nobody sends it any more. Of one that was under way nobody knows still, until an event tells.
pub(super) async fn give_message_up(tx: &mut TenantTx, id: MessageId, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE messages
            SET state = CASE state WHEN 'queued' THEN 'failed' ELSE 'unknown' END,
                failure = CASE state WHEN 'queued' THEN 'it was given up' ELSE failure END,
                settled_at = CASE state WHEN 'queued' THEN $2 ELSE settled_at END
          WHERE message_id = $1 AND state IN ('queued', 'sending', 'unknown')",
        id.0,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
