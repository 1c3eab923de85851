//! Background work: the queue's runner, one file per task, and the reconcilers.
//!
//! A task's effects and its removal from the queue are one transaction ([`TaskContext::finish`]), so each is done once or
//! not at all; what happens outside the database is made safe to repeat by the task itself.

mod attempt;
mod config;
mod images;
mod metrics;
pub mod nudge;
mod reconcilers;
mod registry;
mod retention;
mod retry;
mod runner;
mod task;
mod tasks;

use std::sync::Arc;

use surv_integrations::{clamd::Scanner, s3::FileStore, sendgrid::MailClient};
use surv_operations::files::FilesConfig;
use surv_tenancy::{
    Clock, Ids,
    db::{PlatformDb, TenantDb},
};
use tokio::sync::{Notify, Semaphore};

pub use config::WorkerConfig;
pub use nudge::CHANNEL;
pub use reconcilers::{audit_chain, files::ReconcileError};
pub use registry::{Limits, Registry};
pub use retention::Retention;
pub use task::{Done, Handle, TaskContext, TaskError};
pub use tasks::send_email::render as emails;

use metrics::Metrics;

const IMAGES_AT_ONCE: usize = 2;

/// What workers are made of.
#[derive(Debug, Clone)]
pub struct WorkerDeps {
    pub tenant_db: TenantDb,
    pub platform_db: PlatformDb,
    pub clock: Clock,
    pub ids: Ids,
    pub mail: MailClient,
    /// Absent: files wait.
    pub storage: Option<FileStore>,
    /// Absent: uploads are not scanned for viruses.
    pub scanner: Option<Scanner>,
    pub files: FilesConfig,
    pub config: WorkerConfig,
    /// Where the workers' metrics are registered; the caller renders them.
    pub metrics: prometheus::Registry,
    /// Says "look now" between processes. Everything works without, at the pace of the poll.
    pub redis: Option<deadpool_redis::redis::Client>,
}

/// Why the workers cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("an e-mail's template is faulty")]
    Template(#[from] tera::Error),
    #[error("the metrics are registered already")]
    Metrics(#[from] prometheus::Error),
}

/// Runs tasks. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Workers(Arc<Inner>);

struct Inner {
    deps: WorkerDeps,
    registry: Registry,
    emails: emails::Emails,
    metrics: Metrics,
    /// Images take memory: so many are made at once.
    image_places: Arc<Semaphore>,
    nudge: Notify,
    reconcile: Notify,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers").field("registry", &self.0.registry).finish_non_exhaustive()
    }
}

impl Workers {
    /// Workers for every kind of task that Surv has.
    ///
    /// # Errors
    /// [`SetupError`]: a mistake in the program or in who calls it.
    pub fn new(deps: WorkerDeps) -> Result<Self, SetupError> {
        Self::with_kinds(deps, tasks::all())
    }

    /// Workers for the kinds of a registry, for tests.
    ///
    /// # Errors
    /// As [`Workers::new`].
    pub fn with_kinds(deps: WorkerDeps, registry: Registry) -> Result<Self, SetupError> {
        let metrics = Metrics::register(&deps.metrics)?;
        let emails = emails::Emails::new()?;
        let image_places = Arc::new(Semaphore::new(IMAGES_AT_ONCE));
        let (nudge, reconcile) = (Notify::new(), Notify::new());
        Ok(Self(Arc::new(Inner { deps, registry, emails, metrics, image_places, nudge, reconcile })))
    }

    /// Every kind that is registered.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.0.registry.kinds()
    }

    /// Looks for work now instead of at the next poll: something was committed.
    pub fn nudge(&self) {
        self.0.nudge.notify_one();
        self.0.reconcile.notify_one();
    }

    pub(crate) fn deps(&self) -> &WorkerDeps {
        &self.0.deps
    }
}
