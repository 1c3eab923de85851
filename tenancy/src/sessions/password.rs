//! Changing one's own password.

use secrecy::{ExposeSecret as _, SecretString};

use super::{SessionError, require_live, store};
use crate::{
    Actor, Identity, audit, email_challenges as challenges,
    identity::PLATFORM,
    mail::{self, Email, EmailTemplate},
    passwords, users,
};

#[derive(Debug, Clone)]
pub struct ChangePassword {
    pub current: SecretString,
    pub new: SecretString,
}

/// Sets a new password and ends every other session, since whoever has one may have it by the old password.
///
/// # Errors
/// [`SessionError::Refused`] when the current password is wrong; [`SessionError::NewPassword`] for a bad new one.
#[tracing::instrument(name = "identity.sessions.change_password", skip_all)]
pub async fn change_password(identity: &Identity, actor: &Actor, change: ChangePassword) -> Result<(), SessionError> {
    passwords::check_policy(&change.new).map_err(SessionError::NewPassword)?;
    // What nobody can have is wrong like any other.
    if passwords::check_length(change.current.expose_secret()).is_err() {
        return Err(SessionError::Refused);
    }
    let mut tx = identity.begin().await?;
    let caller = require_live(tx.conn(), actor, identity.now()).await?;
    let seen = users::find(tx.conn(), caller.user_id).await?.ok_or(SessionError::Ended)?;
    tx.commit().await?;

    if !identity.hasher.verify(&change.current, seen.password_hash.as_deref()).await? {
        return Err(SessionError::Refused);
    }
    let hash = identity.hasher.hash(&change.new).await?;

    let mut tx = identity.begin().await?;
    let account = users::lock(tx.conn(), caller.user_id).await?.ok_or(SessionError::Ended)?;
    require_live(tx.conn(), actor, identity.now()).await?;
    if account.password_hash != seen.password_hash {
        return Err(SessionError::Refused);
    }
    users::set_password(tx.conn(), caller.user_id, &hash).await?;
    challenges::use_up_all(tx.conn(), caller.user_id, identity.now()).await?;
    store::end_all(tx.conn(), caller.user_id, Some(caller.session_id), "password", identity.now()).await?;
    let companies = users::companies_of(tx.conn(), caller.user_id).await?;
    audit::account(tx.conn(), identity, caller.user_id, &companies, "user.password_changed").await?;
    let notice = Email::new(EmailTemplate::PasswordChanged, account.email);
    let (now, user_id) = (identity.now(), Some(caller.user_id));
    mail::enqueue_email(&mut tx, &identity.ids, now, PLATFORM, user_id, notice).await?;
    Ok(identity.finish(tx, ()).await?)
}
