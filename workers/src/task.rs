//! What a handler is given and what it answers.

use std::{future::Future, time::Duration};

use surv_tenancy::{
    Actor, TaskId, TenantId,
    db::{DbError, TenantTx},
    queue::{self, Claim, LeaseError, Task},
};

use crate::{Workers, registry::Limits};

/// Does one kind of task. May be called again after any step: a lease can end, a process can be killed.
///
/// Each kind is a file in `tasks/` with `impl Handle<ThatTask> for Workers`, and a line in [`crate::tasks::all`].
pub trait Handle<T: Task> {
    const LIMITS: Limits = Limits::DEFAULT;

    /// [`Done`] comes only from [`TaskContext::finish`], so a handler cannot end without taking its task off the queue.
    ///
    /// # Errors
    /// [`TaskError`] says whether to try again. Failures of the database are [`TaskError::Retry`] by `?`.
    fn handle(&self, task: T, ctx: &TaskContext) -> impl Future<Output = Result<Done, TaskError>> + Send;
}

/// The task is off the queue, together with its effects.
#[derive(Debug)]
pub struct Done(());

/// Why a task was not done this time.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// To be tried again after `after`, or after the backoff. The reason is for the office: no secrets, no addresses.
    #[error("{reason}")]
    Retry { reason: String, after: Option<Duration> },
    /// Trying again won't help: a dead letter.
    #[error("{reason}")]
    GiveUp { reason: String },
    /// Another worker has the task now. Nothing of this attempt lasts.
    #[error("another worker has taken the task over")]
    LeaseLost,
}

impl TaskError {
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after: None }
    }

    pub fn give_up(reason: impl Into<String>) -> Self {
        Self::GiveUp { reason: reason.into() }
    }
}

impl From<DbError> for TaskError {
    fn from(error: DbError) -> Self {
        tracing::warn!(error = %error, source = ?std::error::Error::source(&error).map(ToString::to_string), "a task's transaction failed");
        Self::retry(error.to_string())
    }
}

impl From<sqlx::Error> for TaskError {
    fn from(error: sqlx::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<LeaseError> for TaskError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Lost => Self::LeaseLost,
            LeaseError::Db(inner) => inner.into(),
        }
    }
}

/// One attempt at one task.
#[derive(Debug, Clone)]
pub struct TaskContext {
    pub(crate) workers: Workers,
    pub(crate) claim: Claim,
    pub(crate) actor: Actor,
}

impl TaskContext {
    pub const fn tenant_id(&self) -> TenantId {
        self.claim.tenant_id
    }

    /// The same in every attempt: the key for services that know idempotency keys.
    pub const fn task_id(&self) -> TaskId {
        self.claim.task_id
    }

    /// How often it was tried, this time included.
    pub const fn attempts(&self) -> i32 {
        self.claim.attempts
    }

    /// The worker, on behalf of whoever caused the task.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// A transaction of the task's tenant.
    ///
    /// # Errors
    /// [`TaskError::Retry`].
    pub async fn begin(&self) -> Result<TenantTx, TaskError> {
        Ok(self.workers.deps().tenant_db.begin(&self.actor).await?)
    }

    /// Makes the effects in `tx` last and takes the task off the queue, both or neither.
    ///
    /// # Errors
    /// [`TaskError::LeaseLost`]: rolled back, since another worker has the task.
    pub async fn finish(&self, mut tx: TenantTx) -> Result<Done, TaskError> {
        queue::complete(&mut tx, &self.claim).await?;
        tx.commit().await?;
        Ok(Done(()))
    }

    /// Makes an intermediate step last, if the task is still ours; it gets a whole new lease.
    ///
    /// # Errors
    /// As [`TaskContext::finish`].
    pub async fn commit_step(&self, mut tx: TenantTx) -> Result<(), TaskError> {
        queue::renew(&mut tx, &self.claim, self.workers.deps().config.lease()).await?;
        tx.commit().await?;
        Ok(())
    }
}
