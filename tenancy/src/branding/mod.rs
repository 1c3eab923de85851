//! What customers see of a company: its name, colour and contact.

mod colour;
mod store;

use chrono::{DateTime, Utc};

pub use colour::text_colour_on;

use crate::{
    FieldErrors, Ids,
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
    pub version: i32,
}

/// What an admin may change; `Some(None)` takes a value away.
#[derive(Debug, Clone, Default)]
pub struct BrandingPatch {
    pub display_name: Option<String>,
    pub accent: Option<String>,
    pub phone: Option<Option<String>>,
    pub reply_to: Option<Option<String>>,
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
    let after = patched(&before, patch)?;
    let changes = Changes::new()
        .field("display_name", &before.display_name, &after.display_name)
        .field("accent", &before.accent, &after.accent)
        .field("phone", &before.phone, &after.phone)
        .field("reply_to", &before.reply_to, &after.reply_to);
    if changes.is_empty() {
        return Ok(before);
    }
    let tenant_id = tx.actor().tenant_id;
    let after = store::update(tx, &after).await?.ok_or(CompanyError::Stale)?;
    events::record(tx, ids, now, Event::new("branding.updated", "tenant", tenant_id).changes(changes)).await?;
    Ok(after)
}

fn patched(before: &Branding, patch: BrandingPatch) -> Result<Branding, FieldErrors> {
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
    errors.into_result()?;
    Ok(after)
}
