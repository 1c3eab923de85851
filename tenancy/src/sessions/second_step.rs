//! The second step: a code of the person's authenticator, or a recovery code.

use secrecy::SecretString;

use super::{Device, LogInOutcome, Proved, SessionError, proceed};
use crate::{
    Identity, TenantId, audit,
    db::PlatformTx,
    email_challenges::{self as challenges, Challenge, Purpose},
    totp,
    users::{self, Account, CompanyAccess},
};

/// The answer to [`LogInOutcome::SecondStep`].
#[derive(Debug, Clone)]
pub struct SecondStep {
    pub challenge: SecretString,
    /// Six digits, or a recovery code.
    pub code: SecretString,
    pub device: Device,
}

/// Goes on with a log-in whose password was right.
///
/// # Errors
/// [`SessionError::WrongCode`], after five of which it is [`SessionError::StartAgain`].
#[tracing::instrument(name = "identity.sessions.second_step", skip_all)]
pub async fn second_step(identity: &Identity, step: SecondStep) -> Result<LogInOutcome, SessionError> {
    let (id, secret) = challenges::read(&step.challenge).ok_or(SessionError::StartAgain)?;
    let mut tx = identity.begin().await?;
    let found = challenges::find(tx.conn(), id).await?.ok_or(SessionError::StartAgain)?;
    // One guess at a time: everybody with this user's challenges queues here.
    let account = users::lock(tx.conn(), found.user_id).await?.ok_or(SessionError::StartAgain)?;
    let challenge = challenges::lock(tx.conn(), id).await?.ok_or(SessionError::StartAgain)?;
    let purpose = [Purpose::SecondStep, Purpose::SecondStepOfCustomer]
        .into_iter()
        .find(|purpose| challenge.opens_with(&secret, *purpose))
        .ok_or(SessionError::StartAgain)?;
    if !challenge.is_open(identity.now()) {
        return Err(SessionError::StartAgain);
    }
    let companies = companies_for(&mut tx, &challenge, &account, purpose).await?;
    if !totp::accept(tx.conn(), identity, &account, &step.code).await? {
        return refuse(tx, identity, &challenge, &companies).await;
    }
    challenges::use_up(tx.conn(), id, identity.now()).await?;
    let outcome = proceed(&mut tx, identity, &account, companies, Proved::Everything, &step.device).await?;
    Ok(identity.finish(tx, outcome).await?)
}

/// What the first step named, as it is now: a customer's code opens nothing but the customer's role.
async fn companies_for(
    tx: &mut PlatformTx,
    challenge: &Challenge,
    account: &Account,
    purpose: Purpose,
) -> Result<Vec<CompanyAccess>, SessionError> {
    if purpose == Purpose::SecondStepOfCustomer {
        let Some(tenant_id) = challenge.tenant_id else { return Ok(Vec::new()) };
        let access = users::customer_access(tx.conn(), account.user_id, tenant_id).await?;
        return Ok(access.into_iter().collect());
    }
    let mut companies = users::companies_of(tx.conn(), account.user_id).await?;
    companies.retain(|company| challenge.tenant_id.is_none_or(|id| company.tenant_id == id));
    Ok(companies)
}

async fn refuse(
    mut tx: PlatformTx,
    identity: &Identity,
    challenge: &Challenge,
    companies: &[CompanyAccess],
) -> Result<LogInOutcome, SessionError> {
    challenges::count_attempt(tx.conn(), challenge.challenge_id).await?;
    let tenants: Vec<TenantId> = companies.iter().map(|company| company.tenant_id).collect();
    audit::refused(tx.conn(), identity, Some(challenge.user_id), &tenants, "second_step").await?;
    tx.commit().await?;
    Err(SessionError::WrongCode)
}
