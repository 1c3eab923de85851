//! 32 random bytes: base64url on the wire behind the ids that find their row, SHA-256 in the table.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::clock::random_bytes;

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

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

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
}
