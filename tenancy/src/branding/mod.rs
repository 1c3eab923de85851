//! What customers see of a company: its name, colour and contact.

mod colour;
mod store;

use chrono::{DateTime, Utc};

pub use colour::text_colour_on;

use crate::{
    FieldErrors, FileId, Ids,
    db::TenantTx,
    events::{self, Changes, Event},
    tenants::CompanyError,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branding {
    pub display_name: String,
    /// `#rrggbb`; [`text_colour_on`] says what is readable on it.
    pub accent: String,
    pub phone: Option<String>,
    /// Where customers' answers to mails go.
    pub reply_to: Option<String>,
    /// A ready file of the company; everybody may see it.
    pub logo_file_id: Option<FileId>,
    pub version: i32,
}

/// What an admin may change; `Some(None)` takes a value away.
#[derive(Debug, Clone, Default)]
pub struct BrandingPatch {
    pub display_name: Option<String>,
    pub accent: Option<String>,
    pub phone: Option<Option<String>>,
    pub reply_to: Option<Option<String>>,
    pub logo_file_id: Option<Option<FileId>>,
}

/// The branding of the caller's company.
///
/// # Errors
/// [`CompanyError::NotFound`] for a confined token.
#[tracing::instrument(name = "identity.branding.read", skip_all)]
pub async fn read(tx: &mut TenantTx) -> Result<Branding, CompanyError> {
    store::find(tx).await?.ok_or(CompanyError::NotFound)
}

/// Changes the branding of the caller's company, unless it changed since `version`.
///
/// # Errors
/// [`CompanyError::Stale`], [`CompanyError::Invalid`].
#[tracing::instrument(name = "identity.branding.update", skip_all)]
pub async fn update(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    version: i32,
    patch: BrandingPatch,
) -> Result<Branding, CompanyError> {
    let before = read(tx).await?;
    if before.version != version {
        return Err(CompanyError::Stale);
    }
    let (after, mut errors) = patched(&before, patch);
    if let Some(file_id) = after.logo_file_id
        && after.logo_file_id != before.logo_file_id
        && !store::hold_logo(tx, file_id).await?
    {
        errors.add("/logo_file_id", "is not a logo that is ready");
    }
    errors.into_result()?;
    let changes = Changes::new()
        .field("display_name", &before.display_name, &after.display_name)
        .field("accent", &before.accent, &after.accent)
        .field("phone", &before.phone, &after.phone)
        .field("reply_to", &before.reply_to, &after.reply_to)
        .field("logo_file_id", &before.logo_file_id, &after.logo_file_id);
    if changes.is_empty() {
        return Ok(before);
    }
    let tenant_id = tx.actor().tenant_id;
    let after = store::update(tx, &after).await?.ok_or(CompanyError::Stale)?;
    events::record(tx, ids, now, Event::new("branding.updated", "tenant", tenant_id).changes(changes)).await?;
    Ok(after)
}

fn patched(before: &Branding, patch: BrandingPatch) -> (Branding, FieldErrors) {
    let (mut after, mut errors) = (before.clone(), FieldErrors::new());
    if let Some(name) = patch.display_name {
        after.display_name = errors.line("/display_name", &name, 1, 120);
    }
    if let Some(accent) = patch.accent {
        after.accent = colour::accent(&mut errors, &accent);
    }
    if let Some(phone) = patch.phone {
        after.phone = phone.map(|phone| errors.line("/phone", &phone, 3, 32));
    }
    if let Some(reply_to) = patch.reply_to {
        after.reply_to = reply_to.map(|address| errors.email("/reply_to", &address));
    }
    if let Some(file_id) = patch.logo_file_id {
        after.logo_file_id = file_id;
    }
    (after, errors)
}
