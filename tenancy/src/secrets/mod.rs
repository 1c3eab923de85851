//! One-time secrets, and what the application encrypts before it stores it.

mod one_time;
mod sealer;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serializer;
use subtle::ConstantTimeEq as _;

pub use one_time::OneTimeSecret;
pub use sealer::{SealError, Sealer, SecretsConfig};

/// Equal in constant time; the length of a code is no secret.
pub fn same_code(typed: &str, code: &str) -> bool {
    typed.as_bytes().ct_eq(code.as_bytes()).into()
}

/// Writes a secret in the clear: for what is encrypted as a whole right after (`crate::outcomes`).
pub(crate) fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// [`expose`] for several.
pub(crate) fn expose_all<S: Serializer>(secrets: &[SecretString], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(secrets.iter().map(SecretString::expose_secret))
}
