use poem_openapi::types::Example;

use super::{CURSOR, JOB, NOTE, VISIT, december, visits};
use crate::resources::notes::{NoteInput, NotePage, NoteView, VisibilityView};

const BODY: &str = "Filter changed; the fan bearing should be replaced next year.";

impl Example for NoteView {
    fn example() -> Self {
        Self {
            id: NOTE,
            job_id: JOB,
            visit_id: Some(VISIT),
            author_name: visits::TECHNICIAN_NAME.to_owned(),
            body: BODY.to_owned(),
            visibility: VisibilityView::Customer,
            created_at: december(9, 9, 20),
        }
    }
}

impl Example for NotePage {
    fn example() -> Self {
        Self { items: vec![NoteView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}

impl Example for NoteInput {
    fn example() -> Self {
        Self { body: BODY.to_owned(), visibility: VisibilityView::Customer, visit_id: Some(VISIT) }
    }
}
