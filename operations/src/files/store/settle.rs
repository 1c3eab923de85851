//! The worker's statements on files.

use chrono::{DateTime, Utc};
use surv_tenancy::{FileId, db::TenantTx};
use uuid::Uuid;

use crate::files::{FileState, Part, Rejection};

/// The image that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    pub content_type: &'static str,
    pub bytes: i64,
    pub width: i32,
    pub height: i32,
}

/// Holds the row from here on. True again for a file that is being processed: whoever began it may be gone.
#[tracing::instrument(name = "db.files.mark_processing", level = "debug", skip_all, err)]
pub async fn mark_processing(tx: &mut TenantTx, file_id: FileId, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE files
            SET state = 'processing', updated_at = $2, version = version + CASE state WHEN 'uploaded' THEN 1 ELSE 0 END
          WHERE file_id = $1 AND state IN ('uploaded', 'processing') AND deleted_at IS NULL",
        file_id.0,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

#[tracing::instrument(name = "db.files.mark_ready", level = "debug", skip_all, err)]
pub async fn mark_ready(tx: &mut TenantTx, file_id: FileId, made: Content, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE files
            SET state = 'ready', content_type = $2, content_bytes = $3, width = $4, height = $5, updated_at = $6,
                version = version + 1
          WHERE file_id = $1 AND state = 'processing' AND deleted_at IS NULL",
        file_id.0,
        made.content_type,
        made.bytes,
        made.width,
        made.height,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

#[tracing::instrument(name = "db.files.mark_rejected", level = "debug", skip_all, err)]
pub async fn mark_rejected(
    tx: &mut TenantTx,
    file_id: FileId,
    why: Rejection,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE files SET state = 'rejected', rejection = $2, updated_at = $3, version = version + 1
          WHERE file_id = $1 AND state IN ('awaiting_upload', 'uploaded', 'processing') AND deleted_at IS NULL",
        file_id.0,
        why as Rejection,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Files that wait for too long. Held until the transaction ends, so that what goes on meanwhile is seen first.
#[tracing::instrument(name = "db.files.late", level = "debug", skip_all, err)]
pub async fn late(
    tx: &mut TenantTx,
    uploaded_by: DateTime<Utc>,
    tried_since: DateTime<Utc>,
    most: i64,
) -> sqlx::Result<Vec<(FileId, FileState)>> {
    let rows = sqlx::query!(
        r#"SELECT file_id AS "file_id: FileId", state AS "state: FileState" FROM files
            WHERE state IN ('awaiting_upload', 'uploaded', 'processing') AND deleted_at IS NULL
              AND CASE state WHEN 'awaiting_upload' THEN upload_until < $1 ELSE updated_at < $2 END
            ORDER BY file_id LIMIT $3 FOR UPDATE"#,
        uploaded_by,
        tried_since,
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.file_id, row.state)).collect())
}

/// Whether a file needs its original, its images, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub file_id: FileId,
    pub state: FileState,
    pub is_deleted: bool,
}

impl Held {
    /// Whether an object of the file is still of use. States only go forward, so what is not wanted now never is again.
    pub const fn wants(&self, part: Part) -> bool {
        if self.is_deleted {
            return false;
        }
        match (part, self.state) {
            (Part::Original, FileState::AwaitingUpload | FileState::Uploaded | FileState::Processing)
            | (Part::Image(_), FileState::Processing | FileState::Ready) => true,
            (Part::Original, FileState::Ready | FileState::Rejected)
            | (Part::Image(_), FileState::AwaitingUpload | FileState::Uploaded | FileState::Rejected) => false,
        }
    }
}

#[tracing::instrument(name = "db.files.held", level = "debug", skip_all, err)]
pub async fn held(tx: &mut TenantTx, file_ids: &[FileId]) -> sqlx::Result<Vec<Held>> {
    let ids: Vec<Uuid> = file_ids.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        Held,
        r#"SELECT file_id AS "file_id: FileId", state AS "state: FileState", deleted_at IS NOT NULL AS "is_deleted!"
             FROM files WHERE file_id = ANY ($1)"#,
        &ids,
    )
    .fetch_all(tx.conn())
    .await
}
