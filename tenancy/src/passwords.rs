//! Passwords: what is accepted, how they are kept, and how many are computed at once.
//!
//! A hash costs 19 MiB and tens of milliseconds by design, so all of them pass one gate: as many at once as there are
//! cores, and whoever would wait longer than [`PATIENCE`] is answered "busy" while the rest of the product goes on.

use std::{sync::Arc, time::Duration};

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::clock::random_bytes;

/// How long a password waits for its turn.
const PATIENCE: Duration = Duration::from_millis(200);
const LENGTH: std::ops::RangeInclusive<usize> = 10..=256;

/// Long enough for the policy and still the first that anybody tries.
const TOO_COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "12345678910",
    "123456789012",
    "0987654321",
    "1111111111",
    "0000000000",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "qwertyuiop",
    "qwerty12345",
    "qwerty123456",
    "asdfghjkl1",
    "password12",
    "password123",
    "password1234",
    "passwordpassword",
    "iloveyou12",
    "iloveyou123",
    "letmein1234",
    "welcome123",
    "welcome1234",
    "administrator",
    "admin12345",
    "changeme123",
    "football123",
    "baseball123",
    "sunshine123",
    "princess123",
    "superman123",
    "abcdefghij",
    "abcdefghijkl",
    "abcd123456",
    "qwertyqwerty",
    "asdfasdfasdf",
    "zxcvbnm123",
];

/// Why a password cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    #[error("a password has at least 10 characters")]
    TooShort,
    #[error("a password has at most 256 characters")]
    TooLong,
    #[error("this password is one of the first that anybody would try")]
    TooCommon,
}

/// Every way that hashing or comparing a password can fail.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error(transparent)]
    Refused(#[from] PasswordRefusal),
    #[error("too many passwords are being checked right now")]
    Busy,
    #[error("a password could not be hashed")]
    Hash,
}

/// Looks at a new password without hashing it.
///
/// # Errors
/// [`PasswordRefusal`] says what is wrong with it.
pub fn check_policy(password: &SecretString) -> Result<(), PasswordRefusal> {
    let text = password.expose_secret();
    check_length(text)?;
    if text.chars().count() < *LENGTH.start() {
        return Err(PasswordRefusal::TooShort);
    }
    if TOO_COMMON.contains(&text.to_lowercase().as_str()) {
        return Err(PasswordRefusal::TooCommon);
    }
    Ok(())
}

/// Bytes first: a password of a megabyte is not even counted.
pub(crate) fn check_length(text: &str) -> Result<(), PasswordRefusal> {
    if text.len() > 4 * LENGTH.end() || text.chars().count() > *LENGTH.end() {
        return Err(PasswordRefusal::TooLong);
    }
    Ok(())
}

/// Hashes and compares passwords with argon2id, behind a gate. Cheap to clone.
#[derive(Clone)]
pub struct PasswordHasher {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// Of a password that nobody knows: compared with when there is no user, so that time does not tell.
    dummy: Arc<str>,
}

impl std::fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHasher")
    }
}

impl PasswordHasher {
    /// A gate as wide as the machine has cores.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] when the machine gives no randomness.
    pub fn new() -> Result<Self, PasswordError> {
        Self::with_width(std::thread::available_parallelism().map_or(2, std::num::NonZero::get))
    }

    /// A gate for `width` passwords at once.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] when the machine gives no randomness.
    pub fn with_width(width: usize) -> Result<Self, PasswordError> {
        let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| PasswordError::Hash)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = hash_now(&argon2, &random_bytes::<32>())?.into();
        Ok(Self { argon2, turns: Arc::new(Semaphore::new(width.max(1))), dummy })
    }

    /// The PHC string of a password that passed [`check_policy`].
    ///
    /// # Errors
    /// [`PasswordError::Refused`] before anything is computed, [`PasswordError::Busy`] when the gate is full.
    pub async fn hash(&self, password: &SecretString) -> Result<String, PasswordError> {
        check_policy(password)?;
        let (argon2, password) = (self.argon2.clone(), password.clone());
        self.in_turn(move || hash_now(&argon2, password.expose_secret().as_bytes())).await?
    }

    /// Whether a password belongs to a hash. Without a hash it takes as long and answers no.
    ///
    /// # Errors
    /// [`PasswordError::Refused`] for one that nobody could have set, [`PasswordError::Busy`] when the gate is full.
    pub async fn verify(&self, password: &SecretString, hash: Option<&str>) -> Result<bool, PasswordError> {
        check_length(password.expose_secret())?;
        let (argon2, password) = (self.argon2.clone(), password.clone());
        let (known, hash) = match hash {
            Some(hash) => (true, Arc::from(hash)),
            None => (false, self.dummy.clone()),
        };
        let matches =
            self.in_turn(move || argon2.verify_password(password.expose_secret().as_bytes(), &*hash).is_ok()).await?;
        Ok(matches && known)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned())
            .await
            .map_err(|_| PasswordError::Busy)?
            .map_err(|_| PasswordError::Busy)?;
        // The turn ends with the work, not with the caller's patience.
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        })
        .await
        .map_err(|_| PasswordError::Hash)
    }
}

fn hash_now(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, PasswordError> {
    Ok(argon2.hash_password(password).map_err(|_| PasswordError::Hash)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn the_policy_counts_characters_and_knows_the_common_ones() {
        assert_eq!(check_policy(&secret("short")), Err(PasswordRefusal::TooShort));
        assert_eq!(check_policy(&secret(&"x".repeat(1 << 20))), Err(PasswordRefusal::TooLong));
        assert_eq!(check_policy(&secret("Password123")), Err(PasswordRefusal::TooCommon));
        assert_eq!(check_policy(&secret("größe-der-öfen")), Ok(()));
        assert_eq!(check_policy(&secret(&"ö".repeat(256))), Ok(()));
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_with_the_wanted_cost_and_opens_to_its_password_only() {
        let hasher = PasswordHasher::with_width(2).unwrap();

        let hash = hasher.hash(&secret("correct horse battery")).await.unwrap();

        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify(&secret("correct horse battery"), Some(&hash)).await.unwrap());
        assert!(!hasher.verify(&secret("correct horse batterx"), Some(&hash)).await.unwrap());
        assert!(!hasher.verify(&secret("correct horse battery"), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_megabyte_is_refused_before_hashing() {
        let hasher = PasswordHasher::with_width(1).unwrap();
        let _all_turns = hasher.turns.clone().acquire_owned().await.unwrap();

        let answer = hasher.verify(&secret(&"x".repeat(1 << 20)), None).await;

        assert!(matches!(answer, Err(PasswordError::Refused(PasswordRefusal::TooLong))));
    }

    #[tokio::test]
    async fn whoever_would_wait_too_long_is_told_busy() {
        let hasher = PasswordHasher::with_width(1).unwrap();
        let _all_turns = hasher.turns.clone().acquire_owned().await.unwrap();

        let answer = hasher.verify(&secret("correct horse battery"), None).await;

        assert!(matches!(answer, Err(PasswordError::Busy)));
    }
}
