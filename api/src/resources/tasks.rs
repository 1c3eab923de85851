//! `/v1/tasks`: background work as the company's admins see it. Nobody reads a payload.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Capability, TaskId,
    tasks::{self, Task, TaskFilter, TaskState},
    token::Subject,
};
use uuid::Uuid;

use super::Tag;
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    json::{Body, Reply},
    page::{Cursors, limit},
    problem::{ApiResult, Problem, ProblemKind},
};

const READ: (Capability, Subject) = (Capability::TasksRead, Subject::Tasks);
const WRITE: (Capability, Subject) = (Capability::TasksWrite, Subject::Tasks);

/// Where a task stands. One that is done is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "TaskState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum TaskStateView {
    /// Waits for its time, or is being done.
    Queued,
    /// Failed for good: it is not tried again until somebody says so.
    Dead,
    /// Was given up just now, and is gone.
    Dismissed,
}

/// The states that tasks can be listed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename = "TaskStateFilter", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum TaskStateWanted {
    Queued,
    Dead,
}

/// Background work that some change caused.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Task", skip_serializing_if_is_none, example)]
pub struct TaskView {
    pub id: Uuid,
    /// What kind of work, as a word.
    pub kind: String,
    /// What it is to do, as a sentence.
    pub summary: String,
    pub state: TaskStateView,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it is tried next; only while it is queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// A page of tasks.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct TaskPage {
    pub items: Vec<TaskView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Why a task is given up.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct Dismissal {
    /// For the audit log, 1 to 200 characters.
    pub reason: String,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct TasksApi(pub Door);

#[OpenApi(prefix_path = "/v1/tasks", tag = "Tag::Tasks")]
impl TasksApi {
    /// List tasks
    ///
    /// Newest first. Those that failed for good, unless asked otherwise.
    #[oai(path = "/", method = "get", operation_id = "listTasks")]
    async fn list(
        &self,
        caller: Caller,
        /// `dead` unless asked otherwise.
        state: Query<Option<TaskStateWanted>>,
        /// Only of this kind.
        kind: Query<Option<String>>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<TaskPage>> {
        let limit = self::limit(limit.0)?;
        let state = state.0.unwrap_or(TaskStateWanted::Dead);
        let is_word = |kind: &String| kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && kind.len() <= 60;
        if !kind.0.iter().all(is_word) {
            return Err(Problem::new(ProblemKind::InvalidParameter).field("kind", "is not a kind of task"));
        }
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "tasks", &(state, &kind.0));
        let after = cursors.read::<Uuid>(cursor.0.as_deref())?.map(TaskId);
        let filter = TaskFilter { dead: state == TaskStateWanted::Dead, kind: kind.0 };
        let page = tasks::list(&mut tx, &filter, after, limit).await?;
        let next_cursor = page.next.map(|id| cursors.write(&id.0));
        Ok(Reply::plain(TaskPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Read a task
    #[oai(path = "/:task_id", method = "get", operation_id = "getTask")]
    async fn get(&self, caller: Caller, task_id: Path<Uuid>) -> ApiResult<Reply<TaskView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        Ok(Reply::plain(tasks::get(&mut tx, TaskId(task_id.0)).await?.into()))
    }

    /// Try a failed task again
    ///
    /// It keeps its id, so a vendor that knows it does nothing twice. Of an e-mail of which nobody knows whether it was
    /// sent, this says that it did not arrive.
    #[oai(path = "/:task_id/retry", method = "post", operation_id = "retryTask")]
    async fn retry(&self, caller: Caller, task_id: Path<Uuid>, key: IdempotencyKey) -> ApiResult<Reply<TaskView>> {
        let mut once = match self.0.once(&caller, WRITE, key, "retryTask", &task_id.0).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let task = tasks::retry(once.tx(), ids, now, TaskId(task_id.0)).await?;
        once.finish(Reply::plain(task.into())).await
    }

    /// Give a failed task up
    ///
    /// It is deleted. That it was, by whom and why, the audit log tells.
    #[oai(path = "/:task_id/dismiss", method = "post", operation_id = "dismissTask")]
    async fn dismiss(
        &self,
        caller: Caller,
        task_id: Path<Uuid>,
        key: IdempotencyKey,
        body: Body<Dismissal>,
    ) -> ApiResult<Reply<TaskView>> {
        let request = (task_id.0, &body.0);
        let mut once = match self.0.once(&caller, WRITE, key, "dismissTask", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let task = tasks::dismiss(once.tx(), ids, now, TaskId(task_id.0), &body.0.reason).await?;
        once.finish(Reply::plain(task.into())).await
    }
}

impl From<Task> for TaskView {
    fn from(task: Task) -> Self {
        Self {
            id: task.task_id.0,
            summary: task.summary(),
            state: match task.state {
                TaskState::Queued => TaskStateView::Queued,
                TaskState::Dead => TaskStateView::Dead,
                TaskState::Dismissed => TaskStateView::Dismissed,
            },
            kind: task.kind,
            attempts: task.attempts,
            last_error: task.last_error,
            next_attempt_at: (task.state == TaskState::Queued).then_some(task.run_at),
            created_at: task.created_at,
        }
    }
}
