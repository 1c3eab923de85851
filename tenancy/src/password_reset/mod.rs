//! A new password for somebody who forgot theirs: a link by e-mail, good once and for an hour.
//!
//! Asking tells nobody whether the address exists. Setting it ends every session and every other link that was sent.

mod error;

use secrecy::SecretString;

use crate::{
    EmailAddress, Identity, audit, email_challenges as challenges,
    email_challenges::{Challenge, Purpose},
    identity::PLATFORM,
    mail::{self, Email, EmailTemplate},
    passwords,
    secrets::OneTimeSecret,
    sessions,
    users::{self, Account},
};

pub use error::PasswordResetError;

/// Sends a link, if there is anybody to send it to. The answer is the same after the same time.
///
/// # Errors
/// [`PasswordResetError::Invalid`] for what is no address at all.
#[tracing::instrument(name = "identity.password_reset.request", skip_all)]
pub async fn request(identity: &Identity, email: &str) -> Result<(), PasswordResetError> {
    let email = EmailAddress::parse(email)?;
    identity.evenly(send_link(identity, &email)).await
}

async fn send_link(identity: &Identity, email: &EmailAddress) -> Result<(), PasswordResetError> {
    let mut tx = identity.begin().await?;
    let Some(account) = users::find_by_email(tx.conn(), email.as_str()).await? else {
        // Kept as well, so that both ways do the same.
        return Ok(identity.finish(tx, ()).await?);
    };
    let purpose = Purpose::PasswordReset;
    let issued = challenges::issue(tx.conn(), identity, identity.ids.next(), purpose, account.user_id, None).await?;
    let mail = Email::new(EmailTemplate::PasswordReset, account.email)
        .param("link", identity.links.password_reset(&issued.wire))
        .param("minutes", purpose.minutes());
    let (now, user_id) = (identity.now(), Some(account.user_id));
    mail::enqueue_email(&mut tx, &identity.ids, now, PLATFORM, user_id, mail).await?;
    Ok(identity.finish(tx, ()).await?)
}

/// Sets a new password by the secret of a link. A second factor stays on.
///
/// # Errors
/// [`PasswordResetError::LinkEnded`] for a secret that is wrong, used or too old; [`PasswordResetError::Password`].
#[tracing::instrument(name = "identity.password_reset.reset", skip_all)]
pub async fn reset(identity: &Identity, secret: &SecretString, new: &SecretString) -> Result<(), PasswordResetError> {
    passwords::check_policy(new)?;
    let (id, secret) = challenges::read(secret).ok_or(PasswordResetError::LinkEnded)?;
    // Looked at before anything is hashed: a made-up secret costs nothing.
    let mut tx = identity.begin().await?;
    let found = usable(challenges::find(tx.conn(), id).await?, &secret, identity)?;
    tx.commit().await?;
    let hash = identity.hasher.hash(new).await?;

    let mut tx = identity.begin().await?;
    let account = users::lock(tx.conn(), found.user_id).await?.ok_or(PasswordResetError::LinkEnded)?;
    usable(challenges::lock(tx.conn(), id).await?, &secret, identity)?;
    set(&mut tx, identity, &account, &hash).await?;
    Ok(identity.finish(tx, ()).await?)
}

fn usable(
    challenge: Option<Challenge>,
    secret: &OneTimeSecret,
    identity: &Identity,
) -> Result<Challenge, PasswordResetError> {
    challenge
        .filter(|challenge| challenge.is_open(identity.now()) && challenge.opens_with(secret, Purpose::PasswordReset))
        .ok_or(PasswordResetError::LinkEnded)
}

async fn set(
    tx: &mut crate::db::PlatformTx,
    identity: &Identity,
    account: &Account,
    hash: &str,
) -> Result<(), PasswordResetError> {
    let (now, user_id) = (identity.now(), account.user_id);
    users::set_password(tx.conn(), user_id, hash).await?;
    challenges::use_up_all(tx.conn(), user_id, now).await?;
    sessions::end_all_sessions(tx.conn(), user_id, None, "password", now).await?;
    let companies = users::companies_of(tx.conn(), user_id).await?;
    audit::account(tx.conn(), identity, user_id, &companies, "user.password_reset").await?;
    let notice = Email::new(EmailTemplate::PasswordChanged, account.email.clone());
    mail::enqueue_email(tx, &identity.ids, now, PLATFORM, Some(user_id), notice).await?;
    Ok(())
}
