//! What the application encrypts before it stores it, and codes that are derived instead of stored.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use uuid::Uuid;

use crate::UserId;

/// `[secrets]` in the file, `SURV_SECRETS__SEAL_KEY` in the environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretsConfig {
    /// 64 hexadecimal digits: encrypts TOTP secrets and derives log-in codes.
    pub seal_key: SecretString,
}

impl SecretsConfig {
    /// What is wrong with these values, each as a sentence.
    pub fn problems(&self) -> Vec<String> {
        match Sealer::new(self) {
            Ok(_) => Vec::new(),
            Err(error) => vec![format!("secrets.seal_key: {error}")],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the key has to be 64 hexadecimal digits")]
    Key,
    #[error("a stored secret could not be opened: it was sealed with another key or changed")]
    Broken,
}

/// Encrypts secrets at rest and derives codes. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    aead: RandomizedNonceKey,
    codes: [u8; 32],
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

/// The first byte of what was sealed: which key and algorithm.
const FORMAT: u8 = 1;

impl Sealer {
    /// # Errors
    /// [`SealError::Key`] when the configured key is no key.
    pub fn new(config: &SecretsConfig) -> Result<Self, SealError> {
        let root = hex::decode(config.seal_key.expose_secret()).map_err(|_| SealError::Key)?;
        if root.len() != 32 {
            return Err(SealError::Key);
        }
        let aead =
            RandomizedNonceKey::new(&AES_256_GCM, &derive(&root, b"surv.seal.v1")?).map_err(|_| SealError::Key)?;
        Ok(Self(Arc::new(Keys { aead, codes: derive(&root, b"surv.codes.v1")? })))
    }

    /// Encrypts a secret of one user; it opens for no other.
    ///
    /// # Errors
    /// [`SealError::Broken`] when the machine gives no randomness.
    pub fn seal(&self, user_id: UserId, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.0.aead, user_id.0.as_bytes(), plain)
    }

    /// # Errors
    /// [`SealError::Broken`] for anything but what [`Sealer::seal`] made for this user.
    pub fn open(&self, user_id: UserId, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open(&self.0.aead, user_id.0.as_bytes(), sealed)
    }

    /// Encrypts under a key that only comes about together with `parts`, which are not stored.
    ///
    /// # Errors
    /// [`SealError::Broken`] when the machine gives no randomness.
    pub(crate) fn seal_under(&self, parts: &[&[u8]], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.key_of(parts)?, &[], plain)
    }

    /// # Errors
    /// [`SealError::Broken`] for anything but what [`Sealer::seal_under`] made with the same parts.
    pub(crate) fn open_under(&self, parts: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open(&self.key_of(parts)?, &[], sealed)
    }

    fn key_of(&self, parts: &[&[u8]]) -> Result<RandomizedNonceKey, SealError> {
        let key = self.keyed_hash("surv.seal_under.v1", parts);
        RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| SealError::Key)
    }

    /// A keyed hash, for secrets too short to be safe behind a plain one.
    pub fn keyed_hash(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0.codes) else { return [0; 32] };
        mac.update(purpose.as_bytes());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The six digits that belong to a stored challenge.
    pub fn code_of(&self, challenge_id: Uuid, secret_hash: &[u8]) -> String {
        let hash = self.keyed_hash("login_code", &[challenge_id.as_bytes(), secret_hash]);
        let number = hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }
}

fn seal(key: &RandomizedNonceKey, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut sealed = plain.to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::from(context), &mut sealed).map_err(|_| SealError::Broken)?;
    let mut out = vec![FORMAT];
    out.extend_from_slice(nonce.as_ref());
    out.append(&mut sealed);
    Ok(out)
}

fn open(key: &RandomizedNonceKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (head, body) = sealed.split_at_checked(1 + NONCE_LEN).ok_or(SealError::Broken)?;
    if head[0] != FORMAT {
        return Err(SealError::Broken);
    }
    let nonce = Nonce::try_assume_unique_for_key(&head[1..]).map_err(|_| SealError::Broken)?;
    let mut body = body.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(context), &mut body).map_err(|_| SealError::Broken)?;
    Ok(plain.to_vec())
}

fn derive(root: &[u8], purpose: &[u8]) -> Result<[u8; 32], SealError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(root).map_err(|_| SealError::Key)?;
    mac.update(purpose);
    Ok(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(digit: &str) -> Sealer {
        Sealer::new(&SecretsConfig { seal_key: SecretString::from(digit.repeat(64)) }).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_for_its_user_and_key_only() {
        let (ann, bob) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let sealed = sealer("a").seal(ann, b"totp").unwrap();

        assert_eq!(sealer("a").open(ann, &sealed).unwrap(), b"totp");
        assert_ne!(sealed, sealer("a").seal(ann, b"totp").unwrap());
        assert_eq!(sealer("a").open(bob, &sealed), Err(SealError::Broken));
        assert_eq!(sealer("b").open(ann, &sealed), Err(SealError::Broken));
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(sealer("a").open(ann, &bent), Err(SealError::Broken));
        }
    }

    #[test]
    fn what_is_sealed_under_parts_opens_with_the_same_parts_only() {
        let sealed = sealer("a").seal_under(&[b"logIn", b"key"], b"outcome").unwrap();

        assert_eq!(sealer("a").open_under(&[b"logIn", b"key"], &sealed).unwrap(), b"outcome");
        assert_eq!(sealer("a").open_under(&[b"logI", b"nkey"], &sealed), Err(SealError::Broken));
        assert_eq!(sealer("a").open_under(&[b"logIn", b"kez"], &sealed), Err(SealError::Broken));
        assert_eq!(sealer("b").open_under(&[b"logIn", b"key"], &sealed), Err(SealError::Broken));
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        for key in ["", "abc", &"g".repeat(64), &"a".repeat(62)] {
            assert!(!SecretsConfig { seal_key: SecretString::from(key.to_owned()) }.problems().is_empty());
        }
    }

    #[test]
    fn codes_have_six_digits_and_need_the_key() {
        let code = sealer("a").code_of(Uuid::from_u128(1), &[1; 32]);

        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
        assert_eq!(code, sealer("a").code_of(Uuid::from_u128(1), &[1; 32]));
        assert_ne!(
            (0..4).map(|n| sealer("a").code_of(Uuid::from_u128(n), &[1; 32])).collect::<Vec<_>>(),
            (0..4).map(|n| sealer("b").code_of(Uuid::from_u128(n), &[1; 32])).collect::<Vec<_>>(),
        );
    }
}
