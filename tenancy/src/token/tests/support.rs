//! A world of one company with one ring of keys.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use biscuit_auth::{BlockBuilder, UnverifiedBiscuit};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    capability::{Capability, CapabilitySet},
    confinement::ConfinedKind,
    role::Role,
    token::{KeyRing, Need, Subject, TokenError, TokenKind, TokenSpec, VerifiedToken, Verifier, mint},
};

pub const AUDIENCE: &str = "surv:test";
pub const ANY_KIND: &[TokenKind] = TokenKind::ALL;

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

pub fn in_minutes(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

/// An id with a number in it, as readable in a failure as it gets.
pub fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + number))
}

pub fn ring(signing: Option<u32>, ids: &[u32]) -> KeyRing {
    let seeds = ids.iter().map(|id| (*id, format!("{id:064x}").into()));
    KeyRing::from_seeds(signing, seeds).unwrap()
}

pub static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| Arc::new(ring(Some(7), &[7])));

pub fn verifier() -> Verifier {
    Verifier::new(Arc::clone(&KEYS))
}

pub fn spec() -> TokenSpec {
    TokenSpec {
        tenant_id: id(1),
        user_id: id(2),
        session_id: id(3),
        kind: TokenKind::Access,
        audience: AUDIENCE.to_owned(),
        role: Role::Manager,
        scope: CapabilitySet::of_role(Role::Manager),
        expires_at: in_minutes(15),
        confined_to: None,
        operations: None,
        sealed: false,
    }
}

pub fn token() -> String {
    mint(&KEYS, &spec()).unwrap().token
}

pub fn job(number: u128) -> (ConfinedKind, Uuid) {
    (ConfinedKind::Job, id(number))
}

pub fn jobs(numbers: &[u128]) -> BTreeSet<(ConfinedKind, Uuid)> {
    numbers.iter().map(|number| job(*number)).collect()
}

pub fn need(capability: Capability, subject: Subject) -> Need {
    Need::of(AUDIENCE.into(), ANY_KIND, capability, subject)
}

pub fn read_jobs() -> Need {
    need(Capability::JobsRead, Subject::Jobs)
}

pub fn write_jobs() -> Need {
    need(Capability::JobsWrite, Subject::Jobs)
}

pub fn verify(token: &str) -> Result<VerifiedToken, TokenError> {
    verifier().verify(token, &read_jobs(), now())
}

/// What the gate says, if it is the gate that refuses.
pub fn refusal(token: &str) -> &'static str {
    match verify(token) {
        Err(TokenError::Refused(reason)) => reason,
        other => panic!("expected the gate to refuse, got {other:?}"),
    }
}

/// Appends whatever Datalog a holder of the token can think of.
pub fn append(token: &str, code: &str) -> String {
    append_block(token, BlockBuilder::new().code(code).unwrap())
}

pub fn append_block(token: &str, block: BlockBuilder) -> String {
    UnverifiedBiscuit::from_base64(token).unwrap().append(block).unwrap().to_base64().unwrap()
}

pub fn bytes(token: &str) -> Vec<u8> {
    URL_SAFE.decode(token).unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    URL_SAFE.encode(bytes)
}
