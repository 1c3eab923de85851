use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::words;
use crate::{MessageId, TaskId, mail::SendEmail, queue};

/// A task without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub task_id: TaskId,
    pub kind: String,
    /// The thing that it is about, of which the kind says what it is.
    pub about: Option<Uuid>,
    /// Of an e-mail: the template's word and the address.
    pub mail: Option<(String, String)>,
    pub state: TaskState,
    pub attempts: i32,
    /// The next attempt, or until when this one is waited for. Means nothing when it is dead.
    pub run_at: DateTime<Utc>,
    /// Why the last attempt failed; quotes nobody.
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// Where a task stands. One that is done or dismissed is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    Queued,
    /// Failed for good: waits for a person.
    Dead,
    Dismissed,
}

/// Which tasks to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFilter {
    /// Failed for good, or else waiting and running.
    pub dead: bool,
    pub kind: Option<String>,
}

impl Task {
    /// What it is to do, as a sentence.
    pub fn summary(&self) -> String {
        match &self.mail {
            Some((template, recipient)) => words::of_mail(template, recipient),
            None => words::of_kind(&self.kind).map_or_else(|| format!("A task of kind {}", self.kind), str::to_owned),
        }
    }

    /// The message that it sends.
    pub(super) fn message_id(&self) -> Option<MessageId> {
        self.about.filter(|_| self.kind == <SendEmail as queue::Task>::KIND).map(MessageId)
    }
}
