use poem_openapi::types::Example;

use super::{CURSOR, JOB, TIME_ZONE, VISIT, customers, december, jobs, properties};
use crate::resources::{
    visits::{AssignmentStateView, VisitStateView},
    work::{WorkPage, WorkVisitView},
};

impl Example for WorkVisitView {
    fn example() -> Self {
        Self {
            id: VISIT,
            job_id: JOB,
            job_number: jobs::NUMBER,
            title: jobs::TITLE.to_owned(),
            description: jobs::DESCRIPTION.to_owned(),
            state: AssignmentStateView::Arrived,
            visit_state: VisitStateView::InProgress,
            starts_at: december(9, 8, 0),
            ends_at: december(9, 9, 30),
            window_start: december(9, 8, 0),
            window_end: december(9, 10, 0),
            time_zone: TIME_ZONE.to_owned(),
            customer_name: customers::NAME.to_owned(),
            customer_phone: Some(customers::PHONE.to_owned()),
            street: properties::STREET.to_owned(),
            city: properties::CITY.to_owned(),
            postal_code: properties::POSTAL_CODE.to_owned(),
            country: properties::COUNTRY.to_owned(),
            latitude: Some(properties::LATITUDE),
            longitude: Some(properties::LONGITUDE),
            access_notes: properties::ACCESS_NOTES.to_owned(),
            on_the_way_at: Some(december(9, 7, 40)),
            arrived_at: Some(december(9, 8, 3)),
            completed_at: None,
        }
    }
}

impl Example for WorkPage {
    fn example() -> Self {
        Self { items: vec![WorkVisitView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}
