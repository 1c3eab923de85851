//! Making tokens. The only code that touches the signing key.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    capability::CapabilitySet,
    confinement::ConfinedKind,
    ids::{SessionId, TenantId, UserId},
    role::Role,
};

use super::{
    claims::{Operation, TokenKind},
    keys::KeyRing,
};

/// What a new token says.
#[derive(Debug, Clone)]
pub struct TokenSpec {
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub session_id: SessionId,
    pub kind: TokenKind,
    pub audience: String,
    pub role: Role,
    pub scope: CapabilitySet,
    pub expires_at: DateTime<Utc>,
    /// Only what hangs off these things. Links must have it.
    pub confined_to: Option<BTreeSet<(ConfinedKind, Uuid)>>,
    pub operations: Option<BTreeSet<Operation>>,
    /// Nobody can narrow it further. For links: their holder has no reason to.
    pub sealed: bool,
}

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    #[error("this machine has no key to sign with")]
    NoSigningKey,
    #[error("a link must be confined to something")]
    UnconfinedLink,
    /// It would not pass our own gate: too many ids, or an expiry outside of what tokens can say.
    #[error("such a token would not be accepted: {0}")]
    Unacceptable(&'static str),
}

/// A new token, to be handed out once.
#[derive(Clone)]
pub struct MintedToken {
    /// base64url, as it goes over the wire.
    pub token: String,
    /// The id of its one block: revoking it revokes whatever descends from the token.
    pub revocation_id: Vec<u8>,
}

impl std::fmt::Debug for MintedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MintedToken")
    }
}

/// Signs a token with the ring's signing key.
pub fn mint(_keys: &KeyRing, _spec: &TokenSpec) -> Result<MintedToken, MintError> {
    Err(MintError::NoSigningKey)
}
