//! Reading tokens: shape, signatures, claims, then Datalog.

use std::{collections::BTreeSet, sync::Arc};

use biscuit_auth::{Biscuit, PublicKey, error};
use chrono::{DateTime, Utc};

use crate::confinement::{ConfinedKind, Confinement};

use super::{
    authorizer::{self, Answer},
    claims::{Claims, TokenKind, VerifiedToken},
    error::TokenError,
    gate,
    keys::KeyRing,
    need::Need,
    shape::Limit,
};

/// Checks tokens against the root keys.
#[derive(Debug, Clone)]
pub struct Verifier {
    keys: Arc<KeyRing>,
}

/// A genuine token of ours, not yet asked whether it allows anything. It may have expired.
pub struct OpenedToken {
    biscuit: Biscuit,
    claims: Claims,
    /// What each block restricts, the authority block's first.
    limits: Vec<Vec<Limit>>,
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
    pub fn open(&self, token: &str) -> Result<OpenedToken, TokenError> {
        let admitted = gate::admit(token)?;
        let authority = admitted.authority_limits()?;
        // The key id is not signed: it may only pick a key, and an unknown one is not worth a try.
        let key = admitted.root_key_id.and_then(|id| self.keys.public(id)).ok_or(TokenError::UnknownKey)?;
        let biscuit = check_signatures(&admitted.bytes, key)?;

        let is_confined = authority.iter().any(|limit| matches!(limit, Limit::Things(_)));
        let mut limits = vec![authority];
        limits.extend(admitted.appended);
        let claims = authorizer::claims(&biscuit, expiry(&limits)?)?;
        if claims.kind == TokenKind::Link && !is_confined {
            return Err(TokenError::Refused("a link is not confined to anything"));
        }
        Ok(OpenedToken { revocation_ids: biscuit.revocation_identifiers(), biscuit, claims, limits })
    }

    /// Opens the token and asks it for one operation.
    pub fn verify(&self, token: &str, need: &Need, now: DateTime<Utc>) -> Result<VerifiedToken, TokenError> {
        self.open(token)?.authorize(need, now)
    }
}

/// All blocks are signed in one chain that starts at `key`.
pub(super) fn check_signatures(bytes: &[u8], key: &PublicKey) -> Result<Biscuit, TokenError> {
    Biscuit::from(bytes, key).map_err(|error| match error {
        error::Token::Format(
            error::Format::Signature(_)
            | error::Format::SealedSignature
            | error::Format::BlockSignatureDeserializationError(_)
            | error::Format::SignatureDeserializationError(_),
        ) => TokenError::BadSignature,
        _ => TokenError::Malformed,
    })
}

/// The first instant at which some check on time fails.
fn expiry(limits: &[Vec<Limit>]) -> Result<DateTime<Utc>, TokenError> {
    let times = limits.iter().flatten().filter_map(|limit| if let Limit::Until(at) = limit { Some(*at) } else { None });
    times.min().ok_or(TokenError::Refused("it never expires"))
}

impl OpenedToken {
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Of every block, parents first.
    pub fn revocation_ids(&self) -> &[Vec<u8>] {
        &self.revocation_ids
    }

    /// Refuses from the first instant at which some check on time fails.
    pub fn check_time(&self, now: DateTime<Utc>) -> Result<(), TokenError> {
        if now < self.claims.expires_at { Ok(()) } else { Err(TokenError::Expired { at: self.claims.expires_at }) }
    }

    /// Whether the token allows what the operation needs, and how far it reaches.
    pub fn authorize(&self, need: &Need, now: DateTime<Utc>) -> Result<VerifiedToken, TokenError> {
        if *self.claims.audience != *need.audience {
            return Err(TokenError::WrongAudience);
        }
        if !need.kinds.contains(&self.claims.kind) {
            return Err(TokenError::WrongKind);
        }
        self.check_time(now)?;
        let confinement = match authorizer::ask(&self.biscuit, need, now, None)? {
            Answer::Yes => Confinement::None,
            Answer::No(failed) if self.only_things_fail(&failed) => self.confine(need, now)?,
            Answer::No(_) => return Err(TokenError::OutOfScope),
        };
        Ok(VerifiedToken { claims: self.claims.clone(), confinement, revocation_ids: self.revocation_ids.clone() })
    }

    /// Without a resource exactly the checks on resources fail: the operation as such is allowed.
    fn only_things_fail(&self, failed: &[(usize, usize)]) -> bool {
        let is_on_things = |&(block, check): &(usize, usize)| {
            let limit = self.limits.get(block).and_then(|checks| checks.get(check));
            matches!(limit, Some(Limit::Things(_)))
        };
        !failed.is_empty() && failed.iter().all(is_on_things)
    }

    /// The things named by any check that pass all of them: the intersection over the blocks.
    fn confine(&self, need: &Need, now: DateTime<Utc>) -> Result<Confinement, TokenError> {
        let mut passing = BTreeSet::new();
        for thing in self.named_things() {
            if let Answer::Yes = authorizer::ask(&self.biscuit, need, now, Some(thing))? {
                passing.insert(thing);
            }
        }
        Ok(Confinement::Only(passing))
    }

    fn named_things(&self) -> BTreeSet<(ConfinedKind, uuid::Uuid)> {
        let things = self.limits.iter().flatten().filter_map(|limit| match limit {
            Limit::Things(things) => Some(things),
            Limit::Operations(_) | Limit::Subjects(_) | Limit::Until(_) => None,
        });
        things.flatten().copied().collect()
    }
}
