//! `/v1/files`: announced here, uploaded to storage by the caller, processed by a task, downloaded from storage. One shape
//! for everybody, since policies decide who sees which.

mod views;

use std::time::Duration;

use chrono::TimeDelta;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use surv_integrations::s3::{FileStore, Upload};
use surv_operations::files::{self, FileFilter, FileKey, FileState, NewFile, Variant};
use surv_tenancy::{Capability, FileId, JobId, Role, TenantId, token::Subject};
use uuid::Uuid;

pub use views::{
    AnnouncedFile, FileInput, FileLink, FilePage, FileUpload, FileView, PurposeView, StateView, VariantView,
    VisibilityView,
};

use super::Tag;
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    etag::IfMatch,
    json::{Body, Created, Empty, Reply},
    page::{Cursors, limit},
    problem::{ApiResult, Problem, ProblemKind},
};

const READ: (Capability, Subject) = (Capability::FilesRead, Subject::Files);
const WRITE: (Capability, Subject) = (Capability::FilesWrite, Subject::Files);

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
