//! Work that assignments cause.

use serde::{Deserialize, Serialize};
use surv_tenancy::{UserId, VisitId, queue::Task};

/// Tells the customer that somebody is on the way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NotifyOnTheWay {
    pub visit_id: VisitId,
    pub technician_id: UserId,
}

impl Task for NotifyOnTheWay {
    const KIND: &'static str = "notify_on_the_way";
}
