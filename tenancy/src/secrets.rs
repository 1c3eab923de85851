//! One-time secrets, and what the application encrypts before it stores it.
//!
//! A one-time secret is 32 random bytes: base64url on the wire behind the ids that find its row, SHA-256 in the table,
//! compared in constant time. Short codes are derived from the row with a key, so the table alone gives none away.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::{UserId, clock::random_bytes};

/// 32 random bytes that work once.
#[derive(Clone)]
pub struct OneTimeSecret([u8; 32]);

impl std::fmt::Debug for OneTimeSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeSecret")
    }
}

impl OneTimeSecret {
    pub fn generate() -> Self {
        Self(random_bytes())
    }

    /// What the table keeps. `purpose` is part of it: a secret made for one step fits no other.
    pub fn hash(&self, purpose: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(purpose.as_bytes());
        hash.finalize().into()
    }

    pub fn matches(&self, stored: &[u8], purpose: &str) -> bool {
        self.hash(purpose).ct_eq(stored).into()
    }

    /// The wire form: the ids that find the row, then the secret.
    pub fn to_wire(&self, ids: &[Uuid]) -> SecretString {
        let mut bytes: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
        bytes.extend_from_slice(&self.0);
        SecretString::from(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads [`OneTimeSecret::to_wire`]; anything else is nothing.
    pub fn from_wire<const N: usize>(wire: &str) -> Option<([Uuid; N], Self)> {
        if wire.len() > 4 * (N * 16 + 32).div_ceil(3) {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(wire).ok()?;
        let (front, secret) = bytes.split_at_checked(N * 16)?;
        let mut ids = [Uuid::nil(); N];
        for (id, part) in ids.iter_mut().zip(front.chunks_exact(16)) {
            *id = Uuid::from_slice(part).ok()?;
        }
        Some((ids, Self(secret.try_into().ok()?)))
    }
}

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
        let mut sealed = plain.to_vec();
        let nonce = self
            .0
            .aead
            .seal_in_place_append_tag(Aad::from(*user_id.0.as_bytes()), &mut sealed)
            .map_err(|_| SealError::Broken)?;
        let mut out = vec![FORMAT];
        out.extend_from_slice(nonce.as_ref());
        out.append(&mut sealed);
        Ok(out)
    }

    /// # Errors
    /// [`SealError::Broken`] for anything but what [`Sealer::seal`] made for this user.
    pub fn open(&self, user_id: UserId, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (head, body) = sealed.split_at_checked(1 + NONCE_LEN).ok_or(SealError::Broken)?;
        if head[0] != FORMAT {
            return Err(SealError::Broken);
        }
        let nonce = Nonce::try_assume_unique_for_key(&head[1..]).map_err(|_| SealError::Broken)?;
        let mut body = body.to_vec();
        let plain = self
            .0
            .aead
            .open_in_place(nonce, Aad::from(*user_id.0.as_bytes()), &mut body)
            .map_err(|_| SealError::Broken)?;
        Ok(plain.to_vec())
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

/// Equal in constant time; the length of a code is no secret.
pub fn same_code(typed: &str, code: &str) -> bool {
    typed.as_bytes().ct_eq(code.as_bytes()).into()
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
    fn the_wire_form_carries_ids_and_secret_and_nothing_else_is_read() {
        let (secret, ids) = (OneTimeSecret::generate(), [Uuid::from_u128(7), Uuid::from_u128(8)]);
        let wire = secret.to_wire(&ids);

        let (read_ids, read) = OneTimeSecret::from_wire::<2>(wire.expose_secret()).unwrap();

        assert_eq!(read_ids, ids);
        assert!(read.matches(&secret.hash("reset"), "reset"));
        assert!(!read.matches(&secret.hash("reset"), "invite"));
        assert!(OneTimeSecret::from_wire::<1>(wire.expose_secret()).is_none());
        assert!(OneTimeSecret::from_wire::<2>("").is_none());
        assert!(OneTimeSecret::from_wire::<2>(&"A".repeat(1 << 20)).is_none());
        assert!(!OneTimeSecret::generate().matches(&secret.hash("reset"), "reset"));
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
