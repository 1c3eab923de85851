//! Reading tokens: shape, signatures, claims, then Datalog.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    claims::{Claims, VerifiedToken},
    error::TokenError,
    keys::KeyRing,
    need::Need,
};

/// Checks tokens against the root keys.
#[derive(Debug, Clone)]
pub struct Verifier {
    keys: Arc<KeyRing>,
}

/// A genuine token of ours, not yet asked whether it allows anything. It may have expired.
pub struct OpenedToken {
    claims: Claims,
    revocation_ids: Vec<Vec<u8>>,
}

impl std::fmt::Debug for OpenedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedToken").field("claims", &self.claims).finish_non_exhaustive()
    }
}

impl Verifier {
    pub const fn new(keys: Arc<KeyRing>) -> Self {
        Self { keys }
    }

    /// Shape, signatures and claims: everything that does not depend on the operation.
    pub fn open(&self, _token: &str) -> Result<OpenedToken, TokenError> {
        let _ = &self.keys;
        Err(TokenError::Malformed)
    }

    /// Opens the token and asks it for one operation.
    pub fn verify(&self, token: &str, need: &Need, now: DateTime<Utc>) -> Result<VerifiedToken, TokenError> {
        self.open(token)?.authorize(need, now)
    }
}

impl OpenedToken {
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Of every block, parents first.
    pub fn revocation_ids(&self) -> &[Vec<u8>] {
        &self.revocation_ids
    }

    /// Whether the token allows what the operation needs, and how far it reaches.
    pub fn authorize(&self, _need: &Need, _now: DateTime<Utc>) -> Result<VerifiedToken, TokenError> {
        Err(TokenError::OutOfScope)
    }
}
