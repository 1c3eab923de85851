//! Keeping a session alive: one refresh token for the next, each once.
//!
//! One statement looks at the token, marks it used and stores the next, so there is no moment between. Of two requests
//! at once exactly one gets a pair. The other's statement began before the winner's ended, so it saw the token unused:
//! that is a race, not a theft, and leaves the session alone. Whoever comes with a token that *was* used when their
//! statement began ends the session: one of the two holders is a thief, and both have to log in again.

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    LoggedIn, SessionError,
    session::{IDLE_LIFETIME, LIFETIME},
    store::{self, Rotation},
};
use crate::{
    Identity, Role, SessionId, TenantId, UserId,
    db::PlatformTx,
    events::{self, Author, Changes, Event},
    secrets::OneTimeSecret,
    users::{self, CompanyAccess},
};

pub(super) const PURPOSE: &str = "refresh";

/// Exchanges a refresh token. The role is what the person is now, not what they were at log-in.
///
/// # Errors
/// [`SessionError::Ended`], [`SessionError::JustRefreshed`] when another request was a moment faster.
#[tracing::instrument(name = "identity.sessions.refresh", skip_all)]
pub async fn refresh(identity: &Identity, token: &SecretString) -> Result<LoggedIn, SessionError> {
    let ([tenant, session], secret) =
        OneTimeSecret::from_wire::<2>(token.expose_secret()).ok_or(SessionError::Ended)?;
    let (tenant_id, session_id) = (TenantId(tenant), SessionId(session));
    let (now, next) = (identity.now(), OneTimeSecret::generate());
    let rotation = Rotation {
        tenant_id,
        session_id,
        token_hash: secret.hash(PURPOSE),
        next_hash: next.hash(PURPOSE),
        now,
        idle_until: now + IDLE_LIFETIME,
        oldest: now - LIFETIME,
    };
    let mut tx = identity.begin().await?;
    let seen = store::rotate(tx.conn(), &rotation).await?.ok_or(SessionError::Ended)?;
    if let (Some(user_id), Some(kind), Some(role), Some(refresh_expires_at)) =
        (seen.user_id, seen.kind, seen.role, seen.expires_at)
    {
        let access = access_now(&mut tx, user_id, role, tenant_id).await?;
        let refresh_token = next.to_wire(&[tenant_id.0, session_id.0]);
        let logged_in = LoggedIn::new(access, user_id, session_id, kind, refresh_token, refresh_expires_at);
        return Ok(identity.finish(tx, logged_in).await?);
    }
    if seen.used_at.is_some() {
        // The same request once more, of a client that lost the answer: no thief knows its key.
        if let Ok(Some(first)) = identity.earlier().await {
            return Ok(first);
        }
        return end_reused(tx, identity, tenant_id, session_id).await;
    }
    Err(if seen.live { SessionError::JustRefreshed } else { SessionError::Ended })
}

/// Who the person is in this company now; nobody: the session is over.
async fn access_now(
    tx: &mut PlatformTx,
    user_id: UserId,
    role: Role,
    tenant_id: TenantId,
) -> Result<CompanyAccess, SessionError> {
    let access = if role == Role::Customer {
        users::customer_access(tx.conn(), user_id, tenant_id).await?
    } else {
        let mut companies = users::companies_of(tx.conn(), user_id).await?;
        companies.retain(|company| company.tenant_id == tenant_id && company.role != Role::Customer);
        companies.pop()
    };
    access.ok_or(SessionError::Ended)
}

async fn end_reused(
    mut tx: PlatformTx,
    identity: &Identity,
    tenant_id: TenantId,
    session_id: SessionId,
) -> Result<LoggedIn, SessionError> {
    if let Some(user_id) = store::end(tx.conn(), tenant_id, session_id, "reuse", identity.now()).await? {
        // Nobody is the author: which of the two holders came is not known.
        let author =
            Author { tenant_id, user_id: None, role: "identity", session_id: None, request_id: identity.request_id };
        let changes = Changes::new().set("reason", &"reuse").set("user_id", &user_id);
        let event = Event::new("session.ended", "session", session_id).changes(changes);
        events::record_for(tx.conn(), &identity.ids, identity.now(), author, event).await?;
    }
    tx.commit().await?;
    Err(SessionError::Ended)
}
