//! Rules about the code itself: what may depend on what, and what may be written where. Each exception has a reason.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crates;
mod places;
mod size;
mod sources;
