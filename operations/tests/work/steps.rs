//! A technician's day: steps in order, repeated steps, and what becomes of visit and job.

use surv_operations::{
    assignments::{self, AssignmentState, Step},
    jobs::{self, JobState},
    visits::{self, VisitError},
};

use crate::support::{Company, at, hours, now};

#[tokio::test]
async fn visit_and_job_follow_the_technician() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let visit_id = company.book(&[hours(1, 8, 10), hours(2, 8, 10)]).await.1[0].visit_id;
    company.assign(visit_id, &technician).await.unwrap();
    let mut seen = Vec::new();

    for step in [Step::GoOnTheWay, Step::Arrive, Step::Complete] {
        company.step(&technician, visit_id, step).await.unwrap();
        seen.push(company.standing(visit_id).await);
    }

    let standing = |job: &str, open_visits, visit: &str, open| (job.to_owned(), open_visits, visit.to_owned(), open);
    assert_eq!(
        seen,
        [
            standing("scheduled", 2, "on_the_way", 1),
            standing("in_progress", 2, "in_progress", 1),
            standing("in_progress", 1, "completed", 0),
        ]
    );
}

#[tokio::test]
async fn a_step_repeated_answers_the_same_without_a_second_event() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let visit_id = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;
    company.assign(visit_id, &technician).await.unwrap();
    company.step(&technician, visit_id, Step::Arrive).await.unwrap();

    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut tx = company.begin(&technician).await;
        let mine = assignments::take_step(&mut tx, &company.ids, now(), visit_id, Step::Complete).await.unwrap();
        tx.commit().await.unwrap();
        answers.push((mine.state, mine.completed_at, mine.version));
    }

    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, AssignmentState::Completed);
    assert_eq!(company.events("assignment.completed").await, 1);
}

#[tokio::test]
async fn nobody_completes_before_arriving_or_sets_off_after() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let visit_id = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;
    company.assign(visit_id, &technician).await.unwrap();

    let early = company.step(&technician, visit_id, Step::Complete).await;
    company.step(&technician, visit_id, Step::Arrive).await.unwrap();
    let late = company.step(&technician, visit_id, Step::GoOnTheWay).await;

    assert!(matches!(early, Err(VisitError::AssignmentTransition { .. })), "{early:?}");
    assert!(matches!(late, Err(VisitError::AssignmentTransition { .. })), "{late:?}");
}

#[tokio::test]
async fn a_visit_is_done_when_whoever_is_not_is_taken_off() {
    let company = Company::new().await;
    let (done, idle) = (company.technician().await, company.technician().await);
    let visit_id = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;
    for technician in [&done, &idle] {
        company.assign(visit_id, technician).await.unwrap();
    }
    company.step(&done, visit_id, Step::Arrive).await.unwrap();
    company.step(&done, visit_id, Step::Complete).await.unwrap();

    company.release(visit_id, &idle).await.unwrap();

    assert_eq!(company.standing(visit_id).await, ("completed".to_owned(), 0, "completed".to_owned(), 0));
}

#[tokio::test]
async fn a_visit_to_which_nobody_drives_any_more_can_be_moved_and_given_to_the_same_person_again() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let visit_id = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;
    company.assign(visit_id, &technician).await.unwrap();
    company.step(&technician, visit_id, Step::GoOnTheWay).await.unwrap();

    company.release(visit_id, &technician).await.unwrap();
    let mut tx = company.office().await;
    let version = visits::get(&mut tx, visit_id).await.unwrap().version;
    visits::reschedule(&mut tx, &company.ids, now(), visit_id, version, hours(2, 8, 10)).await.unwrap();
    tx.commit().await.unwrap();
    company.assign(visit_id, &technician).await.unwrap();

    let mut tx = company.begin(&technician).await;
    let mine = assignments::get_mine(&mut tx, visit_id).await.unwrap();
    assert_eq!((mine.state, mine.on_the_way_at, mine.starts_at), (AssignmentState::Assigned, None, at(2, 8)));
}

#[tokio::test]
async fn a_moved_visit_takes_its_technician_along_unless_they_are_busy_then() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let moved = company.book(&[hours(1, 8, 10)]).await.1[0].clone();
    let fixed = company.book(&[hours(1, 12, 14)]).await.1[0].clone();
    for visit in [&moved, &fixed] {
        company.assign(visit.visit_id, &technician).await.unwrap();
    }
    let reschedule = async |version, from, to| {
        let mut tx = company.office().await;
        let times = hours(1, from, to);
        let visit = visits::reschedule(&mut tx, &company.ids, now(), moved.visit_id, version, times).await?;
        tx.commit().await.unwrap();
        Ok::<_, VisitError>(visit.version)
    };
    // Assigning counted as a change.
    let version = moved.version + 1;

    let busy = reschedule(version, 13, 15).await;
    let free = reschedule(version, 10, 12).await;
    let stale = reschedule(version, 14, 15).await;

    assert!(matches!(busy, Err(VisitError::TechnicianBusy)), "{busy:?}");
    assert!(free.is_ok(), "{free:?}");
    assert!(matches!(stale, Err(VisitError::Stale)), "{stale:?}");
}

#[tokio::test]
async fn whoever_is_no_active_technician_here_is_not_assigned() {
    let (company, rival) = (Company::new().await, Company::new().await);
    let visit_id = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;

    for somebody in [company.manager.clone(), rival.technician().await] {
        let refused = company.assign(visit_id, &somebody).await;
        assert!(matches!(refused, Err(VisitError::NoSuchTechnician)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_cancelled_visit_frees_its_technician_and_leaves_the_job_to_be_booked() {
    let company = Company::new().await;
    let technician = company.technician().await;
    let (job, booked) = company.book(&[hours(1, 8, 10)]).await;
    let other = company.book(&[hours(1, 8, 10)]).await.1[0].visit_id;
    company.assign(booked[0].visit_id, &technician).await.unwrap();

    let mut tx = company.office().await;
    let version = visits::get(&mut tx, booked[0].visit_id).await.unwrap().version;
    visits::cancel(&mut tx, &company.ids, now(), booked[0].visit_id, version, "rain").await.unwrap();
    tx.commit().await.unwrap();

    company.assign(other, &technician).await.unwrap();
    let mut tx = company.office().await;
    let job = jobs::get(&mut tx, job.job_id).await.unwrap();
    assert_eq!((job.state, job.open_visits), (JobState::Unscheduled, 0));
}
