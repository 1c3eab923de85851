//! How a company's customers log in: with six digits from an e-mail, or by the link beside them.
//!
//! One challenge has both: the link carries its secret, the digits are derived from it with a key. Asking tells nobody
//! who is a customer, and answers with a challenge id either way. Coming back makes a customer of nobody else, and
//! never a member: that takes a password.

mod error;
mod store;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    EmailAddress, Identity, audit,
    db::PlatformTx,
    email_challenges::{self as challenges, Challenge, Purpose},
    mail::{self, Email, EmailTemplate},
    secrets,
    sessions::{self, Device, LogInOutcome, Proved, SessionKind},
    users,
};

pub use error::CustomerLoginError;

/// What was sent, or would have been: the digits belong to this challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRequested {
    pub challenge_id: Uuid,
    pub minutes: i64,
}

/// Sends a code and a link to a customer of a company, if the address is one's. Same answer, same time.
///
/// # Errors
/// [`CustomerLoginError::Invalid`] for what is no address at all.
#[tracing::instrument(name = "identity.customer_login.request", skip_all)]
pub async fn request(identity: &Identity, slug: &str, email: &str) -> Result<CodeRequested, CustomerLoginError> {
    let email = EmailAddress::parse(email)?;
    let challenge_id: Uuid = identity.ids.next();
    identity.evenly(send_code(identity, challenge_id, slug, &email)).await
}

async fn send_code(
    identity: &Identity,
    challenge_id: Uuid,
    slug: &str,
    email: &EmailAddress,
) -> Result<CodeRequested, CustomerLoginError> {
    let purpose = Purpose::LoginCode;
    let requested = CodeRequested { challenge_id, minutes: purpose.minutes() };
    let mut tx = identity.begin().await?;
    // What no company can be called, none is; Postgres would refuse a NUL.
    let found = match slug.contains('\0') {
        true => None,
        false => store::find_customer(tx.conn(), slug, email).await?,
    };
    let Some(customer) = found else {
        // Kept as well: a repeat must not tell by another challenge that nothing was sent.
        return Ok(identity.finish(tx, requested).await?);
    };
    let (user_id, tenant_id) = (customer.user_id, customer.tenant_id);
    let issued = challenges::issue(tx.conn(), identity, challenge_id, purpose, user_id, Some(tenant_id)).await?;
    let mail = Email::new(EmailTemplate::LoginCode, email.as_str())
        .to_name(customer.name)
        .param("company", customer.company)
        .param("code", identity.sealer.code_of(challenge_id, &issued.secret_hash))
        .param("link", identity.links.customer_login(&customer.slug, &issued.wire))
        .param("minutes", purpose.minutes());
    mail::enqueue_email(&mut tx, &identity.ids, identity.now(), tenant_id, Some(user_id), mail).await?;
    Ok(identity.finish(tx, requested).await?)
}

/// What a customer comes back with.
#[derive(Debug, Clone)]
pub enum Redeem {
    Code {
        challenge_id: Uuid,
        code: SecretString,
    },
    /// The secret behind the link's `#`.
    Link(SecretString),
}

/// Begins a customer's session. A person with a second factor is asked for it here as well.
///
/// # Errors
/// [`CustomerLoginError::WrongCode`]; after five of them, or ten minutes, a new code is needed and it stays so.
#[tracing::instrument(name = "identity.customer_login.redeem", skip_all)]
pub async fn redeem(identity: &Identity, redeem: Redeem, device: &str) -> Result<LogInOutcome, CustomerLoginError> {
    // Evenly here too: a wrong code for a challenge that was never made must not answer sooner.
    identity.evenly(check(identity, redeem, device)).await
}

async fn check(identity: &Identity, redeem: Redeem, device: &str) -> Result<LogInOutcome, CustomerLoginError> {
    let id = match &redeem {
        Redeem::Code { challenge_id, .. } => *challenge_id,
        Redeem::Link(wire) => challenges::read(wire).ok_or(CustomerLoginError::WrongCode)?.0,
    };
    let mut tx = identity.begin().await?;
    let found = challenges::find(tx.conn(), id).await?.ok_or(CustomerLoginError::WrongCode)?;
    let account = users::lock(tx.conn(), found.user_id).await?.ok_or(CustomerLoginError::WrongCode)?;
    let challenge = challenges::lock(tx.conn(), id).await?.ok_or(CustomerLoginError::WrongCode)?;
    let Some(tenant_id) = challenge.tenant_id.filter(|_| challenge.is_for(Purpose::LoginCode)) else {
        return Err(CustomerLoginError::WrongCode);
    };
    if !challenge.is_open(identity.now()) {
        return Err(CustomerLoginError::WrongCode);
    }
    let access = users::customer_access(tx.conn(), account.user_id, tenant_id).await?;
    let Some(access) = access.filter(|_| answers(identity, &challenge, &redeem)) else {
        return refuse(tx, identity, &challenge).await;
    };
    store::use_up_codes(tx.conn(), account.user_id, tenant_id, identity.now()).await?;
    let device = Device { kind: SessionKind::Browser, name: device.to_owned() };
    let outcome = sessions::proceed(&mut tx, identity, &account, vec![access], Proved::CustomerCode, &device).await?;
    Ok(identity.finish(tx, outcome).await?)
}

fn answers(identity: &Identity, challenge: &Challenge, redeem: &Redeem) -> bool {
    match redeem {
        Redeem::Code { code, .. } => {
            let typed: String = code.expose_secret().chars().take(32).filter(|c| !matches!(c, ' ' | '-')).collect();
            secrets::same_code(&typed, &identity.sealer.code_of(challenge.challenge_id, &challenge.secret_hash))
        }
        Redeem::Link(wire) => {
            challenges::read(wire).is_some_and(|(_, secret)| challenge.opens_with(&secret, Purpose::LoginCode))
        }
    }
}

async fn refuse(
    mut tx: PlatformTx,
    identity: &Identity,
    challenge: &Challenge,
) -> Result<LogInOutcome, CustomerLoginError> {
    challenges::count_attempt(tx.conn(), challenge.challenge_id).await?;
    let tenants: Vec<_> = challenge.tenant_id.into_iter().collect();
    audit::refused(tx.conn(), identity, Some(challenge.user_id), &tenants, "login_code").await?;
    tx.commit().await?;
    Err(CustomerLoginError::WrongCode)
}
