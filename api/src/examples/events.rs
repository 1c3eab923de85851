use poem_openapi::types::Example;
use serde_json::json;

use super::{ADMIN, CURSOR, CUSTOMER, JOB, december};
use crate::resources::events::{AuditPage, EventBatch, EventView};

pub(super) const POSITION: &str = "8123-0193a722-f3c2-7a90-b3f5-0d6e81c97a42";

impl Example for EventView {
    fn example() -> Self {
        Self {
            position: POSITION.to_owned(),
            at: december(2, 10, 40),
            kind: "job.updated".to_owned(),
            subject_kind: "job".to_owned(),
            subject_id: JOB,
            actor_id: Some(ADMIN),
            actor_role: "admin".to_owned(),
            job_id: Some(JOB),
            visit_id: None,
            customer_id: Some(CUSTOMER),
            technician_id: None,
            changes: Some(json!({ "title": ["Heat pump", "Heat pump: yearly service"] })),
            gone: false,
        }
    }
}

impl Example for EventBatch {
    fn example() -> Self {
        Self { items: vec![EventView::example()], position: POSITION.to_owned() }
    }
}

impl Example for AuditPage {
    fn example() -> Self {
        Self { items: vec![EventView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}
