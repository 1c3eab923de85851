//! `[tokens]`: the keys, and how long tokens live.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;

use super::keys::{KeyError, KeyRing};

/// `[tokens]` in the file, `SURV_TOKENS__ROOT_KEY` in the environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// Seed of the key that signs: 64 hexadecimal digits.
    pub root_key: SecretString,
    pub root_key_id: u32,
    /// Public keys that only verify any more, by their number.
    #[serde(default)]
    pub retired_public_keys: BTreeMap<String, String>,
    pub audience: String,
    pub access_minutes: u32,
    pub refresh_days: u32,
    pub link_days: u32,
}

impl TokensConfig {
    /// The signing key and the retired ones.
    ///
    /// # Errors
    /// [`KeyError`] names the key that is none.
    pub fn key_ring(&self) -> Result<KeyRing, KeyError> {
        let ring = KeyRing::from_seeds(Some(self.root_key_id), [(self.root_key_id, self.root_key.clone())])?;
        self.retired_public_keys.iter().try_fold(ring, |ring, (id, key)| {
            let id = id.parse().map_err(|_| KeyError::NoNumber(id.clone()))?;
            ring.with_retired(id, key)
        })
    }

    /// What is wrong with these values, each as a sentence.
    pub fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = Vec::new();
        if let Err(error) = self.key_ring() {
            problems.push(format!("tokens: {error}"));
        }
        if self.audience.is_empty() || !self.audience.bytes().all(|byte| byte.is_ascii_graphic()) {
            problems.push("tokens.audience has to be a word such as surv:production".to_owned());
        }
        let lifetimes = [
            ("access_minutes", self.access_minutes, 60),
            ("refresh_days", self.refresh_days, 365),
            ("link_days", self.link_days, 365),
        ];
        for (key, value, most) in lifetimes.into_iter().filter(|(_, value, most)| !(1..=*most).contains(value)) {
            problems.push(format!("tokens.{key} has to be from 1 to {most}, not {value}"));
        }
        problems
    }
}
