//! The identity use cases against a real database on the cluster of `SURV_TEST_SUPERUSER_URL`. Each test makes its own
//! companies in the shared database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "identity/company.rs"]
mod company;
#[path = "identity/customer_login.rs"]
mod customer_login;
#[path = "identity/fixtures.rs"]
mod fixtures;
#[path = "identity/invitations.rs"]
mod invitations;
#[path = "identity/log_in.rs"]
mod log_in;
#[path = "identity/members.rs"]
mod members;
#[path = "identity/outcomes.rs"]
mod outcomes;
#[path = "identity/password_reset.rs"]
mod password_reset;
#[path = "identity/refresh.rs"]
mod refresh;
#[path = "identity/sessions.rs"]
mod sessions;
#[path = "identity/sign_up.rs"]
mod sign_up;
#[path = "identity/support.rs"]
mod support;
#[path = "identity/totp.rs"]
mod totp;
