//! Time, randomness and identifiers come in as arguments, so that tests can set them.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngCore as _;
use uuid::Uuid;

/// What time it is.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Clock {
    /// The machine's clock.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn system() -> Self {
        Self(Arc::new(Utc::now))
    }

    /// A clock that a test moves.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The instant, cut to microseconds: what Postgres stores, so that a value read back is equal.
    pub fn now(&self) -> DateTime<Utc> {
        let now = (self.0)();
        now - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos() % 1_000))
    }
}

/// Where new identifiers and secrets come from.
#[derive(Clone)]
pub struct Ids(Arc<dyn Fn() -> Uuid + Send + Sync>);

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ids")
    }
}

impl Ids {
    /// Time-ordered identifiers from the operating system's randomness.
    #[allow(clippy::disallowed_methods, reason = "the one place that makes identifiers")]
    pub fn system() -> Self {
        Self(Arc::new(Uuid::now_v7))
    }

    /// A new identifier of the wanted type.
    pub fn next<T: From<Uuid>>(&self) -> T {
        T::from((self.0)())
    }
}

/// `N` bytes from the operating system's generator.
#[allow(clippy::disallowed_methods, reason = "the one place that draws secrets")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A random identifier that says nothing about when it was made; see [`crate::ids`].
#[allow(clippy::disallowed_methods, reason = "the one place that makes user ids")]
pub fn random_id<T: From<Uuid>>() -> T {
    T::from(Uuid::new_v4())
}
