use poem_openapi::types::Example;

use super::{CURSOR, JOB, TIME_ZONE, VISIT, december, jobs, visits};
use crate::resources::{
    jobs::JobStateView,
    portal::{PortalJobPage, PortalJobView, PortalTechnicianView, PortalVisitView},
    visits::{AssignmentStateView, VisitStateView},
};

impl Example for PortalJobView {
    fn example() -> Self {
        Self {
            id: JOB,
            number: jobs::NUMBER,
            title: jobs::TITLE.to_owned(),
            description: jobs::DESCRIPTION.to_owned(),
            state: JobStateView::InProgress,
            created_at: december(2, 10, 40),
            visits: Some(vec![PortalVisitView::example()]),
        }
    }
}

impl Example for PortalVisitView {
    fn example() -> Self {
        Self {
            id: VISIT,
            state: VisitStateView::OnTheWay,
            window_start: december(9, 8, 0),
            window_end: december(9, 10, 0),
            time_zone: TIME_ZONE.to_owned(),
            technicians: vec![PortalTechnicianView::example()],
        }
    }
}

impl Example for PortalTechnicianView {
    fn example() -> Self {
        Self { name: visits::TECHNICIAN_NAME.to_owned(), state: AssignmentStateView::OnTheWay }
    }
}

impl Example for PortalJobPage {
    fn example() -> Self {
        let job = PortalJobView { visits: None, ..PortalJobView::example() };
        Self { items: vec![job], next_cursor: Some(CURSOR.to_owned()) }
    }
}
