//! Jobs as the office keeps them.

use surv_operations::{
    assignments::Step,
    customer_users::{self, CustomerUserState},
    jobs::{self, JobError, JobFilter, JobState},
    visits,
};

use crate::support::{Company, confined_to_job, hours, now};

#[tokio::test]
async fn a_cancelled_job_takes_its_visits_along_and_frees_its_technicians() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let (job, booked) = company.book(&[hours(1, 8, 10), hours(2, 8, 10)]).await;
    let other = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;
    company.assign(booked[0].visit_id, &technician).await.unwrap();

    let mut tx = company.office().await;
    let cancelled = jobs::cancel(&mut tx, &company.ids, now(), job.job_id, job.version, "moved away").await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!((cancelled.state, cancelled.open_visits), (JobState::Cancelled, 0));
    for visit in &booked {
        assert_eq!(company.standing(visit.visit_id).await.2, "cancelled");
    }
    company.assign(other, &technician).await.unwrap();
    assert_eq!(company.events("job.cancelled").await, 1);
    assert_eq!(company.events("visit.cancelled").await, 0);
}

#[tokio::test]
async fn only_what_is_over_is_archived_and_another_visit_brings_it_back() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let (job, booked) = company.book(&[hours(1, 8, 10)]).await;
    let archive = async |version| {
        let mut tx = company.office().await;
        let archived = jobs::archive(&mut tx, &company.ids, now(), job.job_id, version).await?;
        tx.commit().await.unwrap();
        Ok::<_, JobError>(archived)
    };

    let early = archive(job.version).await;
    company.assign(booked[0].visit_id, &technician).await.unwrap();
    company.step(&technician, booked[0].visit_id, Step::Arrive).await.unwrap();
    company.step(&technician, booked[0].visit_id, Step::Complete).await.unwrap();
    let version = {
        let mut tx = company.office().await;
        jobs::get(&mut tx, job.job_id).await.unwrap().version
    };
    let archived = archive(version).await.unwrap();
    let mut tx = company.office().await;
    visits::add(&mut tx, &company.ids, now(), job.job_id, hours(5, 8, 10)).await.unwrap();
    let back = jobs::get(&mut tx, job.job_id).await.unwrap();

    assert!(matches!(early, Err(JobError::StillOpen)), "{early:?}");
    assert!(archived.archived_at.is_some());
    assert_eq!((back.state, back.open_visits, back.archived_at), (JobState::Scheduled, 1, None));
}

#[tokio::test]
async fn a_list_shows_what_its_filter_names_newest_first_and_goes_on() {
    let company = Company::new().await;
    let (planned, _) = company.book(&[hours(1, 8, 10)]).await;
    let (waiting, _) = company.book(&[]).await;
    let neighbour = company.customer().await;
    let mut tx = company.office().await;
    let mut numbers = async |filter: JobFilter| {
        let first = jobs::list(&mut tx, filter, None, 1).await.unwrap();
        let mut found = first.items;
        if first.next.is_some() {
            found.extend(jobs::list(&mut tx, filter, first.next, 1).await.unwrap().items);
        }
        found.iter().map(|job| job.number).collect::<Vec<_>>()
    };
    let (scheduled, unscheduled) = (Some(JobState::Scheduled), Some(JobState::Unscheduled));
    let (own, none) = (Some(company.customer_id), Some(neighbour));

    assert_eq!(numbers(JobFilter::default()).await, [waiting.number, planned.number]);
    assert_eq!(numbers(JobFilter { state: scheduled, customer_id: None }).await, [planned.number]);
    assert_eq!(numbers(JobFilter { state: unscheduled, customer_id: own }).await, [waiting.number]);
    assert_eq!(numbers(JobFilter { state: None, customer_id: own }).await, [waiting.number, planned.number]);
    assert!(numbers(JobFilter { state: None, customer_id: none }).await.is_empty());
}

#[tokio::test]
async fn an_office_token_for_one_job_cannot_book_where_it_does_not_see_the_place() {
    let company = Company::new().await;
    let (job, _) = company.book(&[]).await;
    let confined = confined_to_job(&company.manager, job.job_id.0);

    let mut tx = company.begin(&confined).await;
    let refused = visits::add(&mut tx, &company.ids, now(), job.job_id, hours(1, 8, 10)).await;

    assert!(matches!(refused, Err(visits::VisitError::NoSuchJob)), "{refused:?}");
}

#[tokio::test]
async fn a_customers_log_in_is_added_once_and_can_be_taken_away() {
    let company = Company::new().await;
    let mut tx = company.office().await;
    let email = format!("{}@example.com", company.tenant_id);

    let first =
        customer_users::add(&mut tx, &company.ids, now(), company.customer_id, None, (&email, "Cy")).await.unwrap();
    let again =
        customer_users::add(&mut tx, &company.ids, now(), company.customer_id, None, (&email, "Cy")).await.unwrap();
    let place = (first.user_id, company.customer_id);
    let disabled =
        customer_users::move_to(&mut tx, &company.ids, now(), place, first.version, CustomerUserState::Disabled).await;
    tx.commit().await.unwrap();

    assert_eq!(first, again);
    assert_eq!(disabled.unwrap().state, CustomerUserState::Disabled);
    assert_eq!(company.events("customer_user.added").await, 1);
    assert_eq!(company.events("customer_user.disabled").await, 1);
}
