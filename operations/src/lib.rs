//! Field work: customers, properties, jobs, visits, assignments, notes. No amounts of money (that is `billing`),
//! no HTTP (that is `api`), no tokens (that is `tenancy`).
//!
//! Each noun is a slice: `mod.rs` with its use cases, the type with its rules, `store.rs` with every statement,
//! `error.rs`. `customers` is the model to copy (CONTRIBUTING.md).

pub mod customers;
pub mod page;
