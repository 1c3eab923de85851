//! Who does a visit, and how far they are.
//!
//! The office assigns and releases; a technician moves the own assignments, and visit and job follow in the same
//! transaction. Locks are always taken in the order job, visit, assignment.

mod assignment;
mod mine;
mod store;
mod tasks;

use chrono::{DateTime, Utc};
use surv_tenancy::{
    Ids, UserId, VisitId,
    db::TenantTx,
    events::{self, Changes, Event, Visibility},
    queue,
};

pub use assignment::{Assignment, AssignmentState, InvalidTransition, Step};
pub use mine::{MinePosition, MyVisit, get_mine, list_mine};
pub use tasks::NotifyOnTheWay;

use crate::{
    jobs::{self, JobEvent, LockedJob},
    visits::{self, LockedVisit, VisitError, VisitEvent, VisitState},
};

/// Puts a technician on a visit. Doing it twice is once.
///
/// # Errors
/// [`VisitError::TechnicianBusy`] when their committed times would overlap; [`VisitError::NoSuchTechnician`];
/// [`VisitError::InvalidTransition`] when the visit is over.
#[tracing::instrument(name = "assignments.assign", skip_all, fields(visit.id = %visit_id))]
pub async fn assign(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    visit_id: VisitId,
    technician_id: UserId,
) -> Result<Assignment, VisitError> {
    let (_, mut visit) = locked(tx, visit_id).await?;
    if !visit.state.is_open() {
        return Err(visits::InvalidTransition { from: visit.state }.into());
    }
    let name = store::technician_name(tx, technician_id).await?.ok_or(VisitError::NoSuchTechnician)?;
    if let Some(assignment) = store::find(tx, visit_id, technician_id).await?
        && assignment.state != AssignmentState::Released
    {
        return Ok(assignment);
    }
    visits::take_turns(tx, &[technician_id]).await?;
    store::upsert(tx, &visit, technician_id, &name, now).await?;
    visit.open_assignments += 1;
    visits::move_state(tx, visit, now).await?;
    let changes = Changes::new().set("technician", &name);
    record(tx, ids, now, "assignment.assigned", &visit, technician_id, changes).await?;
    store::find(tx, visit_id, technician_id).await?.ok_or(VisitError::NotFound)
}

/// Takes a technician off a visit, which is then as far as those who are left: nobody drives there any more, or all of
/// them are done. Doing it twice is once.
///
/// # Errors
/// [`VisitError::NotFound`] for somebody who isn't on it; [`VisitError::AssignmentTransition`] for somebody who is
/// at work or done.
#[tracing::instrument(name = "assignments.release", skip_all, fields(visit.id = %visit_id))]
pub async fn release(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    visit_id: VisitId,
    technician_id: UserId,
) -> Result<(), VisitError> {
    let (job, mut visit) = locked(tx, visit_id).await?;
    let assignment = store::find(tx, visit_id, technician_id).await?.ok_or(VisitError::NotFound)?;
    match assignment.state {
        AssignmentState::Released => return Ok(()),
        AssignmentState::Arrived | AssignmentState::Completed => {
            return Err(VisitError::AssignmentTransition { from: assignment.state.as_str() });
        }
        AssignmentState::Assigned | AssignmentState::OnTheWay => {}
    }
    store::release(tx, visit_id, technician_id).await?;
    let before = visit.state;
    let rest = store::rest_of_visit(tx, visit_id).await?;
    visit.state = before.after(VisitEvent::Release { rest })?;
    visit.open_assignments = (visit.open_assignments - 1).max(0);
    visits::move_state(tx, visit, now).await?;
    if visit.state == VisitState::Completed {
        jobs::move_state(tx, job.visit_over(true)?, now).await?;
    }
    let changes = Changes::new().field("state", &assignment.state, &AssignmentState::Released).field(
        "visit",
        &before,
        &visit.state,
    );
    record(tx, ids, now, "assignment.released", &visit, technician_id, changes).await
}

/// Moves the caller's own assignment; visit and job follow. Repeating a step answers the same and changes nothing.
///
/// # Errors
/// [`VisitError::NotFound`] when the caller is not on the visit; [`VisitError::AssignmentTransition`] out of order.
#[tracing::instrument(name = "assignments.take_step", skip_all, fields(visit.id = %visit_id))]
pub async fn take_step(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    visit_id: VisitId,
    step: Step,
) -> Result<MyVisit, VisitError> {
    let technician_id = tx.actor().user_id().ok_or(VisitError::NotFound)?;
    let (job, visit) = locked(tx, visit_id).await?;
    let before = store::lock_state(tx, visit_id, technician_id).await?.ok_or(VisitError::NotFound)?;
    if before == step.target() {
        return get_mine(tx, visit_id).await;
    }
    let state = before.after(step).map_err(|error| VisitError::AssignmentTransition { from: error.from.as_str() })?;
    let (job_after, visit_after) = follow(job, visit, step)?;
    store::take_step(tx, visit_id, technician_id, step, now).await?;
    visits::move_state(tx, visit_after, now).await?;
    if (job_after.state, job_after.open_visits) != (job.state, job.open_visits) {
        jobs::move_state(tx, job_after, now).await?;
    }
    let changes = Changes::new()
        .field("state", &before, &state)
        .field("visit", &visit.state, &visit_after.state)
        .field("job", &job.state, &job_after.state);
    record(tx, ids, now, step.event_kind(), &visit_after, technician_id, changes).await?;
    if step == Step::GoOnTheWay {
        queue::enqueue(tx, ids, now, &NotifyOnTheWay { visit_id, technician_id }).await?;
    }
    get_mine(tx, visit_id).await
}

/// What becomes of job and visit when one technician takes a step.
fn follow(mut job: LockedJob, mut visit: LockedVisit, step: Step) -> Result<(LockedJob, LockedVisit), VisitError> {
    match step {
        Step::GoOnTheWay => visit.state = visit.state.after(VisitEvent::GoOnTheWay)?,
        Step::Arrive => {
            visit.state = visit.state.after(VisitEvent::Arrive)?;
            job.state = job.state.after(JobEvent::Start)?;
        }
        Step::Complete => {
            visit.open_assignments = (visit.open_assignments - 1).max(0);
            let open_assignments_left = visit.open_assignments;
            visit.state = visit.state.after(VisitEvent::Finish { open_assignments_left })?;
            if visit.state == VisitState::Completed {
                job = job.visit_over(true)?;
            }
        }
    }
    Ok((job, visit))
}

/// Job and visit, locked in this order.
async fn locked(tx: &mut TenantTx, visit_id: VisitId) -> Result<(LockedJob, LockedVisit), VisitError> {
    let job = jobs::lock_of_visit(tx, visit_id).await?.ok_or(VisitError::NotFound)?;
    let visit = visits::lock(tx, visit_id).await?.ok_or(VisitError::NotFound)?;
    Ok((job, visit))
}

async fn record(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    visit: &LockedVisit,
    technician_id: UserId,
    changes: Changes,
) -> Result<(), VisitError> {
    let event = Event::new(kind, "assignment", visit.visit_id)
        .job(visit.job_id)
        .visit(visit.visit_id)
        .customer(visit.customer_id)
        .technician(technician_id)
        .visible_to(Visibility::Customer)
        .changes(changes);
    events::record(tx, ids, now, event).await?;
    Ok(())
}
