//! Clients of the outside services other than the card processor, one folder each.
//!
//! A client is concrete: tests and development point its `base_url` at the simulators. Nothing here
//! knows a tenant, a database or a task; a client's error says what a task may do about it.

pub mod breaker;
pub mod clamd;
pub mod http;
pub mod s3;
pub mod sendgrid;
