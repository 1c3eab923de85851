//! The doors to the database. Nothing else in Surv holds a connection.
//!
//! [`TenantDb`] opens transactions that see one tenant as one persona; [`PlatformDb`] opens those of the few
//! cross-tenant paths, each with a database role of its own. Both hand out connections that return to their pool
//! only after an answered COMMIT or ROLLBACK (`pool.rs`).

mod commits;
mod config;
mod context;
mod error;
mod nudge;
mod platform_tx;
mod pool;
mod tenant_tx;

pub use commits::noting_commits;
pub use config::{DatabaseConfig, PoolConfig};
pub use error::{AdmissionRefusal, DbError};
pub use nudge::Nudge;
pub use platform_tx::{Path, PlatformDb, PlatformTx};
pub use pool::is_lost;
/// Named here so that crates without `sqlx` can say what became of a statement.
pub use sqlx::Error as SqlError;
pub use tenant_tx::{Access, TenantDb, TenantTx};

/// An open transaction of either door.
pub trait Transaction: Send {
    /// The connection, for statements.
    fn conn(&mut self) -> &mut sqlx::PgConnection;

    /// Workers are nudged as soon as it has committed: it leaves them something to do.
    fn nudge_on_commit(&mut self);
}
