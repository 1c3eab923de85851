//! The schema, as timestamped SQL files compiled into the binary, and how a database is brought up to it.

use std::time::Duration;

use sqlx::{Executor as _, PgConnection, migrate::Migrator};

/// All migrations, oldest first. Run by `surv migrate` only; servers check the version.
pub static MIGRATOR: Migrator = {
    let mut migrator = sqlx::migrate!("./sql");
    // A server must accept a database that a newer release has already migrated.
    migrator.ignore_missing = true;
    // [`migrate`] holds a lock of its own, over policies too.
    migrator.locking = false;
    migrator
};

/// Why a database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("another migration has been running for too long")]
    Locked,
    #[error("a migration failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the policies could not be applied")]
    Policies(#[from] surv_rls_policies::ApplyError),
    #[error("the database answered with an error")]
    Database(#[from] sqlx::Error),
}

/// The newest version that this binary knows.
pub fn newest_version() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Brings a bootstrapped database up to this binary: accessors, migrations, then every policy and grant.
///
/// `migrator` is connected as `surv_migrator_login` and is `surv_owner` afterwards. One at a time per database.
/// The lock is polled for and not waited for: a waiting statement holds a snapshot, which an index that is being
/// built concurrently by the other one would wait for.
///
/// # Errors
/// [`MigrateError::Locked`] when another one runs for longer than five minutes.
pub async fn migrate(migrator: &mut PgConnection) -> Result<(), MigrateError> {
    const LOCK: i64 = 7262;
    migrator.execute("SET ROLE surv_owner").await?;
    let mut attempts = 0;
    while !sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut *migrator).await? {
        attempts += 1;
        if attempts > 1_500 {
            return Err(MigrateError::Locked);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let outcome = bring_up(migrator).await;
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(LOCK).execute(migrator).await?;
    outcome
}

async fn bring_up(migrator: &mut PgConnection) -> Result<(), MigrateError> {
    surv_rls_policies::apply_context(migrator).await?;
    MIGRATOR.run(&mut *migrator).await?;
    surv_rls_policies::apply(migrator).await?;
    Ok(())
}
