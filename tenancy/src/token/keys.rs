//! The root keys: which may sign, and which still verify.
//!
//! Ed25519 only: an ECDSA signature has two forms, and so two revocation ids. The key id in a token
//! is not signed, so it only picks a key; it never widens the search to a second one.

use std::collections::BTreeMap;

use biscuit_auth::{Algorithm, KeyPair, PrivateKey, PublicKey};
use secrecy::{ExposeSecret as _, SecretString};

/// The configured keys do not make a ring.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("root key {0} is not 32 bytes of hex")]
    NotHex(u32),
    #[error("root key {0} is there twice")]
    Twice(u32),
    #[error("there is no root key {0} to sign with")]
    NoSigningKey(u32),
    #[error("there is no root key at all")]
    Empty,
    #[error("{0:?} is no number of a key")]
    NoNumber(String),
}

/// Root keys by id. One signs, or none on a machine that only verifies; all verify.
///
/// A retired key stays until the longest-lived token it signed is over, then leaves the configuration.
pub struct KeyRing {
    verify: BTreeMap<u32, PublicKey>,
    sign: Option<(u32, KeyPair)>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.verify.keys().collect();
        f.debug_struct("KeyRing").field("verify", &ids).field("sign", &self.signing_key_id()).finish()
    }
}

impl KeyRing {
    /// A ring of seeds (64 hex digits each); `signing_key_id` says which of them signs.
    pub fn from_seeds(
        signing_key_id: Option<u32>,
        seeds: impl IntoIterator<Item = (u32, SecretString)>,
    ) -> Result<Self, KeyError> {
        let mut ring = Self { verify: BTreeMap::new(), sign: None };
        for (id, seed) in seeds {
            let private = PrivateKey::from_bytes_hex(seed.expose_secret(), Algorithm::Ed25519);
            let pair = KeyPair::from(&private.map_err(|_| KeyError::NotHex(id))?);
            ring.insert(id, pair.public())?;
            if signing_key_id == Some(id) {
                ring.sign = Some((id, pair));
            }
        }
        match (signing_key_id, &ring.sign) {
            (Some(id), None) => Err(KeyError::NoSigningKey(id)),
            _ if ring.verify.is_empty() => Err(KeyError::Empty),
            _ => Ok(ring),
        }
    }

    /// A ring that verifies and can't sign, from public keys (64 hex digits each).
    pub fn from_public_keys<'a>(keys: impl IntoIterator<Item = (u32, &'a str)>) -> Result<Self, KeyError> {
        let mut ring = Self { verify: BTreeMap::new(), sign: None };
        for (id, key) in keys {
            let public = PublicKey::from_bytes_hex(key, Algorithm::Ed25519);
            ring.insert(id, public.map_err(|_| KeyError::NotHex(id))?)?;
        }
        if ring.verify.is_empty() { Err(KeyError::Empty) } else { Ok(ring) }
    }

    /// The same ring with one more key that only verifies.
    ///
    /// # Errors
    /// [`KeyError`] when the key is none, or its number is taken.
    pub fn with_retired(mut self, id: u32, key: &str) -> Result<Self, KeyError> {
        let public = PublicKey::from_bytes_hex(key, Algorithm::Ed25519).map_err(|_| KeyError::NotHex(id))?;
        self.insert(id, public)?;
        Ok(self)
    }

    fn insert(&mut self, id: u32, key: PublicKey) -> Result<(), KeyError> {
        match self.verify.insert(id, key) {
            None => Ok(()),
            Some(_) => Err(KeyError::Twice(id)),
        }
    }

    pub fn signing_key_id(&self) -> Option<u32> {
        self.sign.as_ref().map(|(id, _)| *id)
    }

    /// The public keys as hex, for machines that only verify and for `surv doctor`.
    pub fn public_keys(&self) -> impl Iterator<Item = (u32, String)> + '_ {
        self.verify.iter().map(|(id, key)| (*id, key.to_bytes_hex()))
    }

    pub(super) fn signing(&self) -> Option<(u32, &KeyPair)> {
        self.sign.as_ref().map(|(id, pair)| (*id, pair))
    }

    pub(super) fn public(&self, id: u32) -> Option<&PublicKey> {
        self.verify.get(&id)
    }
}
