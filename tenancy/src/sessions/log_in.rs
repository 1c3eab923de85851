//! The first step: e-mail address and password.
//!
//! Whether the address exists, is a member here or has another password takes the same statements and the same
//! hashing. No transaction is open while a password is hashed.

use secrecy::SecretString;

use super::{Device, LogInOutcome, Proved, SessionError, proceed};
use crate::{
    Identity, TenantId, UserId, audit, email_challenges as challenges,
    email_challenges::Purpose,
    users::{self, Account, CompanyAccess},
};

/// What a person types.
#[derive(Debug, Clone)]
pub struct LogIn {
    pub email: String,
    pub password: SecretString,
    /// The company, when its host name or the person says.
    pub slug: Option<String>,
    pub device: Device,
}

/// Logs a person in, as far as a password goes.
///
/// # Errors
/// [`SessionError::Refused`] whatever was wrong; [`SessionError::Password`] for a password that nobody can have, or
/// when too many are being checked.
#[tracing::instrument(name = "identity.sessions.log_in", skip_all)]
pub async fn log_in(identity: &Identity, wanted: LogIn) -> Result<LogInOutcome, SessionError> {
    let seen = look_up(identity, &wanted).await?;
    let hash = seen.account.as_ref().and_then(|account| account.password_hash.as_deref());
    let right = identity.hasher.verify(&wanted.password, hash).await?;

    let mut tx = identity.begin().await?;
    let account = match &seen.account {
        // Locked: whoever changes the password ends the sessions that began before, or begins after.
        Some(account) if right && !seen.companies.is_empty() => users::lock_shared(tx.conn(), account.user_id).await?,
        _ => None,
    };
    let Some(account) = account.filter(|now| now.password_hash.as_deref() == hash) else {
        let tenants: Vec<TenantId> = seen.companies.iter().map(|company| company.tenant_id).collect();
        let user_id = seen.account.map(|account| account.user_id);
        audit::refused(tx.conn(), identity, user_id, &tenants, "password").await?;
        tx.commit().await?;
        return Err(SessionError::Refused);
    };
    let outcome = proceed(&mut tx, identity, &account, seen.companies, Proved::Password, &wanted.device).await?;
    Ok(identity.finish(tx, outcome).await?)
}

struct Seen {
    account: Option<Account>,
    /// Only the named company, if one was named.
    companies: Vec<CompanyAccess>,
}

async fn look_up(identity: &Identity, wanted: &LogIn) -> Result<Seen, SessionError> {
    // An address that is none is looked up like any other.
    let email = crate::EmailAddress::parse(&wanted.email);
    let email = email.as_ref().map_or("nobody", crate::EmailAddress::as_str);
    let mut tx = identity.begin().await?;
    let account = users::find_by_email(tx.conn(), email).await?;
    let user_id = account.as_ref().map_or(UserId(uuid::Uuid::nil()), |account| account.user_id);
    let mut companies = users::companies_of(tx.conn(), user_id).await?;
    tx.commit().await?;
    if let Some(slug) = &wanted.slug {
        companies.retain(|company| company.slug == *slug);
    }
    Ok(Seen { account, companies })
}

/// The answer to [`LogInOutcome::ChooseCompany`].
#[derive(Debug, Clone)]
pub struct ChooseCompany {
    pub challenge: SecretString,
    pub slug: String,
    pub device: Device,
}

/// Logs a person in to one of their companies, after all else was right.
///
/// # Errors
/// [`SessionError::StartAgain`] when the challenge is over, [`SessionError::Refused`] for a company that is not theirs.
#[tracing::instrument(name = "identity.sessions.choose_company", skip_all)]
pub async fn choose_company(identity: &Identity, choice: ChooseCompany) -> Result<LogInOutcome, SessionError> {
    let (id, secret) = challenges::read(&choice.challenge).ok_or(SessionError::StartAgain)?;
    let mut tx = identity.begin().await?;
    let found = challenges::find(tx.conn(), id).await?.ok_or(SessionError::StartAgain)?;
    let account = users::lock(tx.conn(), found.user_id).await?.ok_or(SessionError::StartAgain)?;
    let challenge = challenges::lock(tx.conn(), id).await?.ok_or(SessionError::StartAgain)?;
    let now = identity.now();
    if !challenge.is_open(now) || !challenge.opens_with(&secret, Purpose::ChooseCompany) {
        return Err(SessionError::StartAgain);
    }
    let mut companies = users::companies_of(tx.conn(), account.user_id).await?;
    companies.retain(|company| company.slug == choice.slug);
    if companies.is_empty() {
        challenges::count_attempt(tx.conn(), id).await?;
        tx.commit().await?;
        return Err(SessionError::Refused);
    }
    challenges::use_up(tx.conn(), id, now).await?;
    let outcome = proceed(&mut tx, identity, &account, companies, Proved::Everything, &choice.device).await?;
    Ok(identity.finish(tx, outcome).await?)
}
