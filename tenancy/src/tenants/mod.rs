//! Companies: what they are called and when their day is. The slug is a host name, so it is chosen once.

mod error;
mod slug;
mod store;

use chrono::{DateTime, Utc};

use crate::{
    FieldErrors, FileId, Identity, Ids, TenantId,
    db::{DbError, TenantTx},
    events::{self, Changes, Event},
};

pub use error::CompanyError;
pub(crate) use slug::new_slug;

/// A company as its people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    pub tenant_id: TenantId,
    pub slug: String,
    pub name: String,
    /// IANA zone of the office.
    pub time_zone: String,
    pub state: String,
    pub created_at: DateTime<Utc>,
    pub version: i32,
}

/// What an admin may change.
#[derive(Debug, Clone, Default)]
pub struct CompanyPatch {
    pub name: Option<String>,
    pub time_zone: Option<String>,
}

/// What anybody may know of a company by its host name: it is on the log-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicCompany {
    pub tenant_id: TenantId,
    pub slug: String,
    pub time_zone: String,
    pub display_name: String,
    pub accent: String,
    pub phone: Option<String>,
    pub reply_to: Option<String>,
    pub logo_file_id: Option<FileId>,
}

/// The caller's company.
///
/// # Errors
/// [`CompanyError::NotFound`] for a confined token.
#[tracing::instrument(name = "identity.tenants.read", skip_all)]
pub async fn read(tx: &mut TenantTx) -> Result<Company, CompanyError> {
    store::find(tx).await?.ok_or(CompanyError::NotFound)
}

/// Changes the caller's company, unless it changed since `version`.
///
/// # Errors
/// [`CompanyError::Stale`], [`CompanyError::Invalid`].
#[tracing::instrument(name = "identity.tenants.update", skip_all)]
pub async fn update(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    version: i32,
    patch: CompanyPatch,
) -> Result<Company, CompanyError> {
    let before = read(tx).await?;
    if before.version != version {
        return Err(CompanyError::Stale);
    }
    let mut errors = FieldErrors::new();
    let name = patch.name.map_or_else(|| before.name.clone(), |name| errors.line("/name", &name, 1, 120));
    let zone = patch.time_zone.map_or_else(|| before.time_zone.clone(), |zone| errors.time_zone("/time_zone", &zone));
    errors.into_result()?;
    let changes = Changes::new().field("name", &before.name, &name).field("time_zone", &before.time_zone, &zone);
    if changes.is_empty() {
        return Ok(before);
    }
    let after = store::update(tx, version, &name, &zone).await?.ok_or(CompanyError::Stale)?;
    events::record(tx, ids, now, Event::new("tenant.updated", "tenant", after.tenant_id).changes(changes)).await?;
    Ok(after)
}

/// The company behind a host name. Closed ones are nowhere.
///
/// # Errors
/// The database's own.
#[tracing::instrument(name = "identity.tenants.find_by_slug", skip_all)]
pub async fn find_by_slug(identity: &Identity, slug: &str) -> Result<Option<PublicCompany>, DbError> {
    let mut tx = identity.begin().await?;
    let found = store::find_by_slug(tx.conn(), slug).await?;
    tx.commit().await?;
    Ok(found)
}
