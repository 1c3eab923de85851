//! Many at once: what has to happen once happens once, and nobody gets a deadlock for an answer.

use std::sync::Arc;

use surv_operations::{
    assignments::{self, Step},
    customers, jobs,
    visits::{self, VisitError},
};

use crate::support::{Company, at, at_once, hours, now};

fn is_busy(answer: &Result<(), VisitError>) -> bool {
    matches!(answer, Err(VisitError::TechnicianBusy))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_overlapping_assignments_of_one_technician_one_is_made() {
    let company = Arc::new(Company::with_width(20).await);
    let technician = Arc::new(company.technician().await);
    let mut visits = Vec::new();
    for _ in 0..20 {
        // A job each: nothing but the technician is shared.
        visits.push(company.book(&[hours(1, 8, 10)]).await.1[0].visit_id);
    }

    let answers = at_once(20, |n| {
        let (company, technician, visit_id) = (company.clone(), technician.clone(), visits[n]);
        async move { company.assign(visit_id, &technician).await }
    })
    .await;

    let busy = answers.iter().filter(|answer| is_busy(answer)).count();
    let made = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!((made, busy), (1, 19), "{answers:?}");
    assert_eq!(company.events("assignment.assigned").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_visits_moved_to_the_same_hour_at_once_one_moves() {
    let company = Arc::new(Company::with_width(4).await);
    let technician = company.technician().await;
    for day in 10..20 {
        let mut pair = Vec::new();
        for hour in [6, 12] {
            let visit = company.book(&[hours(day, hour, hour + 1)]).await.1[0].clone();
            company.assign(visit.visit_id, &technician).await.unwrap();
            pair.push(visit.visit_id);
        }

        let answers = at_once(2, |n| {
            let (company, visit_id) = (company.clone(), pair[n]);
            async move {
                let mut tx = company.office().await;
                let version = visits::get(&mut tx, visit_id).await?.version;
                let times = hours(day, 8, 10);
                visits::reschedule(&mut tx, &company.ids, now(), visit_id, version, times).await?;
                tx.commit().await.unwrap();
                Ok(())
            }
        })
        .await;

        assert_eq!(answers.iter().filter(|answer| is_busy(answer)).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_booked_at_once_are_numbered_without_gaps_although_some_are_given_up() {
    let company = Arc::new(Company::with_width(20).await);

    let answers = at_once(30, |n| {
        let company = company.clone();
        async move {
            let mut tx = company.office().await;
            let new = company.new_job(&[hours(1, 8, 10)]);
            let (job, _) = jobs::create(&mut tx, &company.ids, now(), new).await.unwrap();
            if n % 3 == 0 {
                return None;
            }
            tx.commit().await.unwrap();
            Some(job.number)
        }
    })
    .await;

    let mut numbers: Vec<i64> = answers.into_iter().flatten().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_two_who_complete_at_once_completes_visit_and_job() {
    let company = Arc::new(Company::with_width(4).await);
    let pair = Arc::new([company.technician().await, company.technician().await]);
    for day in 0..8 {
        let visit_id = company.book(&[hours(day, 8, 10)]).await.1[0].visit_id;
        for technician in pair.iter() {
            company.assign(visit_id, technician).await.unwrap();
            company.step(technician, visit_id, Step::Arrive).await.unwrap();
        }

        let answers = at_once(2, |n| {
            let (company, pair) = (company.clone(), pair.clone());
            async move { company.step(&pair[n], visit_id, Step::Complete).await }
        })
        .await;

        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(company.standing(visit_id).await, ("completed".to_owned(), 0, "completed".to_owned(), 0));
    }
    assert_eq!(company.events("assignment.completed").await, 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_step_sent_eight_times_at_once_is_taken_once() {
    let company = Arc::new(Company::with_width(8).await);
    let technician = Arc::new(company.technician().await);
    let visit_id = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;
    company.assign(visit_id, &technician).await.unwrap();

    for (step, kind) in [
        (Step::GoOnTheWay, "assignment.on_the_way"),
        (Step::Arrive, "assignment.arrived"),
        (Step::Complete, "assignment.completed"),
    ] {
        let answers = at_once(8, |_| {
            let (company, technician) = (company.clone(), technician.clone());
            async move { company.step(&technician, visit_id, step).await }
        })
        .await;

        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(company.events(kind).await, 1);
    }
    assert_eq!(company.tasks("notify_on_the_way").await, 1);
    assert_eq!(company.standing(visit_id).await, ("completed".to_owned(), 0, "completed".to_owned(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_archived_with_work_that_is_booked_at_that_moment() {
    let company = Arc::new(Company::with_width(4).await);
    for _ in 0..10 {
        let customer_id = company.customer().await;
        let property_id = company.property(customer_id).await;

        let answers = at_once(2, |n| {
            let company = company.clone();
            async move {
                let mut tx = company.office().await;
                if n == 0 {
                    customers::archive(&mut tx, &company.ids, now(), customer_id, 1).await.ok()?;
                } else {
                    let new = jobs::NewJob { customer_id, property_id, ..company.new_job(&[]) };
                    jobs::create(&mut tx, &company.ids, now(), new).await.ok()?;
                }
                // Long enough for the other to have asked.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                tx.commit().await.ok()
            }
        })
        .await;

        assert_eq!(answers.iter().flatten().count(), 1, "either archived or booked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_job_while_its_technician_works_ends_in_one_of_both_orders() {
    let company = Arc::new(Company::with_width(4).await);
    let technician = Arc::new(company.technician().await);
    for day in 0..8 {
        let (job, visits) = company.book(&[hours(day, 8, 10)]).await;
        let visit_id = visits[0].visit_id;
        company.assign(visit_id, &technician).await.unwrap();
        let version = {
            let mut tx = company.office().await;
            jobs::get(&mut tx, job.job_id).await.unwrap().version
        };

        let answers = at_once(2, |n| {
            let (company, technician) = (company.clone(), technician.clone());
            async move {
                if n == 0 {
                    return company.step(&technician, visit_id, Step::GoOnTheWay).await.map_err(|e| e.to_string());
                }
                let mut tx = company.office().await;
                jobs::cancel(&mut tx, &company.ids, now(), job.job_id, version, "sold the house")
                    .await
                    .map_err(|error| error.to_string())?;
                tx.commit().await.map_err(|error| error.to_string())
            }
        })
        .await;

        assert!(answers[1].is_ok(), "{answers:?}");
        assert_eq!(company.standing(visit_id).await, ("cancelled".to_owned(), 0, "cancelled".to_owned(), 0));
        let mut tx = company.begin(&technician).await;
        let mine = assignments::list_mine(&mut tx, at(day, 0), at(day + 1, 0), None, 10).await.unwrap();
        assert!(mine.items.is_empty());
    }
}
