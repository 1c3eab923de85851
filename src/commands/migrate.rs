//! `surv migrate`: brings the database into shape, step by step, as often as one likes.
//!
//! With a superuser's address it makes the roles and the database; everything after that runs as
//! `surv_migrator_login`, which is what a deployment without superuser rights has.

use std::{process::ExitCode, str::FromStr as _, time::Duration};

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use surv_migrations::MIGRATOR;
use surv_rls_policies as policies;
use surv_tenancy::db::DatabaseConfig;
use tokio::time::Instant;

use crate::deployed;

/// Two migrations never run at once. Polled, never waited for: a waiting statement holds a snapshot, and
/// `CREATE INDEX CONCURRENTLY` of the other one would wait for that.
const LOCK: i64 = 0x5355_5256;
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs all steps and prints each with its time.
///
/// # Errors
/// The first step that failed, with what the database said.
pub async fn run(config: &DatabaseConfig) -> anyhow::Result<ExitCode> {
    let mut steps = Steps { last: Instant::now(), print: true };
    migrate(config, &mut steps).await?;
    Ok(ExitCode::SUCCESS)
}

/// The same without a word, for tests.
///
/// # Errors
/// As [`run`].
pub async fn quietly(config: &DatabaseConfig) -> anyhow::Result<()> {
    migrate(config, &mut Steps { last: Instant::now(), print: false }).await
}

struct Steps {
    last: Instant,
    print: bool,
}

impl Steps {
    fn done(&mut self, step: &str) {
        let took = std::mem::replace(&mut self.last, Instant::now()).elapsed();
        if self.print {
            println!("  {step:<52} {:>7} ms", took.as_millis());
        }
    }
}

async fn migrate(config: &DatabaseConfig, steps: &mut Steps) -> anyhow::Result<()> {
    if let Some(url) = &config.superuser_url {
        as_superuser(config, url, steps).await?;
    }
    let mut connection = PgConnection::connect_with(&config.options("surv_migrator_login"))
        .await
        .context("connecting as surv_migrator_login (on a new cluster, set database.superuser_url once)")?;
    policies::check_release(&mut connection).await?;
    sqlx::query("SET ROLE surv_owner").execute(&mut connection).await.context("acting as surv_owner")?;
    lock(&mut connection).await?;
    steps.done("connected as surv_migrator_login, nobody else migrates");
    as_owner(&mut connection, steps).await?;
    connection.close().await?;
    Ok(())
}

async fn as_superuser(config: &DatabaseConfig, url: &SecretString, steps: &mut Steps) -> anyhow::Result<()> {
    // The parser's message may quote the address, password and all.
    let options = PgConnectOptions::from_str(url.expose_secret())
        .map_err(|_| anyhow::anyhow!("database.superuser_url is no postgres:// address"))?;
    let options = match config.ssl_mode.parse::<PgSslMode>() {
        Ok(mode) if !url.expose_secret().contains("sslmode") => options.ssl_mode(mode),
        _ => options,
    };
    let mut cluster =
        PgConnection::connect_with(&options.clone().database("postgres")).await.context("connecting as superuser")?;
    let passwords: Vec<(&str, String)> = policies::LOGINS
        .iter()
        .filter_map(|login| Some((*login, config.passwords.get(short(login))?.expose_secret().to_owned())))
        .collect();
    policies::bootstrap_cluster(&mut cluster, &passwords).await.context("making the roles")?;
    steps.done(&format!("roles, and passwords of {} logins", passwords.len()));
    policies::create_database(&mut cluster, &config.name).await.context("making the database")?;
    cluster.close().await?;
    let mut database = PgConnection::connect_with(&options.database(&config.name)).await?;
    policies::bootstrap_database(&mut database).await.context("closing what Postgres leaves open")?;
    database.close().await?;
    steps.done(&format!("database {}", config.name));
    Ok(())
}

async fn as_owner(connection: &mut PgConnection, steps: &mut Steps) -> anyhow::Result<()> {
    policies::apply_context(connection).await.context("making the context functions")?;
    steps.done("context functions");
    let before = applied(connection).await?;
    let mut migrator =
        sqlx::migrate::Migrator { migrations: MIGRATOR.migrations.clone(), ..sqlx::migrate::Migrator::DEFAULT };
    migrator.set_ignore_missing(true).set_locking(false);
    migrator.run(&mut *connection).await.context("running the migrations")?;
    let after = applied(connection).await?;
    steps.done(&format!("schema {}, {} new", deployed::newest_version(), after - before));
    policies::apply(connection).await.context("replacing the policies")?;
    steps.done(&format!("policies and grants of {} tables", policies::TABLES.len()));
    deployed::record(connection).await.context("recording what was applied")?;
    steps.done("recorded, for surv doctor");
    Ok(())
}

async fn applied(connection: &mut PgConnection) -> anyhow::Result<i64> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('public._sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !there {
        return Ok(0);
    }
    Ok(sqlx::query_scalar("SELECT count(*) FROM public._sqlx_migrations").fetch_one(connection).await?)
}

async fn lock(connection: &mut PgConnection) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let taken: bool =
            sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut *connection).await?;
        if taken {
            return Ok(());
        }
        if Instant::now() > until {
            bail!(
                "another surv migrate has been running for {} s; look for it in pg_stat_activity",
                PATIENCE.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn short(login: &str) -> &str {
    login.trim_start_matches("surv_").trim_end_matches("_login")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::scratch::Scratch;

    #[tokio::test]
    async fn migrating_again_and_two_at_once_change_nothing() {
        let scratch = Scratch::new().await;
        let config = scratch.database();
        quietly(&config).await.unwrap();
        let mut connection = PgConnection::connect_with(&config.options("surv_migrator_login")).await.unwrap();
        let first = deployed::read(&mut connection).await.unwrap().unwrap();
        let without_superuser = DatabaseConfig { superuser_url: None, ..config };

        let (one, two) = tokio::join!(quietly(&without_superuser), quietly(&without_superuser));

        one.unwrap();
        two.unwrap();
        assert_eq!(deployed::read(&mut connection).await.unwrap().unwrap(), first);
        assert_eq!(deployed::observe(&mut connection).await.unwrap(), first.access);
        assert_eq!(first.schema_version, deployed::newest_version());
        connection.close().await.unwrap();
        scratch.drop().await;
    }

    #[tokio::test]
    async fn a_new_cluster_without_a_superuser_is_told_what_to_set() {
        let scratch = Scratch::new().await;
        let config = DatabaseConfig { superuser_url: None, ..scratch.database() };

        let error = quietly(&config).await.unwrap_err();

        assert!(format!("{error:#}").contains("set database.superuser_url once"), "{error:#}");
    }
}
