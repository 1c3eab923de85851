//! The event webhook: signed batches that say what became of each mail.
//!
//! [`verify`] comes first and takes the body as it came over the wire; only then [`parse`]. Batches come
//! late, twice and out of order: store each event under its [`DeliveryEvent::sg_event_id`], unique.

mod event;
mod signature;

pub(in crate::sendgrid) use event::is_vendor_field;
pub use event::{DeliveryEvent, EventKind, NotABatch, Outcome, parse};
pub use signature::{Forged, PublicKey, SIGNATURE_HEADER, TIMESTAMP_HEADER, TOLERANCE, verify};

#[cfg(test)]
mod tests;
