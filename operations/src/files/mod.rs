//! What people upload: photos of jobs, the company's logo.
//!
//! A file is announced, uploaded to storage by whoever announced it, and completed; then a task makes images of our own
//! from it (`settle.rs`; docs/decisions/0015-files-in-s3.md). Until those are there, only the uploader and the office see
//! it. The row decides: what storage holds without one is deleted.

mod config;
mod error;
mod file;
mod keys;
pub mod settle;
mod store;
mod tasks;

use chrono::{DateTime, TimeDelta, Utc};
use surv_tenancy::{
    Ids, Role,
    db::TenantTx,
    events::{self, Changes, Event, Visibility},
    page::{Page, rows_for},
    queue,
};

pub use config::FilesConfig;
pub use error::FileError;
pub use file::{File, FilePurpose, FileState, FileVisibility, NewFile, Rejection, UPLOAD_TYPES, sha256};
pub use keys::{FileKey, Part, Variant};
pub use store::FileFilter;
pub use surv_tenancy::FileId;
pub use tasks::{ProcessFile, RemoveFile};

use crate::notes;

/// Announces a file: from now on its bytes may be uploaded.
///
/// # Errors
/// [`FileError::Invalid`] names every field that is not right; [`FileError::NoSuchPlace`]; [`FileError::TooManyUploads`].
#[tracing::instrument(name = "files.create", skip_all)]
pub async fn create(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    limits: &FilesConfig,
    new: NewFile,
) -> Result<File, FileError> {
    let role = tx.actor().role().unwrap_or(Role::Customer);
    let announced = new.checked(role, limits)?;
    let place = match announced.job_id {
        Some(job_id) => Some(store::place(tx, job_id, announced.visit_id).await?.ok_or(FileError::NoSuchPlace)?),
        None if tx.actor().confinement.is_confined() => return Err(FileError::Confined),
        None => None,
    };
    if !store::count_upload(tx, announced.bytes, limits).await? {
        return Err(FileError::TooManyUploads);
    }
    let uploader_name = match &place {
        Some(place) => notes::author_name(tx, role, place.job_id, place.customer_id).await?,
        None => match tx.actor().user_id() {
            Some(user_id) => store::member_name(tx, user_id).await?,
            None => None,
        },
    };
    let uploader_name = uploader_name.unwrap_or_else(|| "Office".to_owned());
    let file_id = ids.next();
    let upload_until = now + TimeDelta::minutes(limits.upload_minutes);
    let row = store::NewRow { file_id, place: place.as_ref(), uploader_name: &uploader_name, upload_until, now };
    store::insert(tx, row, &announced).await?;
    let file = get(tx, file_id).await?;
    let changes = Changes::new().set("name", &file.name).set("purpose", &file.purpose);
    record(tx, ids, now, "file.created", &file, Visibility::Office, changes).await?;
    Ok(file)
}

/// One file, if the caller may see it.
///
/// # Errors
/// [`FileError::NotFound`] when there is none, or none for this caller: the two are the same.
pub async fn get(tx: &mut TenantTx, file_id: FileId) -> Result<File, FileError> {
    store::find(tx, file_id).await?.ok_or(FileError::NotFound)
}

/// Files that the caller may see, newest first.
///
/// # Errors
/// The database's own.
pub async fn list(
    tx: &mut TenantTx,
    filter: FileFilter,
    after: Option<FileId>,
    limit: usize,
) -> Result<Page<File, FileId>, FileError> {
    let rows = store::list(tx, filter, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |file| file.file_id))
}

/// Takes an upload as done and has it processed. The caller has asked storage whether it is there.
///
/// # Errors
/// [`FileError::NotFound`]; [`FileError::NotTheUploader`].
#[tracing::instrument(name = "files.complete", skip_all, fields(file.id = %file_id))]
pub async fn complete(tx: &mut TenantTx, ids: &Ids, now: DateTime<Utc>, file_id: FileId) -> Result<File, FileError> {
    let before = own(tx, file_id).await?;
    if before.state != FileState::AwaitingUpload || !store::mark_uploaded(tx, file_id, now).await? {
        return get(tx, file_id).await;
    }
    let file = get(tx, file_id).await?;
    queue::enqueue(tx, ids, now, &ProcessFile { file_id }).await?;
    let changes = Changes::new().field("state", &before.state, &file.state);
    record(tx, ids, now, "file.uploaded", &file, Visibility::Office, changes).await?;
    Ok(file)
}

/// Takes a file away for good: nobody sees it any more, and its bytes are removed. The events about it stay.
///
/// # Errors
/// [`FileError::Stale`]; [`FileError::NotTheUploader`]; [`FileError::InUse`] for the logo.
#[tracing::instrument(name = "files.delete", skip_all, fields(file.id = %file_id))]
pub async fn delete(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    file_id: FileId,
    seen_version: i32,
) -> Result<(), FileError> {
    let file = own(tx, file_id).await?;
    if !store::mark_deleted(tx, file_id, seen_version, now).await? {
        return Err(FileError::Stale);
    }
    if file.purpose == FilePurpose::Logo && store::is_logo(tx, file_id).await? {
        return Err(FileError::InUse);
    }
    queue::enqueue(tx, ids, now, &RemoveFile { file_id }).await?;
    let changes = Changes::new().set("deleted", &true);
    record(tx, ids, now, "file.deleted", &file, shown_to(&file), changes).await
}

/// A file that the caller may change: policies let the office change any, others what they uploaded.
async fn own(tx: &mut TenantTx, file_id: FileId) -> Result<File, FileError> {
    let file = get(tx, file_id).await?;
    let actor = tx.actor();
    let may = actor.role().is_some_and(Role::is_office) || actor.user_id() == Some(file.uploader_id);
    if may { Ok(file) } else { Err(FileError::NotTheUploader) }
}

/// Who has seen a file.
fn shown_to(file: &File) -> Visibility {
    if file.state == FileState::Ready { file.visibility.into() } else { Visibility::Office }
}

async fn record(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    file: &File,
    visibility: Visibility,
    changes: Changes,
) -> Result<(), FileError> {
    let mut event = Event::new(kind, "file", file.file_id).visible_to(visibility).changes(changes);
    if let Some(job_id) = file.job_id {
        event = event.job(job_id);
    }
    if let Some(customer_id) = file.customer_id {
        event = event.customer(customer_id);
    }
    if let Some(visit_id) = file.visit_id {
        event = event.visit(visit_id);
    }
    events::record(tx, ids, now, event).await?;
    Ok(())
}
