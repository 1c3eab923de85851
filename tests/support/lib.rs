//! What the test folders share: a database made like a real one, two seeded companies, and actors with live sessions.

mod company;
mod database;
mod run;

pub use company::{Company, Who};
pub use database::TestDatabase;
