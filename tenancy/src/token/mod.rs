//! Capability tokens: biscuits that anyone can narrow and nobody can widen.
//!
//! A token is a ceiling. What a caller may do is what the token allows, *and* what the membership
//! row allows now, *and* what the policies of the database let through. Nothing in this module asks
//! the database: whether the session behind a token is still alive is decided by the transaction
//! that the token's [`Actor`](crate::Actor) opens.
//!
//! The order is fixed: the gate looks at the shape, then the signatures, then the claims, then
//! Datalog. A token that is not one of ours costs microseconds.

mod attenuate;
mod authorizer;
mod cache;
mod claims;
mod config;
mod error;
mod gate;
mod inspect;
mod keys;
mod mint;
mod need;
mod shape;
mod verify;

pub use attenuate::{AttenuateError, Attenuation, attenuate};
pub use cache::CachedVerifier;
pub use claims::{Claims, Operation, Subject, TokenKind, VerifiedToken};
pub use config::TokensConfig;
pub use error::TokenError;
pub use inspect::inspect;
pub use keys::{KeyError, KeyRing};
pub use mint::{MintError, MintedToken, TokenSpec, mint};
pub use need::Need;
pub use verify::{OpenedToken, Verifier};

#[cfg(test)]
mod tests;
