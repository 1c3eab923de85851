//! Field work: customers, contacts, properties, jobs, visits, assignments, notes, files. No amounts of money (`billing`),
//! no HTTP (that is `api`), no tokens (that is `tenancy`).
//!
//! Each noun is a slice: `mod.rs` with its use cases, the type with its rules, `store.rs` with every statement,
//! `error.rs`. `customers` is the model to copy (CONTRIBUTING.md). What a technician or a customer sees has columns
//! of its own (`assignments`, `portal`), because that is all that they are granted.

pub mod assignments;
pub mod contacts;
pub mod customer_users;
pub mod customers;
pub mod files;
pub mod jobs;
pub mod notes;
pub mod portal;
pub mod properties;
pub mod visits;
