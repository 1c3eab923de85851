//! Whether a batch comes from SendGrid: ECDSA over P-256 and SHA-256, of the timestamp followed by the body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey;

/// The header with the signature (DER, base64).
pub const SIGNATURE_HEADER: &str = "X-Twilio-Email-Event-Webhook-Signature";
/// The header with the signed time in unix seconds.
pub const TIMESTAMP_HEADER: &str = "X-Twilio-Email-Event-Webhook-Timestamp";
/// How far a batch's time may be from ours. The vendor names no value; five minutes is the custom.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Why a batch is not believed. Answer 403, count it, change nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Forged {
    #[error("the key is not a P-256 public key")]
    Key,
    #[error("the timestamp is not a time")]
    Timestamp,
    #[error("the timestamp is too far from now")]
    Old,
    #[error("the signature does not fit")]
    Signature,
}

/// The webhook's public key, read once.
#[derive(Debug, Clone)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads the key as SendGrid shows it: SPKI DER in base64.
    ///
    /// # Errors
    /// [`Forged::Key`] if it is anything else.
    pub fn from_base64(text: &str) -> Result<Self, Forged> {
        let der = STANDARD.decode(text.trim()).map_err(|_| Forged::Key)?;
        VerifyingKey::from_public_key_der(&der).map(Self).map_err(|_| Forged::Key)
    }
}

/// Checks that SendGrid signed exactly this body, and lately.
///
/// `raw_body` must be the bytes as received: a framework that trims the trailing CR LF, or JSON that was
/// read and written again, does not verify. A replay within `tolerance` does; unique event ids stop it.
///
/// # Errors
/// [`Forged`] says what is wrong; the sender must not be told.
pub fn verify(
    key: &PublicKey,
    signature_header: &str,
    timestamp_header: &str,
    raw_body: &[u8],
    now: DateTime<Utc>,
    tolerance: TimeDelta,
) -> Result<(), Forged> {
    // Digits only: `parse` alone would take "+1", and what is signed is the text.
    if timestamp_header.is_empty() || !timestamp_header.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Forged::Timestamp);
    }
    let seconds = timestamp_header.parse().map_err(|_| Forged::Timestamp)?;
    let signed_at = DateTime::from_timestamp(seconds, 0).ok_or(Forged::Timestamp)?;
    if (now - signed_at).abs() > tolerance {
        return Err(Forged::Old);
    }
    let der = STANDARD.decode(signature_header).map_err(|_| Forged::Signature)?;
    let signature = Signature::from_der(&der).map_err(|_| Forged::Signature)?;
    let signed = [timestamp_header.as_bytes(), raw_body].concat();
    key.0.verify(&signed, &signature).map_err(|_| Forged::Signature)
}
