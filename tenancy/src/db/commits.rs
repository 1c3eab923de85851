//! Whether a piece of work committed anything: what did not may be done again.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::error::DbError;

tokio::task_local! {
    static COMMITTED: Arc<AtomicBool>;
}

/// Does `work`, and says whether it committed anything, or may have. Sees what the same task does, not what it spawns.
pub async fn noting_commits<F: Future>(work: F) -> (F::Output, bool) {
    let committed = Arc::new(AtomicBool::new(false));
    let output = COMMITTED.scope(Arc::clone(&committed), work).await;
    (output, committed.load(Ordering::Relaxed))
}

/// Notes how a COMMIT ended. Only one that was answered with an error is surely none.
pub(super) fn note(outcome: Result<(), DbError>) -> Result<(), DbError> {
    if matches!(outcome, Ok(()) | Err(DbError::OutcomeUnknown(_))) {
        // Work that nobody asks about has no note.
        let _ = COMMITTED.try_with(|committed| committed.store(true, Ordering::Relaxed));
    }
    outcome
}
