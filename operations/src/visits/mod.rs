//! Dated slots of jobs: the plan, and the window that the customer was promised.

mod error;
mod schedule;
mod store;
mod visit;

use chrono::{DateTime, Utc};
use surv_tenancy::{
    CustomerId, FieldErrors, Ids, JobId, PropertyId, UserId, VisitId,
    db::TenantTx,
    events::{self, Changes, Event, Visibility},
};

pub use error::VisitError;
pub use schedule::{ScheduleFilter, SchedulePosition, ScheduledAssignment, ScheduledVisit, schedule};
pub(crate) use store::{LockedVisit, insert_all, lock, move_state, take_turns};
pub use visit::{InvalidTransition, NewVisit, RestOfVisit, Visit, VisitEvent, VisitState};

use crate::jobs::{self, JobEvent};

/// Visits of a new job, checked but not stored.
pub(crate) fn plan(
    ids: &Ids,
    now: DateTime<Utc>,
    wanted: &[NewVisit],
    time_zone: String,
    job_id: JobId,
    customer_id: CustomerId,
    property_id: PropertyId,
) -> Result<Vec<Visit>, FieldErrors> {
    let mut errors = FieldErrors::new();
    if wanted.len() > 20 {
        errors.add("/visits", "are more than 20");
    }
    for (position, new) in wanted.iter().enumerate() {
        new.check(&mut errors, &format!("/visits/{position}"));
    }
    errors.into_result()?;
    let visit = |new: &NewVisit| {
        let (window_start, window_end) = new.window();
        Visit {
            visit_id: ids.next(),
            job_id,
            customer_id,
            property_id,
            state: VisitState::Scheduled,
            starts_at: new.starts_at,
            ends_at: new.ends_at,
            window_start,
            window_end,
            time_zone: time_zone.clone(),
            open_assignments: 0,
            cancel_reason: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    };
    Ok(wanted.iter().map(visit).collect())
}

/// Adds a visit to a job.
///
/// # Errors
/// [`VisitError::NoSuchJob`]; [`VisitError::JobTransition`] when the job is cancelled; [`VisitError::Invalid`].
#[tracing::instrument(name = "visits.add", skip_all, fields(job.id = %job_id))]
pub async fn add(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    job_id: JobId,
    new: NewVisit,
) -> Result<Visit, VisitError> {
    let mut errors = FieldErrors::new();
    new.check(&mut errors, "");
    errors.into_result()?;
    let mut job = jobs::lock(tx, job_id).await?.ok_or(VisitError::NoSuchJob)?;
    job.state = job.state.after(JobEvent::Schedule)?;
    job.open_visits += 1;
    let time_zone = store::time_zone_of(tx, job.property_id).await?.ok_or(VisitError::NoSuchJob)?;
    let mut planned = plan(ids, now, &[new], time_zone, job_id, job.customer_id, job.property_id)?;
    insert_all(tx, &planned).await?;
    jobs::take_up(tx, job, now).await?;
    let visit = planned.pop().ok_or(VisitError::NotFound)?;
    let changes = Changes::new().set("starts_at", &visit.starts_at).set("ends_at", &visit.ends_at);
    record(tx, ids, now, "visit.scheduled", &visit, None, changes).await?;
    Ok(visit)
}

/// One visit, if the caller may see it.
///
/// # Errors
/// [`VisitError::NotFound`].
pub async fn get(tx: &mut TenantTx, visit_id: VisitId) -> Result<Visit, VisitError> {
    store::find(tx, visit_id).await?.ok_or(VisitError::NotFound)
}

/// All visits of a job, by time.
///
/// # Errors
/// The database's own.
pub async fn of_job(tx: &mut TenantTx, job_id: JobId) -> Result<Vec<Visit>, VisitError> {
    Ok(store::of_job(tx, job_id).await?)
}

/// Moves a visit; whoever is assigned moves along.
///
/// # Errors
/// [`VisitError::TechnicianBusy`] when somebody assigned is busy then; [`VisitError::Stale`].
#[tracing::instrument(name = "visits.reschedule", skip_all, fields(visit.id = %visit_id))]
pub async fn reschedule(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    visit_id: VisitId,
    seen_version: i32,
    new: NewVisit,
) -> Result<Visit, VisitError> {
    let mut errors = FieldErrors::new();
    new.check(&mut errors, "");
    errors.into_result()?;
    let before = seen(tx, visit_id, seen_version).await?;
    let state = before.state.after(VisitEvent::Reschedule)?;
    let (window_start, window_end) = new.window();
    let (starts_at, ends_at) = (new.starts_at, new.ends_at);
    let after = Visit { state, starts_at, ends_at, window_start, window_end, updated_at: now, ..before.clone() };
    let changes = before.differences(&after);
    if changes.is_empty() {
        return Ok(before);
    }
    let technicians = store::technicians(tx, visit_id).await?;
    take_turns(tx, &technicians).await?;
    let saved = store::update(tx, &after).await?.ok_or(VisitError::Stale)?;
    record(tx, ids, now, "visit.rescheduled", &saved, only(&technicians), changes).await?;
    Ok(saved)
}

/// Cancels a visit; whoever was assigned is free again.
///
/// # Errors
/// [`VisitError::InvalidTransition`] for a visit that is over; [`VisitError::Stale`].
#[tracing::instrument(name = "visits.cancel", skip_all, fields(visit.id = %visit_id))]
pub async fn cancel(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    visit_id: VisitId,
    seen_version: i32,
    reason: &str,
) -> Result<Visit, VisitError> {
    let reason = cancel_reason(reason)?;
    let before = seen(tx, visit_id, seen_version).await?;
    let state = before.state.after(VisitEvent::Cancel)?;
    let job = jobs::lock(tx, before.job_id).await?.ok_or(VisitError::NotFound)?;
    let any_done = store::any_done(tx, before.job_id).await?;
    let released = store::release_all(tx, visit_id).await?;
    let cancel_reason = Some(reason);
    let after = Visit { state, cancel_reason, open_assignments: 0, updated_at: now, ..before.clone() };
    let saved = store::update(tx, &after).await?.ok_or(VisitError::Stale)?;
    jobs::move_state(tx, job.visit_over(any_done)?, now).await?;
    record(tx, ids, now, "visit.cancelled", &saved, only(&released), before.differences(&saved)).await?;
    Ok(saved)
}

/// A reason that somebody can read later.
pub(crate) fn cancel_reason(text: &str) -> Result<String, FieldErrors> {
    let mut errors = FieldErrors::new();
    let reason = errors.line("/reason", text, 1, 500);
    errors.into_result()?;
    Ok(reason)
}

/// Cancels all open visits of a locked job and frees whoever was assigned.
pub(crate) async fn cancel_all_of(
    tx: &mut TenantTx,
    now: DateTime<Utc>,
    job_id: JobId,
    reason: &str,
) -> sqlx::Result<()> {
    store::cancel_all_of(tx, now, job_id, reason).await
}

/// The visit, its job locked first, as the caller saw it.
async fn seen(tx: &mut TenantTx, visit_id: VisitId, version: i32) -> Result<Visit, VisitError> {
    jobs::lock_of_visit(tx, visit_id).await?.ok_or(VisitError::NotFound)?;
    lock(tx, visit_id).await?.ok_or(VisitError::NotFound)?;
    let visit = get(tx, visit_id).await?;
    if visit.version == version { Ok(visit) } else { Err(VisitError::Stale) }
}

/// The technician to name in an event: by that alone, one who was released learns of it.
fn only(technicians: &[UserId]) -> Option<UserId> {
    match technicians {
        [technician] => Some(*technician),
        _ => None,
    }
}

async fn record(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    visit: &Visit,
    technician: Option<UserId>,
    changes: Changes,
) -> Result<(), VisitError> {
    let event = Event::new(kind, "visit", visit.visit_id)
        .job(visit.job_id)
        .visit(visit.visit_id)
        .customer(visit.customer_id)
        .visible_to(Visibility::Customer)
        .changes(changes);
    events::record(tx, ids, now, Event { technician_id: technician, ..event }).await?;
    Ok(())
}
