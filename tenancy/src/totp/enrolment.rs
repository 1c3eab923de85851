//! Turning the second factor on and off.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{TotpError, code, store};
use crate::{
    Actor, Identity, audit,
    clock::random_bytes,
    db::PlatformTx,
    secrets,
    sessions::{LiveCaller, SessionError, require_live},
    users::{self, Account},
};

/// A secret to put into an authenticator. Shown once; worth nothing until [`confirm`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Enrolment {
    /// For typing by hand.
    #[serde(serialize_with = "secrets::expose")]
    pub secret: SecretString,
    /// For a QR code.
    #[serde(serialize_with = "secrets::expose")]
    pub uri: SecretString,
}

/// One-time codes for a lost authenticator. Shown once: the table has their hashes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecoveryCodes(#[serde(serialize_with = "secrets::expose_all")] pub Vec<SecretString>);

/// Whether the second factor is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TotpState {
    pub enabled_at: Option<DateTime<Utc>>,
    pub recovery_codes_left: i64,
}

/// What shows that it is really the person who turns the second factor off.
#[derive(Debug, Clone)]
pub enum DisableProof {
    Password(SecretString),
    /// Six digits, or a recovery code.
    Code(SecretString),
}

/// # Errors
/// [`TotpError::Session`] when the caller's session has ended.
#[tracing::instrument(name = "identity.totp.state", skip_all)]
pub async fn state(identity: &Identity, actor: &Actor) -> Result<TotpState, TotpError> {
    let mut tx = identity.begin().await?;
    let caller = require_live(tx.conn(), actor, identity.now()).await?;
    let account = users::find(tx.conn(), caller.user_id).await?.ok_or(SessionError::Ended)?;
    let recovery_codes_left = store::count_recovery_codes(tx.conn(), caller.user_id).await?;
    tx.commit().await?;
    Ok(TotpState { enabled_at: account.totp_enabled_at, recovery_codes_left })
}

/// Makes a secret. Log-ins don't ask for it yet.
///
/// # Errors
/// [`TotpError::AlreadyOn`].
#[tracing::instrument(name = "identity.totp.begin", skip_all)]
pub async fn begin(identity: &Identity, actor: &Actor) -> Result<Enrolment, TotpError> {
    let mut tx = identity.begin().await?;
    let (caller, account) = lock_caller(&mut tx, identity, actor).await?;
    if account.has_second_step() {
        return Err(TotpError::AlreadyOn);
    }
    let secret = random_bytes::<{ code::SECRET_BYTES }>();
    let sealed = identity.sealer.seal(caller.user_id, &secret).map_err(SessionError::from)?;
    store::keep_secret(tx.conn(), caller.user_id, &sealed).await?;
    let enrolment = Enrolment {
        secret: SecretString::from(code::base32(&secret)),
        uri: SecretString::from(code::uri(&secret, &account.email)),
    };
    Ok(identity.finish(tx, enrolment).await?)
}

/// Turns the second factor on, once a code shows that the authenticator has the secret. Answers the recovery codes,
/// which nobody can read again.
///
/// # Errors
/// [`TotpError::WrongCode`], [`TotpError::NotBegun`], [`TotpError::AlreadyOn`].
#[tracing::instrument(name = "identity.totp.confirm", skip_all)]
pub async fn confirm(identity: &Identity, actor: &Actor, typed: &str) -> Result<RecoveryCodes, TotpError> {
    let mut tx = identity.begin().await?;
    let (caller, account) = lock_caller(&mut tx, identity, actor).await?;
    if account.has_second_step() {
        return Err(TotpError::AlreadyOn);
    }
    let now = identity.now();
    let sealed = account.totp_sealed.ok_or(TotpError::NotBegun)?;
    let secret = identity.sealer.open(caller.user_id, &sealed).map_err(SessionError::from)?;
    let digits = code::six_digits(typed).ok_or(TotpError::WrongCode)?;
    let step = code::step_of(&secret, &digits, now).ok_or(TotpError::WrongCode)?;
    if !store::use_step(tx.conn(), caller.user_id, step).await? {
        return Err(TotpError::WrongCode);
    }
    store::turn_on(tx.conn(), caller.user_id, now).await?;
    let shown: Vec<String> = (0..code::RECOVERY_CODES).map(|_| code::new_recovery()).collect();
    let hashes: Vec<Vec<u8>> = shown
        .iter()
        .filter_map(|shown| code::recovery(shown))
        .map(|plain| code::recovery_hash(&identity.sealer, caller.user_id, &plain).to_vec())
        .collect();
    store::replace_recovery_codes(tx.conn(), caller.user_id, &hashes).await?;
    record(&mut tx, identity, caller, "user.totp_enabled").await?;
    let codes = RecoveryCodes(shown.into_iter().map(SecretString::from).collect());
    Ok(identity.finish(tx, codes).await?)
}

/// Turns the second factor off and forgets the recovery codes.
///
/// # Errors
/// [`TotpError::WrongPassword`], [`TotpError::WrongCode`], [`TotpError::NotOn`].
#[tracing::instrument(name = "identity.totp.disable", skip_all)]
pub async fn disable(identity: &Identity, actor: &Actor, proof: DisableProof) -> Result<(), TotpError> {
    let proved_hash = match &proof {
        DisableProof::Password(password) => Some(prove_password(identity, actor, password).await?),
        DisableProof::Code(_) => None,
    };
    let mut tx = identity.begin().await?;
    let (caller, account) = lock_caller(&mut tx, identity, actor).await?;
    if !account.has_second_step() {
        return Err(TotpError::NotOn);
    }
    match proof {
        // Changed while it was compared: then it is not the password any more.
        DisableProof::Password(_) if account.password_hash != proved_hash => return Err(TotpError::WrongPassword),
        DisableProof::Password(_) => {}
        DisableProof::Code(typed) => {
            if !super::accept(tx.conn(), identity, &account, &typed).await? {
                return Err(TotpError::WrongCode);
            }
        }
    }
    store::turn_off(tx.conn(), caller.user_id).await?;
    record(&mut tx, identity, caller, "user.totp_disabled").await?;
    Ok(identity.finish(tx, ()).await?)
}

/// The hash that the password belongs to.
async fn prove_password(identity: &Identity, actor: &Actor, password: &SecretString) -> Result<String, TotpError> {
    let mut tx = identity.begin().await?;
    let caller = require_live(tx.conn(), actor, identity.now()).await?;
    let account = users::find(tx.conn(), caller.user_id).await?.ok_or(SessionError::Ended)?;
    tx.commit().await?;
    let right = identity.hasher.verify(password, account.password_hash.as_deref()).await.map_err(SessionError::from)?;
    account.password_hash.filter(|_| right).ok_or(TotpError::WrongPassword)
}

async fn lock_caller(
    tx: &mut PlatformTx,
    identity: &Identity,
    actor: &Actor,
) -> Result<(LiveCaller, Account), TotpError> {
    let caller = require_live(tx.conn(), actor, identity.now()).await?;
    let account = users::lock(tx.conn(), caller.user_id).await?.ok_or(SessionError::Ended)?;
    Ok((caller, account))
}

async fn record(
    tx: &mut PlatformTx,
    identity: &Identity,
    caller: LiveCaller,
    kind: &'static str,
) -> Result<(), TotpError> {
    let companies = users::companies_of(tx.conn(), caller.user_id).await?;
    audit::account(tx.conn(), identity, caller.user_id, &companies, kind).await?;
    Ok(())
}
