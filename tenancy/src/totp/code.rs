//! The codes themselves; pure.

use chrono::{DateTime, Utc};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::{UserId, clock::random_bytes, secrets::Sealer};

/// Bytes of a new secret: what authenticators expect of SHA-1.
pub(super) const SECRET_BYTES: usize = 20;
pub(super) const RECOVERY_CODES: usize = 10;
/// No letter or digit that looks like another one.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret.to_vec())
        .build()
        .ok()
}

/// The time step whose code this is: the present one or a neighbour, for clocks that differ.
pub(super) fn step_of(secret: &[u8], digits: &str, now: DateTime<Utc>) -> Option<i64> {
    let step = totp(secret)?.check(digits, u64::try_from(now.timestamp()).ok()?)?;
    i64::try_from(step).ok()
}

/// Six digits, as people type them: `123 456` too.
pub(super) fn six_digits(typed: &str) -> Option<String> {
    if typed.len() > 64 {
        return None;
    }
    let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// Ten characters of our alphabet, however they are grouped and capitalised.
pub(super) fn recovery(typed: &str) -> Option<String> {
    if typed.len() > 64 {
        return None;
    }
    let code: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_lowercase()).collect();
    (code.len() == 10 && code.bytes().all(|b| ALPHABET.contains(&b))).then_some(code)
}

/// A new recovery code as it is shown: 50 random bits.
pub(super) fn new_recovery() -> String {
    let mut code: String =
        random_bytes::<10>().iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect();
    code.insert(5, '-');
    code
}

/// Keyed: 50 bits alone could be guessed from the table.
pub(super) fn recovery_hash(sealer: &Sealer, user_id: UserId, code: &str) -> [u8; 32] {
    sealer.keyed_hash("recovery_code", &[user_id.0.as_bytes(), code.as_bytes()])
}

pub(super) fn base32(secret: &[u8]) -> String {
    Secret::new(secret.into()).to_base32()
}

/// What authenticators scan.
pub(super) fn uri(secret: &[u8], email: &str) -> String {
    let account: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    format!("otpauth://totp/Surv:{account}?secret={}&issuer=Surv&algorithm=SHA1&digits=6&period=30", base32(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the key in ASCII, eight digits of which we use the last six.
    #[test]
    fn codes_are_those_of_the_standard() {
        let key = b"12345678901234567890";
        for (at, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            let now = DateTime::from_timestamp(at, 0).unwrap();
            assert_eq!(step_of(key, code, now), Some(at / 30));
        }
    }

    #[test]
    fn a_code_of_two_steps_ago_is_too_old() {
        let key = b"12345678901234567890";

        assert_eq!(step_of(key, "287082", DateTime::from_timestamp(89, 0).unwrap()), Some(1));
        assert_eq!(step_of(key, "287082", DateTime::from_timestamp(120, 0).unwrap()), None);
    }

    #[test]
    fn typed_codes_are_read_as_people_write_them() {
        assert_eq!(six_digits("123 456").as_deref(), Some("123456"));
        assert_eq!(six_digits("12345"), None);
        assert_eq!(six_digits("١٢٣٤٥٦"), None);
        assert_eq!(recovery("ABCDE-23456").as_deref(), Some("abcde23456"));
        assert_eq!(recovery("abcde-2345l"), None);
        let made = new_recovery();
        assert_eq!(recovery(&made).unwrap().len(), 10);
        assert_eq!(six_digits(&made), None);
    }

    #[test]
    fn the_address_for_authenticators_escapes_the_account() {
        assert!(
            uri(b"12345678901234567890", "a+b&c@d.e")
                .starts_with("otpauth://totp/Surv:a%2Bb%26c%40d.e?secret=GEZDGNBVGY3TQOJQ")
        );
    }
}
