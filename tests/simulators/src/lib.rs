//! Simulators of the outside services: they speak the vendors' wire over real HTTP and misbehave on command.
//!
//! A library for tests ([`Simulators::start`], in process, on a free port) and a binary for `./dev up`.
//! They know nothing of the product's clients, so an error that both share would have to be made twice.
//! All vendors sit behind one listener, each under its own path prefix; it accepts this machine only.

mod clock;
pub mod contract;
mod cut;
pub mod keys;
mod running;
mod schema;
pub mod sendgrid;
mod webhook;

pub use running::{Running, SimulatorOptions, Simulators, StartError};
pub use schema::{Problem, Schema, UnsupportedSchema};
