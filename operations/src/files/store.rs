//! Every statement on files; the worker's are in `settle`.

pub mod settle;

use chrono::{DateTime, Utc};
use surv_tenancy::{CustomerId, FileId, JobId, PropertyId, UserId, VisitId, db::TenantTx};
use uuid::Uuid;

use super::{
    FilesConfig,
    file::{Announced, File, FilePurpose, FileState, FileVisibility, Rejection},
};

/// Where a photo hangs.
pub struct FilePlace {
    pub job_id: JobId,
    pub customer_id: CustomerId,
    pub property_id: PropertyId,
}

/// The job's customer and property, if the job is there for the caller and the visit is one of its.
#[tracing::instrument(name = "db.files.place", level = "debug", skip_all, err)]
pub async fn place(tx: &mut TenantTx, job_id: JobId, visit_id: Option<VisitId>) -> sqlx::Result<Option<FilePlace>> {
    sqlx::query_as!(
        FilePlace,
        r#"
        SELECT job_id AS "job_id: JobId", customer_id AS "customer_id: CustomerId", property_id AS "property_id: PropertyId"
          FROM jobs
         WHERE job_id = $1
           AND ($2::uuid IS NULL OR EXISTS (SELECT FROM visits v WHERE v.job_id = $1 AND v.visit_id = $2))
        "#,
        job_id.0,
        visit_id.map(|id| id.0),
    )
    .fetch_optional(tx.conn())
    .await
}

/// A member's name, if the caller may read members.
#[tracing::instrument(name = "db.files.member_name", level = "debug", skip_all, err)]
pub async fn member_name(tx: &mut TenantTx, user_id: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("SELECT name FROM members WHERE user_id = $1", user_id.0).fetch_optional(tx.conn()).await
}

/// Counts an upload of today; false if the company may announce no more.
#[tracing::instrument(name = "db.files.count_upload", level = "debug", skip_all, err)]
pub async fn count_upload(tx: &mut TenantTx, bytes: i64, limits: &FilesConfig) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT app.count_upload($1, $2, $3) AS "counted!""#,
        bytes,
        limits.uploads_per_day,
        limits.bytes_per_day(),
    )
    .fetch_one(tx.conn())
    .await
}

/// What a new row holds beside what was announced.
pub struct NewRow<'a> {
    pub file_id: FileId,
    pub place: Option<&'a FilePlace>,
    pub uploader_name: &'a str,
    pub upload_until: DateTime<Utc>,
    pub now: DateTime<Utc>,
}

#[tracing::instrument(name = "db.files.insert", level = "debug", skip_all, err)]
pub async fn insert(tx: &mut TenantTx, row: NewRow<'_>, file: &Announced) -> sqlx::Result<()> {
    let (tenant_id, uploader_id) = (tx.actor().tenant_id, tx.actor().user_id());
    sqlx::query!(
        r#"
        INSERT INTO files (tenant_id, file_id, purpose, job_id, customer_id, property_id, visit_id, visibility, uploader_id,
                           uploader_name, name, declared_type, declared_bytes, declared_sha256, upload_until, created_at,
                           updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
        "#,
        tenant_id.0,
        row.file_id.0,
        file.purpose as FilePurpose,
        row.place.map(|place| place.job_id.0),
        row.place.map(|place| place.customer_id.0),
        row.place.map(|place| place.property_id.0),
        file.visit_id.map(|id| id.0),
        file.visibility as FileVisibility,
        uploader_id.map(|id| id.0).unwrap_or_default(),
        row.uploader_name,
        file.name,
        file.content_type,
        file.bytes,
        &file.sha256[..],
        row.upload_until,
        row.now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(name = "db.files.find", level = "debug", skip_all, err)]
pub async fn find(tx: &mut TenantTx, file_id: FileId) -> sqlx::Result<Option<File>> {
    sqlx::query_as!(
        File,
        r#"
        SELECT file_id AS "file_id: FileId", purpose AS "purpose: FilePurpose", job_id AS "job_id: JobId",
               customer_id AS "customer_id: CustomerId", visit_id AS "visit_id: VisitId", visibility AS "visibility: FileVisibility",
               uploader_id AS "uploader_id: UserId", uploader_name, name, declared_type, declared_bytes, declared_sha256,
               state AS "state: FileState", rejection AS "rejection: Rejection", content_type, content_bytes, width, height,
               created_at, updated_at, version
          FROM files
         WHERE file_id = $1
           AND deleted_at IS NULL
        "#,
        file_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// What a list of files is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileFilter {
    pub job_id: Option<JobId>,
    pub purpose: Option<FilePurpose>,
    pub state: Option<FileState>,
}

/// Newest first.
#[tracing::instrument(name = "db.files.list", level = "debug", skip_all, err)]
pub async fn list(tx: &mut TenantTx, filter: FileFilter, before: Option<FileId>, rows: i64) -> sqlx::Result<Vec<File>> {
    sqlx::query_as!(
        File,
        r#"
        SELECT file_id AS "file_id: FileId", purpose AS "purpose: FilePurpose", job_id AS "job_id: JobId",
               customer_id AS "customer_id: CustomerId", visit_id AS "visit_id: VisitId", visibility AS "visibility: FileVisibility",
               uploader_id AS "uploader_id: UserId", uploader_name, name, declared_type, declared_bytes, declared_sha256,
               state AS "state: FileState", rejection AS "rejection: Rejection", content_type, content_bytes, width, height,
               created_at, updated_at, version
          FROM files
         WHERE ($1::uuid IS NULL OR job_id = $1)
           AND ($2::text IS NULL OR purpose = $2)
           AND ($3::text IS NULL OR state = $3)
           -- Ids are in the order of their making.
           AND file_id < $4
           AND deleted_at IS NULL
         ORDER BY file_id DESC
         LIMIT $5
        "#,
        filter.job_id.map(|id| id.0),
        filter.purpose as Option<FilePurpose>,
        filter.state as Option<FileState>,
        before.map_or(Uuid::max(), |id| id.0),
        rows,
    )
    .fetch_all(tx.conn())
    .await
}

/// From awaiting its upload to uploaded; false if it was not awaiting one.
#[tracing::instrument(name = "db.files.mark_uploaded", level = "debug", skip_all, err)]
pub async fn mark_uploaded(tx: &mut TenantTx, file_id: FileId, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE files SET state = 'uploaded', updated_at = $2, version = version + 1
          WHERE file_id = $1 AND state = 'awaiting_upload' AND deleted_at IS NULL",
        file_id.0,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Guarded by the version; false if another one is there.
#[tracing::instrument(name = "db.files.mark_deleted", level = "debug", skip_all, err)]
pub async fn mark_deleted(
    tx: &mut TenantTx,
    file_id: FileId,
    seen_version: i32,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE files SET deleted_at = $3, updated_at = $3, version = version + 1
          WHERE file_id = $1 AND version = $2 AND deleted_at IS NULL",
        file_id.0,
        seen_version,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the company's branding shows it. Whoever sets a logo holds its row (`surv_tenancy::branding`), so after
/// [`mark_deleted`] the answer is final.
#[tracing::instrument(name = "db.files.is_logo", level = "debug", skip_all, err)]
pub async fn is_logo(tx: &mut TenantTx, file_id: FileId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM tenant_branding WHERE logo_file_id = $1) AS "is_logo!""#,
        file_id.0,
    )
    .fetch_one(tx.conn())
    .await
}
