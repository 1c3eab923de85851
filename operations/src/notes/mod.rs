//! Notes on jobs and visits, as visible as their author chose. Nobody changes one.

mod store;

use chrono::{DateTime, Utc};
use serde::Serialize;
use surv_tenancy::{
    CustomerId, FieldErrors, Ids, JobId, NoteId, Role, VisitId,
    db::TenantTx,
    events::{self, Event, Visibility},
    page::{Page, rows_for},
};

/// Who may read a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum NoteVisibility {
    Office,
    /// Technicians of the job as well.
    Field,
    /// The customer as well.
    Customer,
}

impl From<NoteVisibility> for Visibility {
    fn from(visibility: NoteVisibility) -> Self {
        match visibility {
            NoteVisibility::Office => Self::Office,
            NoteVisibility::Field => Self::Field,
            NoteVisibility::Customer => Self::Customer,
        }
    }
}

/// A note, as far as everybody who sees it may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub note_id: NoteId,
    pub job_id: JobId,
    pub visit_id: Option<VisitId>,
    pub author_name: String,
    pub body: String,
    pub visibility: NoteVisibility,
    pub created_at: DateTime<Utc>,
}

/// Something to write down.
#[derive(Debug, Clone)]
pub struct NewNote {
    pub job_id: JobId,
    pub visit_id: Option<VisitId>,
    pub body: String,
    pub visibility: NoteVisibility,
}

/// Every way a use case on notes can fail.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    #[error("there is no such job or visit")]
    NotFound,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Adds a note to a job, or to one of its visits.
///
/// # Errors
/// [`NoteError::NotFound`]; [`NoteError::Invalid`] for a visibility that the author may not choose.
#[tracing::instrument(name = "notes.add", skip_all, fields(job.id = %new.job_id))]
pub async fn add(tx: &mut TenantTx, ids: &Ids, now: DateTime<Utc>, new: NewNote) -> Result<Note, NoteError> {
    let mut errors = FieldErrors::new();
    let body = errors.text("/body", &new.body, 1, 4000);
    let role = tx.actor().role().unwrap_or(Role::Manager);
    let allowed = match role {
        Role::Admin | Role::Manager => true,
        Role::Technician => new.visibility != NoteVisibility::Office,
        Role::Customer => new.visibility == NoteVisibility::Customer,
    };
    if !allowed {
        errors.add("/visibility", "is one that you can't choose");
    }
    errors.into_result()?;
    let place = store::place(tx, new.job_id, new.visit_id).await?.ok_or(NoteError::NotFound)?;
    let author_name = store::author_name(tx, role, new.job_id, place.customer_id).await?;
    // Only the office writes without showing its name: with a token that is confined to the job.
    let author_name = author_name.unwrap_or_else(|| "Office".to_owned());
    let note = Note {
        note_id: ids.next(),
        job_id: new.job_id,
        visit_id: new.visit_id,
        author_name,
        body,
        visibility: new.visibility,
        created_at: now,
    };
    store::insert(tx, &note, &place).await?;
    record(tx, ids, now, &note, place.customer_id).await?;
    Ok(note)
}

/// A job's notes that the caller may see, oldest first.
///
/// # Errors
/// The database's own.
pub async fn list(
    tx: &mut TenantTx,
    job_id: JobId,
    after: Option<NoteId>,
    limit: usize,
) -> Result<Page<Note, NoteId>, NoteError> {
    let rows = store::list(tx, job_id, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |note| note.note_id))
}

/// What the caller signs with, on whatever hangs off a job; `None` where their rights don't let them read it.
pub(crate) async fn author_name(
    tx: &mut TenantTx,
    role: Role,
    job_id: JobId,
    customer_id: CustomerId,
) -> sqlx::Result<Option<String>> {
    store::author_name(tx, role, job_id, customer_id).await
}

async fn record(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    note: &Note,
    customer_id: CustomerId,
) -> Result<(), NoteError> {
    let mut event = Event::new("note.added", "note", note.note_id)
        .job(note.job_id)
        .customer(customer_id)
        .visible_to(note.visibility.into());
    if let Some(visit_id) = note.visit_id {
        event = event.visit(visit_id);
    }
    events::record(tx, ids, now, event).await?;
    Ok(())
}
