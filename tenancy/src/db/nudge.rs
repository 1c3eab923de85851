//! "There is work": said within the process once tasks were committed, for whoever passes it on to workers.

use std::sync::Arc;

use tokio::sync::Notify;

/// A hint without content. However often it is sent before somebody looks, it is received once. Clones are the same nudge.
#[derive(Debug, Clone, Default)]
pub struct Nudge(Arc<Notify>);

/// A nudge that waits for a transaction's commit.
#[derive(Debug)]
pub(super) struct Pending {
    nudge: Nudge,
    pub(super) wanted: bool,
}

impl Pending {
    pub(super) fn new(nudge: &Nudge) -> Self {
        Self { nudge: nudge.clone(), wanted: false }
    }

    pub(super) fn committed(&self) {
        if self.wanted {
            self.nudge.send();
        }
    }
}

impl Nudge {
    /// Never waits, and needs nobody to listen.
    pub fn send(&self) {
        self.0.notify_one();
    }

    /// Waits until it was sent since the last time. For one listener.
    pub async fn received(&self) {
        self.0.notified().await;
    }
}
