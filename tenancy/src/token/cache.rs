//! Remembers answers, so that a busy caller pays for signatures and Datalog once.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::{
    claims::VerifiedToken,
    error::TokenError,
    need::Need,
    verify::{OpenedToken, Verifier},
};

/// SHA-256 of a token as it was sent. Two spellings of one token only miss; none can be mistaken
/// for another.
type TokenHash = [u8; 32];

/// A [`Verifier`] that remembers a bounded number of positive answers for a bounded time.
///
/// Revocation is not decided here and nothing has to be evicted for it: each transaction asks the
/// database whether the session still lives. Refusals are not remembered, so a stranger can't fill
/// it; a caller's own narrowed tokens can only push out other entries.
pub struct CachedVerifier {
    verifier: Verifier,
    opened: Cache<TokenHash, Remembered<OpenedToken>>,
    answers: Cache<(TokenHash, Need), Remembered<VerifiedToken>>,
    max_age: TimeDelta,
}

struct Remembered<T> {
    value: Arc<T>,
    since: DateTime<Utc>,
    /// No answer outlives the earliest limit on time in its token.
    expires_at: DateTime<Utc>,
}

impl<T> Clone for Remembered<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), since: self.since, expires_at: self.expires_at }
    }
}

impl std::fmt::Debug for CachedVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CachedVerifier").field("answers", &self.answers.len()).finish_non_exhaustive()
    }
}

impl CachedVerifier {
    /// Remembers at most `capacity` answers, and a quarter as many opened tokens, none for longer
    /// than `max_age`.
    pub fn new(verifier: Verifier, capacity: usize, max_age: Duration) -> Self {
        Self {
            verifier,
            opened: Cache::new((capacity / 4).max(1)),
            answers: Cache::new(capacity.max(1)),
            max_age: TimeDelta::from_std(max_age).unwrap_or(TimeDelta::MAX),
        }
    }

    /// [`Verifier::open`], remembered. Refuses what has expired.
    pub fn open(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<OpenedToken>, TokenError> {
        self.open_hashed(token, hash(token), now)
    }

    /// [`Verifier::verify`], remembered per token and need. Expiry is checked at every use.
    pub fn verify(&self, token: &str, need: &Need, now: DateTime<Utc>) -> Result<Arc<VerifiedToken>, TokenError> {
        let key = (hash(token), need.clone());
        if let Some(value) = self.answers.get(&key).and_then(|known| self.still_good(known, now)) {
            return Ok(value);
        }
        let value = Arc::new(self.open_hashed(token, key.0, now)?.authorize(need, now)?);
        self.answers.insert(key, Remembered::new(&value, now, value.claims.expires_at));
        Ok(value)
    }

    fn open_hashed(&self, token: &str, hash: TokenHash, now: DateTime<Utc>) -> Result<Arc<OpenedToken>, TokenError> {
        if let Some(value) = self.opened.get(&hash).and_then(|known| self.still_good(known, now)) {
            return Ok(value);
        }
        let value = Arc::new(self.verifier.open(token)?);
        value.check_time(now)?;
        self.opened.insert(hash, Remembered::new(&value, now, value.claims().expires_at));
        Ok(value)
    }

    fn still_good<T>(&self, known: Remembered<T>, now: DateTime<Utc>) -> Option<Arc<T>> {
        let age = now - known.since;
        let is_fresh = age >= TimeDelta::zero() && age < self.max_age && now < known.expires_at;
        is_fresh.then_some(known.value)
    }
}

impl<T> Remembered<T> {
    fn new(value: &Arc<T>, since: DateTime<Utc>, expires_at: DateTime<Utc>) -> Self {
        Self { value: Arc::clone(value), since, expires_at }
    }
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}
