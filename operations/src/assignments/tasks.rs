//! Work that assignments cause.

use serde::{Deserialize, Serialize};
use surv_tenancy::{UserId, VisitId, queue::Task};
use uuid::Uuid;

/// Tells the customer that somebody is on the way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NotifyOnTheWay {
    pub visit_id: VisitId,
    pub technician_id: UserId,
}

impl Task for NotifyOnTheWay {
    const KIND: &'static str = "notify_on_the_way";

    fn about(&self) -> Option<Uuid> {
        Some(self.visit_id.0)
    }
}
