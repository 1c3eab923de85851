//! The demo companies' logos, uploaded as an admin would; the stack's worker processes them.

use std::time::Duration;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use surv_integrations::s3::FileStore;
use surv_operations::files::{self, FileKey, FilePurpose, FileState, FilesConfig, NewFile};
use surv_tenancy::{
    Actor, Clock, FileId, Ids,
    branding::{self, BrandingPatch},
    db::TenantDb,
};

/// How long the worker may take; without one the company has no logo yet.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a logo is set with.
pub struct Logos<'a> {
    pub tenant_db: &'a TenantDb,
    pub clock: &'a Clock,
    pub ids: &'a Ids,
    pub store: &'a FileStore,
    pub limits: &'a FilesConfig,
}

impl Logos<'_> {
    /// Uploads the logo and puts it into the branding, unless there is one. Whether there is one now.
    pub async fn set(&self, admin: &Actor, image: &[u8]) -> anyhow::Result<bool> {
        let mut tx = self.tenant_db.read(admin).await?;
        let before = branding::read(&mut tx).await?;
        drop(tx);
        if before.logo_file_id.is_some() {
            return Ok(true);
        }
        let file_id = self.upload(admin, image).await?;
        if !self.is_ready(admin, file_id).await? {
            return Ok(false);
        }
        let patch = BrandingPatch { logo_file_id: Some(Some(file_id)), ..BrandingPatch::default() };
        let mut tx = self.tenant_db.begin(admin).await?;
        branding::update(&mut tx, self.ids, self.clock.now(), before.version, patch).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn upload(&self, admin: &Actor, image: &[u8]) -> anyhow::Result<FileId> {
        let new = NewFile {
            purpose: FilePurpose::Logo,
            job_id: None,
            visit_id: None,
            visibility: None,
            name: "logo.png".to_owned(),
            content_type: "image/png".to_owned(),
            bytes: i64::try_from(image.len())?,
            sha256: hex::encode(Sha256::digest(image)),
        };
        let mut tx = self.tenant_db.begin(admin).await?;
        let file = files::create(&mut tx, self.ids, self.clock.now(), self.limits, new).await?;
        tx.commit().await?;
        let key = FileKey::original(admin.tenant_id, file.file_id).to_string();
        self.store.put(&key, "image/png", image.to_vec()).await.context("uploading the logo")?;
        let mut tx = self.tenant_db.begin(admin).await?;
        files::complete(&mut tx, self.ids, self.clock.now(), file.file_id).await?;
        tx.commit().await?;
        Ok(file.file_id)
    }

    async fn is_ready(&self, admin: &Actor, file_id: FileId) -> anyhow::Result<bool> {
        let waiting = async {
            loop {
                let mut tx = self.tenant_db.read(admin).await?;
                let file = files::get(&mut tx, file_id).await?;
                drop(tx);
                if file.state == FileState::Ready {
                    return anyhow::Ok(true);
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or(Ok(false))
    }
}
