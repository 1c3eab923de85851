//! Why a token is not accepted.

use chrono::{DateTime, Utc};

/// Every way a token can fail, by what the caller does about it.
///
/// Carries no byte of the token: errors are logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token at all.
    #[error("this is not a token")]
    Malformed,
    /// Signed under a key that is not, or no longer, one of ours; or it names none.
    #[error("the token was not made here, or its key was retired")]
    UnknownKey,
    #[error("the token's signature is wrong")]
    BadSignature,
    /// A genuine biscuit perhaps, but of a shape that is not accepted. The reason is for logs and
    /// for integrators, and the same for everyone.
    #[error("the token is refused: {0}")]
    Refused(&'static str),
    #[error("the token expired")]
    Expired { at: DateTime<Utc> },
    /// Made for another deployment or another API.
    #[error("the token is for another audience")]
    WrongAudience,
    /// Such tokens aren't accepted on this route.
    #[error("this kind of token is not accepted here")]
    WrongKind,
    /// A valid token that does not allow this operation: 403 outside, the others are 401.
    #[error("the token does not allow this operation")]
    OutOfScope,
    /// Nobody's fault: the machine was too busy to decide in time. 503 outside.
    #[error("the token could not be checked in time")]
    TimedOut,
}
