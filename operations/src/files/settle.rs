//! What the worker makes of an upload: a ready file, or a rejected one. Each step is guarded by the state before it, so
//! that a task that runs twice, or beside a deletion, changes nothing the second time.

use chrono::{DateTime, Utc};
use surv_tenancy::{
    FileId, Ids,
    db::TenantTx,
    events::{Changes, Visibility},
};

use super::{
    File, FileError, FileState, Rejection, get, record,
    store::settle::{self as store, Content},
};

pub use super::store::settle::{Content as MadeImage, Held};

/// The upload, marked as being processed; `None` if there is nothing (more) to do.
///
/// # Errors
/// The database's own.
pub async fn begin(tx: &mut TenantTx, now: DateTime<Utc>, file_id: FileId) -> Result<Option<File>, FileError> {
    if !store::mark_processing(tx, file_id, now).await? {
        return Ok(None);
    }
    get(tx, file_id).await.map(Some)
}

/// The images are in storage. False if the file was settled or deleted meanwhile.
///
/// # Errors
/// The database's own.
pub async fn ready(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    file_id: FileId,
    made: Content,
) -> Result<bool, FileError> {
    if !store::mark_ready(tx, file_id, made, now).await? {
        return Ok(false);
    }
    let file = get(tx, file_id).await?;
    let changes = Changes::new().field("state", &FileState::Processing, &file.state);
    record(tx, ids, now, "file.ready", &file, file.visibility.into(), changes).await?;
    Ok(true)
}

/// No image is made of it.
///
/// # Errors
/// The database's own.
pub async fn reject(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    file_id: FileId,
    why: Rejection,
) -> Result<(), FileError> {
    if !store::mark_rejected(tx, file_id, why, now).await? {
        return Ok(());
    }
    let file = get(tx, file_id).await?;
    let changes = Changes::new().set("state", &file.state).set("rejection", &why);
    record(tx, ids, now, "file.rejected", &file, Visibility::Office, changes).await
}

/// Rejects up to `most` files that should have been uploaded before `uploaded_by`, or were last tried to be processed
/// before `tried_since`; how many.
///
/// # Errors
/// The database's own.
pub async fn give_up_late(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    uploaded_by: DateTime<Utc>,
    tried_since: DateTime<Utc>,
    most: i64,
) -> Result<u64, FileError> {
    let mut count = 0;
    for (file_id, state) in store::late(tx, uploaded_by, tried_since, most).await? {
        let is_awaited = state == FileState::AwaitingUpload;
        let why = if is_awaited { Rejection::NeverUploaded } else { Rejection::NotProcessed };
        reject(tx, ids, now, file_id, why).await?;
        count += 1;
    }
    Ok(count)
}

/// What files of these ids may hold in storage; an id that is not answered is of no file.
///
/// # Errors
/// The database's own.
pub async fn held(tx: &mut TenantTx, file_ids: &[FileId]) -> Result<Vec<Held>, FileError> {
    Ok(store::held(tx, file_ids).await?)
}
