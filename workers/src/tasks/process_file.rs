//! Makes images of our own from an upload, or rejects it (docs/decisions/0015-files-in-s3.md).
//!
//! The images are written before the row says that they are there, under keys that every attempt makes the same; the
//! original goes away after. A worker that dies in between leaves nothing that anybody sees, and what it leaves is
//! overwritten by the next attempt or deleted by the reconciler.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use surv_integrations::{
    clamd::Verdict,
    s3::{FileStore, StorageError},
};
use surv_operations::files::{
    File, FileError, FileKey, ProcessFile, Rejection,
    settle::{self, MadeImage},
};

use crate::{
    Done, Handle, Limits, TaskContext, TaskError, Workers,
    images::{self, Made, Wanted},
};

impl Handle<ProcessFile> for Workers {
    /// Storage may be away for hours; a file that takes the process down must not do so for ever.
    const LIMITS: Limits = Limits { max_attempts: 20, time_limit: Duration::from_secs(180) };

    #[tracing::instrument(name = "task.process_file", skip_all, err(level = "debug"), fields(file.id = %task.file_id))]
    async fn handle(&self, task: ProcessFile, ctx: &TaskContext) -> Result<Done, TaskError> {
        let store = self.storage()?;
        let mut tx = ctx.begin().await?;
        let Some(file) = settle::begin(&mut tx, self.deps().clock.now(), task.file_id).await? else {
            return ctx.finish(tx).await; // settled or deleted since
        };
        ctx.commit_step(tx).await?;
        let original = FileKey::original(ctx.tenant_id(), file.file_id).to_string();
        let done = match self.images_of(store, &original, &file).await? {
            Ok(made) => self.keep(store, ctx, &file, made).await?,
            Err(why) => {
                tracing::info!(?why, "an upload is rejected");
                let mut tx = ctx.begin().await?;
                let (ids, now) = (&self.deps().ids, self.deps().clock.now());
                settle::reject(&mut tx, ids, now, file.file_id, why).await?;
                ctx.finish(tx).await?
            }
        };
        remove(store, &original).await;
        Ok(done)
    }
}

impl Workers {
    pub(crate) fn storage(&self) -> Result<&FileStore, TaskError> {
        self.deps().storage.as_ref().ok_or_else(|| TaskError::retry("this worker has no storage of files"))
    }

    async fn images_of(
        &self,
        store: &FileStore,
        original: &str,
        file: &File,
    ) -> Result<Result<Made, Rejection>, TaskError> {
        let most = file.declared_bytes.unsigned_abs();
        let bytes = match store.get(original, most).await {
            Ok(bytes) => bytes,
            Err(StorageError::NotFound) => return Ok(Err(Rejection::NeverUploaded)),
            Err(StorageError::TooLarge { .. }) => return Ok(Err(Rejection::NotAsDeclared)),
            Err(error) => return Err(error.into()),
        };
        // Storage has checked both; this does not depend on it.
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        if u64::try_from(bytes.len()) != Ok(most) || hash != file.sha256() {
            return Ok(Err(Rejection::NotAsDeclared));
        }
        if let Some(scanner) = &self.deps().scanner
            && scanner.scan(&bytes).await.map_err(|error| TaskError::retry(error.to_string()))? == Verdict::Infected
        {
            return Ok(Err(Rejection::Malware));
        }
        self.make_images(bytes, file).await
    }

    /// On a thread for it, a few at once: whoever is stopped meanwhile keeps its place until the thread is done.
    async fn make_images(&self, bytes: Vec<u8>, file: &File) -> Result<Result<Made, Rejection>, TaskError> {
        let place = self.0.image_places.clone().acquire_owned().await;
        let wanted = Wanted { purpose: file.purpose, max_pixels: self.deps().files.max_pixels() };
        let making = tokio::task::spawn_blocking(move || {
            let _place = place;
            images::make(&bytes, wanted)
        });
        match making.await {
            Ok(made) => Ok(made),
            // The same bytes would make it panic again.
            Err(error) if error.is_panic() => Ok(Err(Rejection::Broken)),
            Err(_) => Err(TaskError::retry("the process stops")),
        }
    }

    async fn keep(&self, store: &FileStore, ctx: &TaskContext, file: &File, made: Made) -> Result<Done, TaskError> {
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let image = MadeImage {
            content_type: made.full.content_type,
            bytes: i64::try_from(made.full.bytes.len()).unwrap_or(i64::MAX),
            width: number(made.full.width),
            height: number(made.full.height),
        };
        for (variant, encoded) in made.into_variants() {
            let key = FileKey::image(ctx.tenant_id(), file.file_id, variant).to_string();
            store.put(&key, encoded.content_type, encoded.bytes).await?;
        }
        let mut tx = ctx.begin().await?;
        let (ids, now) = (&self.deps().ids, self.deps().clock.now());
        settle::ready(&mut tx, ids, now, file.file_id, image).await?;
        // It may have been deleted meanwhile, or made ready by another task.
        let held = settle::held(&mut tx, &[file.file_id]).await?;
        // Whoever lost the lease ends here, and leaves the images to the one who has it.
        let done = ctx.finish(tx).await?;
        let all = FileKey::all(ctx.tenant_id(), file.file_id);
        for key in all.into_iter().filter(|key| !held.iter().any(|held| held.wants(key.part))) {
            remove(store, &key.to_string()).await;
        }
        Ok(done)
    }
}

/// What can't be removed now, the reconciler removes.
async fn remove(store: &FileStore, key: &str) {
    if let Err(error) = store.delete(key).await {
        tracing::warn!(%error, "an object could not be deleted; the reconciler will do it");
    }
}

impl From<StorageError> for TaskError {
    fn from(error: StorageError) -> Self {
        if error.is_transient() { Self::retry(error.to_string()) } else { Self::give_up(error.to_string()) }
    }
}

impl From<FileError> for TaskError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Database(inner) => inner.into(),
            other => Self::give_up(other.to_string()),
        }
    }
}
