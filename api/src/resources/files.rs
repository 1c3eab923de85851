//! `/v1/files`: announced here, uploaded to storage by the caller, processed by a task, downloaded from storage. One shape
//! for everybody, since policies decide who sees which.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use surv_integrations::s3::{FileStore, Upload};
use surv_operations::files::{
    self, File, FileFilter, FileKey, FilePurpose, FileState, FileVisibility, NewFile, Rejection, Variant,
};
use surv_tenancy::{Capability, FileId, JobId, Role, TenantId, VisitId, token::Subject};
use uuid::Uuid;

use super::Tag;
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    etag::IfMatch,
    json::{Body, Created, Empty, Reply, Versioned},
    page::{Cursors, limit},
    problem::{ApiResult, Problem, ProblemKind},
};

const READ: (Capability, Subject) = (Capability::FilesRead, Subject::Files);
const WRITE: (Capability, Subject) = (Capability::FilesWrite, Subject::Files);

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "FilePurpose", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum PurposeView {
    /// The company's; an admin puts it into the branding.
    Logo,
    /// Of a job or one of its visits.
    JobPhoto,
}

/// Who may see a file once it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "FileVisibility", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum VisibilityView {
    /// The office alone.
    Office,
    /// Technicians of the job as well.
    Field,
    /// The customer as well.
    Customer,
}

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "FileState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum StateView {
    AwaitingUpload,
    Uploaded,
    Processing,
    Ready,
    Rejected,
}

/// Why no image was made of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "FileRejection", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum RejectionView {
    /// It did not come in time.
    NeverUploaded,
    /// It is not what was announced.
    NotAsDeclared,
    /// Its content is no JPEG, PNG or WebP.
    NotAnImage,
    /// It is something else as well: a page, an archive, a document.
    Ambiguous,
    /// It can't be read to its end.
    Broken,
    /// It has more pixels than are allowed.
    TooManyPixels,
    /// The virus scanner found something.
    Malware,
    /// It could not be processed for a day.
    NotProcessed,
}

/// Which of the images that were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "FileVariant", rename_all = "snake_case")]
pub enum VariantView {
    /// At most 4,096 pixels on its longer side.
    Full,
    /// At most 400.
    Thumbnail,
}

/// Something that was uploaded, or is to be.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(rename = "File", skip_serializing_if_is_none, example)]
pub struct FileView {
    pub id: Uuid,
    pub purpose: PurposeView,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit_id: Option<Uuid>,
    pub visibility: VisibilityView,
    pub uploader_name: String,
    pub name: String,
    pub state: StateView,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<RejectionView>,
    /// Of what is uploaded, as hexadecimal digits.
    pub sha256: String,
    /// Of the image that was made of it, once it is ready; as are the following.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Counts changes; the ETag is made of it.
    pub version: i32,
}

/// A file to be uploaded.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(rename = "FileInput", skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct FileInput {
    pub purpose: PurposeView,
    /// Of a photo: its job.
    #[serde(default)]
    pub job_id: Option<Uuid>,
    /// A visit of the job.
    #[serde(default)]
    pub visit_id: Option<Uuid>,
    /// `field` unless said otherwise; `customer` when a customer uploads.
    #[serde(default)]
    pub visibility: Option<VisibilityView>,
    /// As people call it, 1 to 200 characters.
    pub name: String,
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub content_type: String,
    /// Its exact length.
    pub bytes: i64,
    /// SHA-256 of its content, as 64 hexadecimal digits.
    pub sha256: String,
}

/// How to upload: one request to storage, with exactly this method, address and headers.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct FileUpload {
    /// `PUT`.
    pub method: String,
    pub url: String,
    /// To be sent as they are. `Content-Length` follows from the body, whose length was announced.
    pub headers: BTreeMap<String, String>,
    pub expires_at: DateTime<Utc>,
}

/// A file, and how to upload it while it awaits that.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct AnnouncedFile {
    pub file: FileView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<FileUpload>,
}

/// Where an image can be downloaded, by whoever has the address.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct FileLink {
    pub url: String,
    pub expires_at: DateTime<Utc>,
}

/// A page of files.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct FilePage {
    pub items: Vec<FileView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct FilesApi(pub Door);

#[OpenApi(prefix_path = "/v1/files", tag = "Tag::Files")]
impl FilesApi {
    /// List files
    ///
    /// Newest first. The office may leave `job_id` out.
    #[oai(path = "/", method = "get", operation_id = "listFiles")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        caller: Caller,
        /// Only of this job.
        job_id: Query<Option<Uuid>>,
        /// Only for this purpose.
        purpose: Query<Option<PurposeView>>,
        /// Only in this state.
        state: Query<Option<StateView>>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<FilePage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        if job_id.0.is_none() && !tx.actor().role().is_some_and(Role::is_office) {
            return Err(Problem::new(ProblemKind::InvalidParameter).field("job_id", "is required"));
        }
        let wanted = (job_id.0, purpose.0, state.0);
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "files", &wanted);
        let after = cursors.read::<Uuid>(cursor.0.as_deref())?.map(FileId);
        let filter = FileFilter {
            job_id: wanted.0.map(JobId),
            purpose: wanted.1.map(Into::into),
            state: wanted.2.map(Into::into),
        };
        let page = files::list(&mut tx, filter, after, limit).await?;
        let next_cursor = page.next.map(|id| cursors.write(&id.0));
        Ok(Reply::plain(FilePage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Announce a file
    ///
    /// Then upload it as `upload` says, and complete it. Repeated with the same key, the address is a new one.
    #[oai(path = "/", method = "post", operation_id = "createFile")]
    async fn create(
        &self,
        caller: Caller,
        key: IdempotencyKey,
        body: Body<FileInput>,
    ) -> ApiResult<Created<AnnouncedFile>> {
        let tenant_id = self.0.require(&caller, WRITE.0, WRITE.1)?.claims.tenant_id;
        let store = self.store()?;
        // An address to upload is a credential, so the answer that is kept has none.
        let file: FileView = match self.0.once(&caller, WRITE, key, "createFile", &body.0).await? {
            Once::Again(answer) => serde_json::from_value(answer.body.unwrap_or_default())
                .map_err(|_| Problem::new(ProblemKind::Internal))?,
            Once::First(mut first) => {
                let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
                let limits = &self.0.deps().config.files;
                let file: FileView = files::create(first.tx(), ids, now, limits, body.0.clone().into()).await?.into();
                first.finish(Reply::<_, 201>::versioned(file.clone())).await?;
                file
            }
        };
        let upload = self.upload(store, tenant_id, file.id, body.0.into()).await?;
        Ok(Reply::versioned(AnnouncedFile { file, upload: Some(upload) }))
    }

    /// Read a file
    #[oai(path = "/:file_id", method = "get", operation_id = "getFile")]
    async fn get(&self, caller: Caller, file_id: Path<Uuid>) -> ApiResult<Reply<FileView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        Ok(Reply::versioned(files::get(&mut tx, FileId(file_id.0)).await?.into()))
    }

    /// Complete an upload
    ///
    /// Says that the file is in storage. It becomes `ready` or `rejected` a moment later.
    #[oai(path = "/:file_id/complete", method = "post", operation_id = "completeFile")]
    async fn complete(&self, caller: Caller, file_id: Path<Uuid>, key: IdempotencyKey) -> ApiResult<Reply<FileView>> {
        // Storage is asked while no transaction is open; a repeated key gets its answer whatever is found.
        let found = self.is_uploaded(&caller, FileId(file_id.0)).await;
        let mut once = match self.0.once(&caller, WRITE, key, "completeFile", &file_id.0).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        found?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let file = files::complete(once.tx(), ids, now, FileId(file_id.0)).await?;
        once.versioned(file.into()).await
    }

    /// Get an address to download an image
    ///
    /// Good for minutes, for whoever has it.
    #[oai(path = "/:file_id/link", method = "get", operation_id = "getFileLink")]
    async fn link(
        &self,
        caller: Caller,
        file_id: Path<Uuid>,
        /// `full` unless asked otherwise.
        variant: Query<Option<VariantView>>,
    ) -> ApiResult<Reply<FileLink>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let (tenant_id, file) = (tx.actor().tenant_id, files::get(&mut tx, FileId(file_id.0)).await?);
        drop(tx);
        let store = self.store()?;
        let content_type = file.content_type.as_deref().ok_or(files::FileError::NotReady)?;
        let variant = variant.0.map_or(Variant::Full, Into::into);
        let key = FileKey::image(tenant_id, file.file_id, variant).to_string();
        let (now, minutes) = (self.0.deps().clock().now(), self.0.deps().config.files.link_minutes);
        let named = disposition(&file.download_name());
        let link = store.presign_download(&key, content_type, &named, now, minutes_of(minutes)).await?;
        Ok(Reply::plain(FileLink { url: link.url, expires_at: now + TimeDelta::minutes(minutes) }))
    }

    /// Delete a file
    ///
    /// Nobody sees it any more, and its content is removed from storage. Refused for the company's logo.
    #[oai(path = "/:file_id", method = "delete", operation_id = "deleteFile")]
    async fn delete(&self, caller: Caller, file_id: Path<Uuid>, seen: IfMatch) -> ApiResult<Empty> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        files::delete(&mut tx, ids, now, FileId(file_id.0), seen.0).await?;
        self.0.commit(tx).await?;
        Ok(Empty)
    }
}

impl FilesApi {
    fn store(&self) -> ApiResult<&FileStore> {
        let nowhere = || Problem::new(ProblemKind::Unavailable).detail("This deployment keeps no files.");
        self.0.deps().storage.as_ref().ok_or_else(nowhere)
    }

    async fn upload(
        &self,
        store: &FileStore,
        tenant_id: TenantId,
        file_id: Uuid,
        new: NewFile,
    ) -> ApiResult<FileUpload> {
        let (now, minutes) = (self.0.deps().clock().now(), self.0.deps().config.files.upload_minutes);
        let key = FileKey::original(tenant_id, FileId(file_id)).to_string();
        let sha256 = files::sha256(&new.sha256).ok_or(Problem::new(ProblemKind::Internal))?;
        let upload = Upload { content_type: &new.content_type, bytes: new.bytes, sha256 };
        let signed = store.presign_upload(&key, upload, now, minutes_of(minutes)).await?;
        let headers = signed.headers.into_iter().filter(|(name, _)| name != "content-length").collect();
        let expires_at = now + TimeDelta::minutes(minutes);
        Ok(FileUpload { method: "PUT".to_owned(), url: signed.url, headers, expires_at })
    }

    /// Whether what the file's row announces is in storage; also once it is completed.
    async fn is_uploaded(&self, caller: &Caller, file_id: FileId) -> ApiResult<()> {
        let mut tx = self.0.read(caller, WRITE.0, WRITE.1).await?;
        let (tenant_id, file) = (tx.actor().tenant_id, files::get(&mut tx, file_id).await?);
        drop(tx);
        if file.state != FileState::AwaitingUpload {
            return Ok(());
        }
        let stored = self.store()?.head(&FileKey::original(tenant_id, file_id).to_string()).await?;
        let missing = || Problem::new(ProblemKind::InvalidTransition).detail("The file has not been uploaded.");
        let stored = stored.ok_or_else(missing)?;
        if stored.bytes != file.declared_bytes || stored.sha256.is_some_and(|found| found != file.sha256()) {
            return Err(missing().detail("What was uploaded is not what was announced."));
        }
        Ok(())
    }
}

fn minutes_of(minutes: i64) -> Duration {
    Duration::from_secs(minutes.unsigned_abs() * 60)
}

/// What browsers shall call the file; whatever people typed becomes percent signs and digits.
fn disposition(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let coded: String =
        name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    format!("inline; filename*=UTF-8''{coded}")
}

impl Versioned for FileView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl Versioned for AnnouncedFile {
    fn version(&self) -> i32 {
        self.file.version
    }
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        Self {
            id: file.file_id.0,
            purpose: match file.purpose {
                FilePurpose::Logo => PurposeView::Logo,
                FilePurpose::JobPhoto => PurposeView::JobPhoto,
            },
            job_id: file.job_id.map(|id| id.0),
            visit_id: file.visit_id.map(|id| id.0),
            visibility: match file.visibility {
                FileVisibility::Office => VisibilityView::Office,
                FileVisibility::Field => VisibilityView::Field,
                FileVisibility::Customer => VisibilityView::Customer,
            },
            uploader_name: file.uploader_name,
            name: file.name,
            state: match file.state {
                FileState::AwaitingUpload => StateView::AwaitingUpload,
                FileState::Uploaded => StateView::Uploaded,
                FileState::Processing => StateView::Processing,
                FileState::Ready => StateView::Ready,
                FileState::Rejected => StateView::Rejected,
            },
            rejection: file.rejection.map(|why| match why {
                Rejection::NeverUploaded => RejectionView::NeverUploaded,
                Rejection::NotAsDeclared => RejectionView::NotAsDeclared,
                Rejection::NotAnImage => RejectionView::NotAnImage,
                Rejection::Ambiguous => RejectionView::Ambiguous,
                Rejection::Broken => RejectionView::Broken,
                Rejection::TooManyPixels => RejectionView::TooManyPixels,
                Rejection::Malware => RejectionView::Malware,
                Rejection::NotProcessed => RejectionView::NotProcessed,
            }),
            sha256: hex::encode(file.declared_sha256),
            content_type: file.content_type,
            bytes: file.content_bytes,
            width: file.width,
            height: file.height,
            created_at: file.created_at,
            updated_at: file.updated_at,
            version: file.version,
        }
    }
}

impl From<FileInput> for NewFile {
    fn from(input: FileInput) -> Self {
        Self {
            purpose: input.purpose.into(),
            job_id: input.job_id.map(JobId),
            visit_id: input.visit_id.map(VisitId),
            visibility: input.visibility.map(|visibility| match visibility {
                VisibilityView::Office => FileVisibility::Office,
                VisibilityView::Field => FileVisibility::Field,
                VisibilityView::Customer => FileVisibility::Customer,
            }),
            name: input.name,
            content_type: input.content_type,
            bytes: input.bytes,
            sha256: input.sha256,
        }
    }
}

impl From<PurposeView> for FilePurpose {
    fn from(purpose: PurposeView) -> Self {
        match purpose {
            PurposeView::Logo => Self::Logo,
            PurposeView::JobPhoto => Self::JobPhoto,
        }
    }
}

impl From<StateView> for FileState {
    fn from(state: StateView) -> Self {
        match state {
            StateView::AwaitingUpload => Self::AwaitingUpload,
            StateView::Uploaded => Self::Uploaded,
            StateView::Processing => Self::Processing,
            StateView::Ready => Self::Ready,
            StateView::Rejected => Self::Rejected,
        }
    }
}

impl From<VariantView> for Variant {
    fn from(variant: VariantView) -> Self {
        match variant {
            VariantView::Full => Self::Full,
            VariantView::Thumbnail => Self::Thumbnail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_its_place_in_the_header() {
        assert_eq!(disposition("boiler 1.jpg"), "inline; filename*=UTF-8''boiler%201.jpg");
        assert_eq!(
            disposition("a\"; filename=\"b.html\r\nx: y"),
            format!("inline; filename*=UTF-8''{}", "a%22%3B%20filename%3D%22b.html%0D%0Ax%3A%20y")
        );
        assert_eq!(disposition("Öl.png"), "inline; filename*=UTF-8''%C3%96l.png");
    }
}
