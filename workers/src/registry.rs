//! Which kinds of task there are, and how far each may go.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::BoxFuture;
use serde_json::Value;
use surv_tenancy::queue::Task;

use crate::{Done, Handle, TaskContext, TaskError, Workers};

/// How far one kind may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// After so many attempts a failing task is a dead letter.
    pub max_attempts: i32,
    /// An attempt that takes longer is stopped and counts as failed.
    pub time_limit: Duration,
}

impl Limits {
    pub const DEFAULT: Self = Self { max_attempts: 12, time_limit: Duration::from_secs(120) };
}

type Run = Box<dyn Fn(Workers, TaskContext, Value) -> BoxFuture<'static, Result<Done, TaskError>> + Send + Sync>;

pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) limits: Limits,
    run: Run,
}

impl Kind {
    /// The handler's work on a payload, not yet begun.
    pub(crate) fn run(&self, ctx: TaskContext, payload: Value) -> BoxFuture<'static, Result<Done, TaskError>> {
        (self.run)(ctx.workers.clone(), ctx, payload)
    }
}

/// The kinds that a worker knows. Others wait for a release that does.
#[derive(Default)]
pub struct Registry(BTreeMap<&'static str, Kind>);

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Registry {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind.
    #[must_use]
    pub fn with<T>(mut self) -> Self
    where
        T: Task + 'static,
        Workers: Handle<T>,
    {
        let run: Run = Box::new(|workers, ctx, payload| {
            Box::pin(async move {
                // serde's message may quote the payload, which may hold secrets.
                let task: T =
                    serde_json::from_value(payload).map_err(|_| TaskError::give_up("the payload cannot be read"))?;
                workers.handle(task, &ctx).await
            })
        });
        let kind = Kind { name: T::KIND, limits: <Workers as Handle<T>>::LIMITS, run };
        let replaced = self.0.insert(T::KIND, kind);
        debug_assert!(replaced.is_none(), "two handlers of {}", T::KIND);
        self
    }

    pub fn kinds(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    pub(crate) fn find(&self, kind: &str) -> Option<&Kind> {
        self.0.get(kind)
    }
}
