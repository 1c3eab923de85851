//! Work that no request asks for: each looks at the database, without input, and brings it up to date. On a timer, and
//! when nudged.

pub mod audit_chain;
mod dead_tasks;
pub(crate) mod files;
mod purge;
mod queue_state;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::Workers;

/// A nudge, but not before a pause: tasks are nudged about far more often than chains have to grow.
async fn nudged(workers: &Workers, pause: Duration) {
    tokio::time::sleep(pause).await;
    workers.0.reconcile.notified().await;
}

/// Runs all of them until `shutdown`.
pub(crate) async fn run(workers: Workers, shutdown: CancellationToken) {
    let config = &workers.deps().config;
    let (audit, purge) = (Duration::from_millis(config.audit_ms), Duration::from_millis(config.purge_ms));
    let chains = async {
        loop {
            if let Err(error) = audit_chain::catch_up(&workers).await {
                tracing::warn!(%error, "audit chains could not be brought up to date");
            }
            if let Err(error) = queue_state::measure(&workers).await {
                tracing::warn!(%error, "the queue could not be measured");
            }
            tokio::select! {
                () = tokio::time::sleep(audit) => {}
                () = nudged(&workers, audit / 10) => {}
            }
        }
    };
    let purges = async {
        loop {
            if let Err(error) = purge::run(&workers).await {
                tracing::warn!(%error, "what is too old could not be deleted");
            }
            tokio::time::sleep(purge).await;
        }
    };
    let files = async {
        loop {
            if let Err(error) = workers.reconcile_files().await {
                tracing::warn!(%error, "files and storage could not be brought together");
            }
            tokio::time::sleep(purge).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = files => {}
        () = chains => {}
        () = purges => {}
    }
}
