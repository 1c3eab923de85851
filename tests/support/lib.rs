//! What the test folders share: a database made like a real one, two seeded companies, and actors with live sessions.

mod chance;
mod company;
mod database;
mod proxy;
mod run;

pub use chance::chance;
pub use company::{Company, Who};
pub use database::TestDatabase;
pub use proxy::SlowProxy;
