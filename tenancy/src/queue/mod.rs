//! Background work, enqueued in the transaction that causes it: the `tasks` table is the outbox.
//!
//! Claiming and leases are in `lease.rs`; what each kind does is in the `workers` crate.

mod enqueue;
mod lease;

pub use enqueue::{Task, enqueue, enqueue_for};
pub use lease::{Claim, LeaseError, claim, complete, fail, next_due, postpone, release, renew};
