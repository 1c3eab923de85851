//! What the test folders share: a database made like a real one, two seeded companies, and actors with live sessions.

mod app;
mod call;
mod chance;
mod company;
mod database;
pub mod files;
mod proxy;
mod run;
mod wait;

pub use app::{BODY_LIMIT, OWN_ORIGIN, TestApp};
pub use call::{Answer, Call};
pub use chance::chance;
pub use company::{Company, Who};
pub use database::TestDatabase;
pub use proxy::SlowProxy;
pub use wait::eventually;
