//! The trade's use cases against a real database on the cluster of `SURV_TEST_SUPERUSER_URL`. Each test makes companies
//! of its own in the shared database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "work/jobs.rs"]
mod jobs;
#[path = "work/notes.rs"]
mod notes;
#[path = "work/races.rs"]
mod races;
#[path = "work/sight.rs"]
mod sight;
#[path = "work/steps.rs"]
mod steps;
#[path = "work/support.rs"]
mod support;
