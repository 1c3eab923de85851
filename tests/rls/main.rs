//! Proofs that the database keeps companies and personas apart, tried through the logins and doors of the product.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admission;
mod catalogue;
mod columns;
mod confinement;
mod context;
mod expected;
mod injection;
mod kinds;
mod matrix;
mod oracles;
mod plans;
mod timing;
