//! Who works in a company, and as what.
//!
//! Only admins change members: the database refuses everybody else, themselves included. At least one active admin
//! who may manage members is always left. A change takes effect with the member's next transaction (`app.admit`).

mod error;
mod member;
mod store;

use chrono::{DateTime, Utc};

use crate::{
    Ids, UserId,
    db::TenantTx,
    events::{self, Changes, Event},
    page::{Page, rows_for},
};

pub use error::MemberError;
pub use member::{Member, MemberFilter, MemberPatch, MemberState};

/// Members by name, after one of them.
///
/// # Errors
/// The database's own.
#[tracing::instrument(name = "identity.members.list", skip_all)]
pub async fn list(
    tx: &mut TenantTx,
    filter: &MemberFilter,
    after: Option<UserId>,
    limit: usize,
) -> Result<Page<Member, UserId>, MemberError> {
    let rows = store::list(tx, filter, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |member| member.user_id))
}

/// # Errors
/// [`MemberError::NotFound`].
#[tracing::instrument(name = "identity.members.read", skip_all)]
pub async fn read(tx: &mut TenantTx, user_id: UserId) -> Result<Member, MemberError> {
    store::find(tx, user_id).await?.ok_or(MemberError::NotFound)
}

/// Changes a member, unless they changed since `version`.
///
/// # Errors
/// [`MemberError::LastAdmin`] when nobody would be left to manage members, [`MemberError::Stale`].
#[tracing::instrument(name = "identity.members.update", skip_all)]
pub async fn update(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    user_id: UserId,
    version: i32,
    patch: MemberPatch,
) -> Result<Member, MemberError> {
    // All of them first, in order: two demotions at once take turns here, and neither waits for the other's member.
    let keepers = if patch.touches_rights() { store::lock_keepers(tx).await? } else { Vec::new() };
    let before = store::lock(tx, user_id).await?.ok_or(MemberError::NotFound)?;
    if before.version != version {
        return Err(MemberError::Stale);
    }
    let after = before.patched(patch)?;
    if before.keeps_members() && !after.keeps_members() && keepers.iter().all(|keeper| *keeper == user_id) {
        return Err(MemberError::LastAdmin);
    }
    let changes = Changes::new()
        .field("role", &before.role, &after.role)
        .field("name", &before.name, &after.name)
        .field("phone", &before.phone, &after.phone)
        .field("denied", &before.denied, &after.denied)
        .field("state", &before.state, &after.state);
    if changes.is_empty() {
        return Ok(before);
    }
    let stored = store::update(tx, &after).await?.ok_or(MemberError::Stale)?;
    events::record(tx, ids, now, Event::new("member.updated", "member", user_id).changes(changes)).await?;
    Ok(stored)
}
