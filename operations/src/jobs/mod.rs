//! Work agreed with a customer, at one property. It has visits; its state follows theirs.

mod error;
mod job;
mod store;

use chrono::{DateTime, Utc};
use surv_tenancy::{
    CustomerId, Ids, JobId, PropertyId, VisitId,
    db::TenantTx,
    events::{self, Changes, Event, Visibility},
    page::{Page, rows_for},
};

pub use error::JobError;
pub use job::{InvalidTransition, Job, JobEvent, JobPatch, JobState, JobWords};
pub use store::JobPosition;
pub(crate) use store::{lock, move_state, take_up};

use crate::{
    customers::{self, CustomerState},
    visits::{self, NewVisit, Visit},
};

/// A job to book.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub customer_id: CustomerId,
    pub property_id: PropertyId,
    pub title: String,
    pub description: String,
    pub office_notes: String,
    /// At most 20 at once.
    pub visits: Vec<NewVisit>,
}

/// Which jobs a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct JobFilter {
    pub state: Option<JobState>,
    pub customer_id: Option<CustomerId>,
}

/// Books a job with its visits.
///
/// # Errors
/// [`JobError::NoSuchCustomer`] and [`JobError::NoSuchProperty`] for ids that aren't there for the caller;
/// [`JobError::Invalid`] names every field that is not right.
#[tracing::instrument(name = "jobs.create", skip_all)]
pub async fn create(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    new: NewJob,
) -> Result<(Job, Vec<Visit>), JobError> {
    let words = JobWords::checked(&new.title, &new.description, &new.office_notes)?;
    if customers::hold(tx, new.customer_id).await? != Some(CustomerState::Active) {
        return Err(JobError::NoSuchCustomer);
    }
    let zone = store::time_zone_of_place(tx, new.customer_id, new.property_id).await?;
    let time_zone = zone.ok_or(JobError::NoSuchProperty)?;
    let job_id: JobId = ids.next();
    let planned = visits::plan(ids, now, &new.visits, time_zone, job_id, new.customer_id, new.property_id)?;
    let job = Job {
        job_id,
        number: store::next_number(tx).await?,
        customer_id: new.customer_id,
        property_id: new.property_id,
        title: words.title,
        description: words.description,
        office_notes: words.office_notes,
        state: if planned.is_empty() { JobState::Unscheduled } else { JobState::Scheduled },
        open_visits: i32::try_from(planned.len()).unwrap_or(i32::MAX),
        cancel_reason: None,
        archived_at: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    store::insert(tx, &job).await?;
    visits::insert_all(tx, &planned).await?;
    let changes = Changes::new().set("number", &job.number).set("title", &job.title).set("visits", &planned.len());
    record(tx, ids, now, "job.created", &job, Visibility::Customer, changes).await?;
    Ok((job, planned))
}

/// One job, if the caller may see it.
///
/// # Errors
/// [`JobError::NotFound`].
pub async fn get(tx: &mut TenantTx, job_id: JobId) -> Result<Job, JobError> {
    store::find(tx, job_id).await?.ok_or(JobError::NotFound)
}

/// Jobs that aren't archived, newest first.
///
/// # Errors
/// The database's own.
pub async fn list(
    tx: &mut TenantTx,
    filter: JobFilter,
    after: Option<JobPosition>,
    limit: usize,
) -> Result<Page<Job, JobPosition>, JobError> {
    let rows = store::list(tx, filter, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |job| JobPosition { created_at: job.created_at, job_id: job.job_id }))
}

/// Changes the words of a job.
///
/// # Errors
/// [`JobError::Stale`] when somebody changed the job since `seen_version`.
#[tracing::instrument(name = "jobs.update", skip_all, fields(job.id = %job_id))]
pub async fn update(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    job_id: JobId,
    seen_version: i32,
    patch: JobPatch,
) -> Result<Job, JobError> {
    let before = seen(tx, job_id, seen_version).await?;
    let words = JobWords::checked(
        patch.title.as_deref().unwrap_or(&before.title),
        patch.description.as_deref().unwrap_or(&before.description),
        patch.office_notes.as_deref().unwrap_or(&before.office_notes),
    )?;
    let JobWords { title, description, office_notes } = words;
    let after = Job { title, description, office_notes, updated_at: now, ..before.clone() };
    save(tx, ids, now, "job.updated", before, after, Visibility::Field).await
}

/// Cancels a job: its open visits with it, and whoever was assigned is free again.
///
/// # Errors
/// [`JobError::InvalidTransition`] for a job that is over; [`JobError::Stale`].
#[tracing::instrument(name = "jobs.cancel", skip_all, fields(job.id = %job_id))]
pub async fn cancel(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    job_id: JobId,
    seen_version: i32,
    reason: &str,
) -> Result<Job, JobError> {
    let before = seen(tx, job_id, seen_version).await?;
    let reason = visits::cancel_reason(reason)?;
    let state = before.state.after(JobEvent::Cancel)?;
    visits::cancel_all_of(tx, now, job_id, &reason).await?;
    let after = Job { state, open_visits: 0, cancel_reason: Some(reason), updated_at: now, ..before.clone() };
    save(tx, ids, now, "job.cancelled", before, after, Visibility::Customer).await
}

/// Takes a job that is over out of lists.
///
/// # Errors
/// [`JobError::StillOpen`]; [`JobError::Stale`].
#[tracing::instrument(name = "jobs.archive", skip_all, fields(job.id = %job_id))]
pub async fn archive(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    job_id: JobId,
    seen_version: i32,
) -> Result<Job, JobError> {
    let before = seen(tx, job_id, seen_version).await?;
    if !matches!(before.state, JobState::Completed | JobState::Cancelled) {
        return Err(JobError::StillOpen);
    }
    let archived_at = before.archived_at.or(Some(now));
    let after = Job { archived_at, updated_at: now, ..before.clone() };
    save(tx, ids, now, "job.archived", before, after, Visibility::Office).await
}

/// The job, locked, as the caller saw it, or why not. Jobs are always locked before their visits.
async fn seen(tx: &mut TenantTx, job_id: JobId, version: i32) -> Result<Job, JobError> {
    store::lock_row(tx, job_id).await?;
    let job = get(tx, job_id).await?;
    if job.version == version { Ok(job) } else { Err(JobError::Stale) }
}

async fn save(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    before: Job,
    after: Job,
    visibility: Visibility,
) -> Result<Job, JobError> {
    let changes = before.differences(&after);
    if changes.is_empty() {
        return Ok(before);
    }
    let saved = store::update(tx, &after).await?.ok_or(JobError::Stale)?;
    record(tx, ids, now, kind, &saved, visibility, changes).await?;
    Ok(saved)
}

async fn record(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    job: &Job,
    visibility: Visibility,
    changes: Changes,
) -> Result<(), JobError> {
    let event = Event::new(kind, "job", job.job_id)
        .job(job.job_id)
        .customer(job.customer_id)
        .visible_to(visibility)
        .changes(changes);
    events::record(tx, ids, now, event).await?;
    Ok(())
}

/// What a visit needs to know of its job, locked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LockedJob {
    pub job_id: JobId,
    pub customer_id: CustomerId,
    pub property_id: PropertyId,
    pub state: JobState,
    pub open_visits: i32,
}

impl LockedJob {
    /// The job after a visit was done or cancelled.
    pub(crate) fn visit_over(self, any_done: bool) -> Result<Self, InvalidTransition> {
        let open_visits = (self.open_visits - 1).max(0);
        let state = self.state.after(JobEvent::VisitOver { open_visits_left: open_visits, any_done })?;
        Ok(Self { state, open_visits, ..self })
    }
}

/// The job of a visit, locked: always before the visit itself.
pub(crate) async fn lock_of_visit(tx: &mut TenantTx, visit_id: VisitId) -> sqlx::Result<Option<LockedJob>> {
    match store::job_of_visit(tx, visit_id).await? {
        Some(job_id) => lock(tx, job_id).await,
        None => Ok(None),
    }
}
