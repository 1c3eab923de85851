//! The schema, as timestamped SQL files compiled into the binary.

use sqlx::migrate::Migrator;

/// All migrations, oldest first. Run by `surv migrate` only; servers check the version.
pub static MIGRATOR: Migrator = {
    let mut migrator = sqlx::migrate!("./sql");
    // A server must accept a database that a newer release has already migrated.
    migrator.ignore_missing = true;
    migrator
};

/// The newest version that this binary knows.
pub fn newest_version() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default()
}
