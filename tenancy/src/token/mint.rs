//! Making tokens. The only code that touches the signing key.

use std::collections::BTreeSet;

use biscuit_auth::{
    BiscuitBuilder,
    builder::{Fact, Term, fact, int, string},
};
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
    error::TokenError,
    gate,
    keys::KeyRing,
    shape,
};

/// The set of facts that this code writes and reads. Another set gets another number.
pub(super) const VERSION: i64 = 1;

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
pub fn mint(keys: &KeyRing, spec: &TokenSpec) -> Result<MintedToken, MintError> {
    let (root_key_id, key) = keys.signing().ok_or(MintError::NoSigningKey)?;
    if spec.kind == TokenKind::Link && spec.confined_to.is_none() {
        return Err(MintError::UnconfinedLink);
    }
    let builder = checks(facts(spec), spec)?.root_key_id(root_key_id);
    let open = builder.build(key).map_err(|_| UNBUILT)?;
    let biscuit = if spec.sealed { open.seal().map_err(|_| UNBUILT)? } else { open };
    let token = biscuit.to_base64().map_err(|_| UNBUILT)?;
    accepted(&token)?;
    let revocation_id = biscuit.revocation_identifiers().swap_remove(0);
    Ok(MintedToken { token, revocation_id })
}

/// Only for what the builders cannot fail at, given facts and checks without open parameters.
const UNBUILT: MintError = MintError::Unacceptable("the token could not be built");

/// Values go in as terms, never as text that is parsed.
fn facts(spec: &TokenSpec) -> Vec<Fact> {
    let scope = Term::Set(spec.scope.iter().map(|capability| string(capability.as_str())).collect());
    vec![
        fact("tenant", &[string(&spec.tenant_id.to_string())]),
        fact("user", &[string(&spec.user_id.to_string())]),
        fact("session", &[string(&spec.session_id.to_string())]),
        fact("kind", &[string(spec.kind.as_str())]),
        fact("audience", &[string(&spec.audience)]),
        fact("role", &[string(spec.role.as_str())]),
        fact("scope", &[scope]),
        fact("version", &[int(VERSION)]),
    ]
}

fn checks(facts: Vec<Fact>, spec: &TokenSpec) -> Result<BiscuitBuilder, MintError> {
    let until = shape::until_check(spec.expires_at).ok_or(MintError::Unacceptable("a date is out of range"))?;
    let things = spec.confined_to.as_ref().map(shape::things_check);
    let operations = spec.operations.as_ref().map(shape::operations_check);
    let checks = [Some(until), things, operations].into_iter().flatten();
    let builder = facts.into_iter().try_fold(BiscuitBuilder::new(), BiscuitBuilder::fact);
    let builder = builder.and_then(|builder| checks.into_iter().try_fold(builder, BiscuitBuilder::check));
    builder.map_err(|_| UNBUILT)
}

/// What is handed out must pass our own gate, or its holder finds out instead of us.
fn accepted(token: &str) -> Result<(), MintError> {
    match gate::admit(token).and_then(|admitted| admitted.authority_limits()) {
        Ok(_) => Ok(()),
        Err(TokenError::Refused(reason)) => Err(MintError::Unacceptable(reason)),
        Err(_) => Err(UNBUILT),
    }
}
