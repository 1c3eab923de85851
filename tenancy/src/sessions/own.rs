//! A person's own sessions, over all their companies.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{OwnSession, SessionError, SessionKind, store};
use crate::{
    Actor, Identity, Principal, SessionId, TenantId, UserId,
    db::PlatformTx,
    events::{self, Author, Changes, Event},
};

/// A person whose session was found alive in this transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LiveCaller {
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub session_id: SessionId,
}

/// Admits a caller to their own account, as `app.admit` does for rows of a company. A link or a confined token is
/// good for one thing, never for the account behind it.
pub(crate) async fn require_live(
    connection: &mut PgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<LiveCaller, SessionError> {
    let Principal::Person { user_id, session_id, revocation_ids, .. } = &actor.principal else {
        return Err(SessionError::Confined);
    };
    if actor.confinement.is_confined() {
        return Err(SessionError::Confined);
    }
    let caller = LiveCaller { tenant_id: actor.tenant_id, user_id: *user_id, session_id: *session_id };
    match store::find_live(connection, caller, revocation_ids, now).await? {
        None => Err(SessionError::Ended),
        Some(SessionKind::Link) => Err(SessionError::Confined),
        Some(SessionKind::Browser | SessionKind::Api) => Ok(caller),
    }
}

/// Whether the caller's own session still stands.
///
/// # Errors
/// [`SessionError::Ended`] when not, [`SessionError::Confined`] for a link or a confined token.
pub async fn check_live(identity: &Identity, actor: &Actor) -> Result<(), SessionError> {
    let mut tx = identity.begin().await?;
    require_live(tx.conn(), actor, identity.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// The caller's live sessions in all companies, newest first.
///
/// # Errors
/// [`SessionError::Ended`] when the caller's own has ended.
#[tracing::instrument(name = "identity.sessions.list_own", skip_all)]
pub async fn list_own(identity: &Identity, actor: &Actor) -> Result<Vec<OwnSession>, SessionError> {
    let mut tx = identity.begin().await?;
    let caller = require_live(tx.conn(), actor, identity.now()).await?;
    let sessions = store::list_live(tx.conn(), caller, identity.now()).await?;
    tx.commit().await?;
    Ok(sessions)
}

/// Ends the session that asks, with every token under it.
///
/// # Errors
/// [`SessionError::Ended`] when it had ended before.
#[tracing::instrument(name = "identity.sessions.log_out", skip_all)]
pub async fn log_out(identity: &Identity, actor: &Actor) -> Result<(), SessionError> {
    let mut tx = identity.begin().await?;
    let caller = require_live(tx.conn(), actor, identity.now()).await?;
    end_one(&mut tx, identity, caller, caller.tenant_id, caller.session_id, "log_out").await?;
    Ok(identity.finish(tx, ()).await?)
}

/// Ends one of the caller's sessions, in whichever company it is.
///
/// # Errors
/// [`SessionError::NotFound`] when it is not theirs or has ended.
#[tracing::instrument(name = "identity.sessions.end_own", skip_all)]
pub async fn end_own(identity: &Identity, actor: &Actor, session_id: SessionId) -> Result<(), SessionError> {
    let mut tx = identity.begin().await?;
    let caller = require_live(tx.conn(), actor, identity.now()).await?;
    let live = store::list_live(tx.conn(), caller, identity.now()).await?;
    let wanted = live.iter().find(|session| session.session_id == session_id).ok_or(SessionError::NotFound)?;
    end_one(&mut tx, identity, caller, wanted.tenant_id, session_id, "ended").await?;
    tx.commit().await?;
    Ok(())
}

/// Ends all of the caller's sessions but the one that asks; answers how many.
///
/// # Errors
/// [`SessionError::Ended`] when the caller's own has ended.
#[tracing::instrument(name = "identity.sessions.end_all_others", skip_all)]
pub async fn end_all_others(identity: &Identity, actor: &Actor) -> Result<usize, SessionError> {
    let mut tx = identity.begin().await?;
    let caller = require_live(tx.conn(), actor, identity.now()).await?;
    let live = store::list_live(tx.conn(), caller, identity.now()).await?;
    let others: Vec<_> = live.into_iter().filter(|session| !session.current).collect();
    for session in &others {
        end_one(&mut tx, identity, caller, session.tenant_id, session.session_id, "ended").await?;
    }
    Ok(identity.finish(tx, others.len()).await?)
}

/// Ends a session and records it, unless somebody else just did.
async fn end_one(
    tx: &mut PlatformTx,
    identity: &Identity,
    caller: LiveCaller,
    tenant_id: TenantId,
    session_id: SessionId,
    reason: &'static str,
) -> Result<(), SessionError> {
    let now = identity.now();
    if store::end(tx.conn(), tenant_id, session_id, reason, now).await?.is_none() {
        return Ok(());
    }
    let author = Author {
        tenant_id,
        user_id: Some(caller.user_id),
        role: "identity",
        // The other company learns nothing of where it was ended from.
        session_id: (tenant_id == caller.tenant_id).then_some(caller.session_id),
        request_id: identity.request_id,
    };
    let event = Event::new("session.ended", "session", session_id).changes(Changes::new().set("reason", &reason));
    events::record_for(tx.conn(), &identity.ids, now, author, event).await?;
    Ok(())
}
