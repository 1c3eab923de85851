use poem_openapi::types::Example;

use super::{CURSOR, CUSTOMER, JOB, PROPERTY, TECHNICIAN, TIME_ZONE, VISIT, customers, december, jobs, properties};
use crate::resources::visits::{
    AssignmentInput, AssignmentStateView, AssignmentView, SchedulePage, ScheduledVisitView, VisitInput, VisitStateView,
    VisitView,
};

pub(super) const TECHNICIAN_NAME: &str = "Jonas Leitner";

impl Example for VisitInput {
    fn example() -> Self {
        Self {
            starts_at: december(9, 8, 0),
            ends_at: december(9, 9, 30),
            window_start: Some(december(9, 8, 0)),
            window_end: Some(december(9, 10, 0)),
        }
    }
}

impl Example for VisitView {
    fn example() -> Self {
        Self {
            id: VISIT,
            job_id: JOB,
            customer_id: CUSTOMER,
            property_id: PROPERTY,
            state: VisitStateView::Scheduled,
            starts_at: december(9, 8, 0),
            ends_at: december(9, 9, 30),
            window_start: december(9, 8, 0),
            window_end: december(9, 10, 0),
            time_zone: TIME_ZONE.to_owned(),
            open_assignments: 1,
            cancel_reason: None,
            version: 3,
        }
    }
}

impl Example for AssignmentView {
    fn example() -> Self {
        Self {
            technician_id: TECHNICIAN,
            technician_name: TECHNICIAN_NAME.to_owned(),
            state: AssignmentStateView::OnTheWay,
            on_the_way_at: Some(december(9, 7, 40)),
            arrived_at: None,
            completed_at: None,
        }
    }
}

impl Example for ScheduledVisitView {
    fn example() -> Self {
        let visit = VisitView::example();
        Self {
            id: VISIT,
            job_id: JOB,
            job_number: jobs::NUMBER,
            title: jobs::TITLE.to_owned(),
            customer_id: CUSTOMER,
            customer_name: customers::NAME.to_owned(),
            city: properties::CITY.to_owned(),
            state: VisitStateView::OnTheWay,
            starts_at: visit.starts_at,
            ends_at: visit.ends_at,
            window_start: visit.window_start,
            window_end: visit.window_end,
            time_zone: visit.time_zone,
            version: visit.version,
            assignments: vec![AssignmentView { on_the_way_at: None, ..AssignmentView::example() }],
        }
    }
}

impl Example for SchedulePage {
    fn example() -> Self {
        Self { items: vec![ScheduledVisitView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}

impl Example for AssignmentInput {
    fn example() -> Self {
        Self { technician_id: TECHNICIAN }
    }
}
