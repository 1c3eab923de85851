//! Who sees what: technicians their own visits, customers what is granted, nobody another company's.

use surv_operations::{
    assignments::{self, Step},
    jobs::{self, JobError},
    portal, properties,
    visits::{self, VisitError},
};
use surv_tenancy::Ids;

use crate::support::{Company, at, confined_to_job, hours, now};

#[tokio::test]
async fn a_technician_sees_and_moves_own_visits_only() {
    let company = Company::new().await;
    let (mine, other) = (company.technician().await, company.technician().await);
    let own = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;
    let foreign = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;
    company.assign(own, &mine).await.unwrap();
    company.assign(foreign, &other).await.unwrap();

    let refused = company.step(&mine, foreign, Step::GoOnTheWay).await;

    assert!(matches!(refused, Err(VisitError::NotFound)), "{refused:?}");
    let mut tx = company.begin(&mine).await;
    let list = assignments::list_mine(&mut tx, at(0, 0), at(5, 0), None, 10).await.unwrap();
    assert_eq!(list.items.iter().map(|visit| visit.visit_id).collect::<Vec<_>>(), [own]);
    assert_eq!(list.items[0].access_notes, "key under the mat");
    assert_eq!(list.items[0].customer_phone.as_deref(), Some("+4930901820"));
    assert!(matches!(assignments::get_mine(&mut tx, foreign).await, Err(VisitError::NotFound)));
}

#[tokio::test]
async fn a_technicians_list_goes_on_where_a_page_ended() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let (_, visits) = company.book(&[hours(3, 8, 9), hours(1, 8, 9), hours(2, 8, 9)]).await;
    for visit in &visits {
        company.assign(visit.visit_id, &technician).await.unwrap();
    }
    let mut tx = company.begin(&technician).await;

    let first = assignments::list_mine(&mut tx, at(0, 0), at(9, 0), None, 2).await.unwrap();
    let second = assignments::list_mine(&mut tx, at(0, 0), at(9, 0), first.next, 2).await.unwrap();

    let starts: Vec<_> = first.items.iter().chain(&second.items).map(|visit| visit.starts_at).collect();
    assert_eq!(starts, [at(1, 8), at(2, 8), at(3, 8)]);
    assert_eq!(second.next, None);
}

#[tokio::test]
async fn a_technician_whose_token_is_confined_to_the_job_can_do_it() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let (job, visits) = company.book(&[hours(1, 8, 10)]).await;
    let other = company.book(&[hours(2, 8, 10)]).await.1[0].visit_id;
    for visit_id in [visits[0].visit_id, other] {
        company.assign(visit_id, &technician).await.unwrap();
    }
    let confined = confined_to_job(&technician, job.job_id.0);

    company.step(&confined, visits[0].visit_id, Step::GoOnTheWay).await.unwrap();
    let refused = company.step(&confined, other, Step::GoOnTheWay).await;

    assert!(matches!(refused, Err(VisitError::NotFound)), "{refused:?}");
    let mut tx = company.begin(&confined).await;
    let list = assignments::list_mine(&mut tx, at(0, 0), at(9, 0), None, 10).await.unwrap();
    assert_eq!(list.items.len(), 1);
}

#[tokio::test]
async fn a_customer_sees_own_jobs_with_who_comes_but_not_the_plan_or_the_notes() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let neighbour = company.customer().await;
    let (customer, other) = (company.customer_user(company.customer_id).await, company.customer_user(neighbour).await);
    let (job, visits) = company.book(&[hours(1, 8, 10)]).await;
    company.assign(visits[0].visit_id, &technician).await.unwrap();

    let mut tx = company.begin(&customer).await;
    let list = portal::jobs(&mut tx, None, 10).await.unwrap();
    let (seen, dates) = portal::job(&mut tx, job.job_id).await.unwrap().unwrap();

    assert_eq!(list.items.len(), 1);
    assert_eq!((seen.number, dates.len()), (job.number, 1));
    assert_eq!(dates[0].technicians[0].name, "Tess Technician");
    for denied in [
        "SELECT office_notes FROM jobs",
        "SELECT open_visits FROM jobs",
        "SELECT starts_at FROM visits",
        "SELECT starts_at FROM assignments",
        "SELECT access_notes FROM properties",
        "SELECT author_id FROM notes",
        "SELECT changes FROM events",
        "UPDATE jobs SET state = 'completed'",
    ] {
        let mut tx = company.begin(&customer).await;
        let error = sqlx::query(denied).execute(tx.conn()).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("42501"), "{denied}");
    }
    let mut tx = company.begin(&other).await;
    assert!(portal::jobs(&mut tx, None, 10).await.unwrap().items.is_empty());
    assert!(portal::job(&mut tx, job.job_id).await.unwrap().is_none());
}

#[tokio::test]
async fn ids_of_another_company_are_as_unknown_as_ids_of_nobody() {
    let (company, rival) = (Company::new().await, Company::new().await);
    let (job, visits) = rival.book(&[hours(1, 8, 10)]).await;
    let ids = Ids::system();

    for customer_id in [rival.customer_id, ids.next()] {
        let mut tx = company.office().await;
        let new = jobs::NewJob { customer_id, ..company.new_job(&[]) };
        let refused = jobs::create(&mut tx, &company.ids, now(), new).await;
        assert!(matches!(refused, Err(JobError::NoSuchCustomer)), "{refused:?}");
    }
    let neighbour = company.customer().await;
    for property_id in [rival.property_id, ids.next(), company.property(neighbour).await] {
        let mut tx = company.office().await;
        let new = jobs::NewJob { property_id, ..company.new_job(&[]) };
        let refused = jobs::create(&mut tx, &company.ids, now(), new).await;
        assert!(matches!(refused, Err(JobError::NoSuchProperty)), "{refused:?}");
    }
    let mut tx = company.office().await;
    assert!(matches!(jobs::get(&mut tx, job.job_id).await, Err(JobError::NotFound)));
    assert!(matches!(visits::get(&mut tx, visits[0].visit_id).await, Err(VisitError::NotFound)));
    assert!(properties::get(&mut tx, rival.property_id).await.is_err());
    let refused = visits::add(&mut tx, &company.ids, now(), job.job_id, hours(1, 1, 2)).await;
    assert!(matches!(refused, Err(VisitError::NoSuchJob)), "{refused:?}");
}
