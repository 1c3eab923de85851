//! The second factor: codes of an authenticator, and recovery codes for the day it is lost.
//!
//! It belongs to the person, so it holds in every company. A code works once, a recovery code works once, and both
//! are checked while the person's row is locked.

mod code;
mod enrolment;
mod error;
mod store;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;

use crate::{Identity, sessions::SessionError, users::Account};

pub use enrolment::{DisableProof, Enrolment, RecoveryCodes, TotpState, begin, confirm, disable, state};
pub use error::TotpError;

/// Checks a code or recovery code of a person and uses it up. The caller has locked the person's row.
pub(crate) async fn accept(
    connection: &mut PgConnection,
    identity: &Identity,
    account: &Account,
    typed: &SecretString,
) -> Result<bool, SessionError> {
    let (Some(sealed), true) = (&account.totp_sealed, account.has_second_step()) else {
        return Ok(false);
    };
    if let Some(digits) = code::six_digits(typed.expose_secret()) {
        let secret = identity.sealer.open(account.user_id, sealed)?;
        let Some(step) = code::step_of(&secret, &digits, identity.now()) else { return Ok(false) };
        return Ok(store::use_step(connection, account.user_id, step).await?);
    }
    let Some(recovery) = code::recovery(typed.expose_secret()) else { return Ok(false) };
    let hash = code::recovery_hash(&identity.sealer, account.user_id, &recovery);
    Ok(store::use_recovery_code(connection, account.user_id, &hash, identity.now()).await?)
}
