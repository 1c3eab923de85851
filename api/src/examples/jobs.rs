use poem_openapi::types::Example;

use super::{CURSOR, CUSTOMER, JOB, PROPERTY, december};
use crate::resources::{
    jobs::{Cancellation, JobInput, JobPage, JobStateView, JobView, PatchJob},
    visits::{VisitInput, VisitView},
};

pub(super) const NUMBER: i64 = 1042;
pub(super) const TITLE: &str = "Heat pump: yearly service";
pub(super) const DESCRIPTION: &str = "Filters, refrigerant pressure, noise on the balcony.";
const OFFICE_NOTES: &str = "Under warranty until March.";

impl Example for JobView {
    fn example() -> Self {
        Self {
            id: JOB,
            number: NUMBER,
            customer_id: CUSTOMER,
            property_id: PROPERTY,
            title: TITLE.to_owned(),
            description: DESCRIPTION.to_owned(),
            office_notes: OFFICE_NOTES.to_owned(),
            state: JobStateView::Scheduled,
            open_visits: 1,
            cancel_reason: None,
            archived_at: None,
            created_at: december(2, 10, 40),
            updated_at: december(2, 10, 40),
            version: 3,
            visits: Some(vec![VisitView::example()]),
        }
    }
}

impl Example for JobPage {
    fn example() -> Self {
        Self { items: vec![JobView { visits: None, ..JobView::example() }], next_cursor: Some(CURSOR.to_owned()) }
    }
}

impl Example for JobInput {
    fn example() -> Self {
        Self {
            customer_id: CUSTOMER,
            property_id: PROPERTY,
            title: TITLE.to_owned(),
            description: DESCRIPTION.to_owned(),
            office_notes: OFFICE_NOTES.to_owned(),
            visits: vec![VisitInput::example()],
        }
    }
}

impl Example for PatchJob {
    fn example() -> Self {
        Self {
            title: Some(TITLE.to_owned()),
            description: Some(DESCRIPTION.to_owned()),
            office_notes: Some(OFFICE_NOTES.to_owned()),
        }
    }
}

impl Example for Cancellation {
    fn example() -> Self {
        Self { reason: "The customer sold the flat.".to_owned() }
    }
}
