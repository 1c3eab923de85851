use poem_openapi::types::Example;

use super::{CURSOR, TASK, december};
use crate::resources::tasks::{Dismissal, TaskPage, TaskStateView, TaskView};

pub(super) const KIND: &str = "send_email";

impl Example for TaskView {
    fn example() -> Self {
        Self {
            id: TASK,
            kind: KIND.to_owned(),
            summary: "Send the e-mail “Invitation” to josef.gruber@example.com".to_owned(),
            state: TaskStateView::Dead,
            attempts: 12,
            last_error: Some("the provider refused the address".to_owned()),
            next_attempt_at: None,
            created_at: december(8, 16, 20),
        }
    }
}

impl Example for TaskPage {
    fn example() -> Self {
        Self { items: vec![TaskView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}

impl Example for Dismissal {
    fn example() -> Self {
        Self { reason: "Called them instead.".to_owned() }
    }
}
