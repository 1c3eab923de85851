//! The workers against a real database and a simulated SendGrid. `SURV_TEST_DATABASE=host:port/name` says which server;
//! each test makes a database of its own there, since the queue belongs to all companies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "workers/audit_chain.rs"]
mod audit_chain;
#[path = "workers/companies.rs"]
mod companies;
#[path = "workers/dead_letters.rs"]
mod dead_letters;
#[path = "workers/emails.rs"]
mod emails;
#[path = "workers/events.rs"]
mod events;
#[path = "workers/files.rs"]
mod files;
#[path = "workers/leases.rs"]
mod leases;
#[path = "workers/nudges.rs"]
mod nudges;
#[path = "workers/poison.rs"]
mod poison;
#[path = "workers/purge.rs"]
mod purge;
#[path = "workers/queue.rs"]
mod queue;
#[path = "workers/support.rs"]
mod support;
