//! A database of this run, made by the same steps as a real one and seeded with two companies.

use std::{collections::BTreeMap, str::FromStr as _};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions,
};
use surv_tenancy::db::{DatabaseConfig, PlatformDb, PoolConfig, TenantDb};
use surv_test_database::password_of;
use tokio::sync::OnceCell;

use crate::{Company, run};

/// Where one test database is. Hands out connections and doors; holds none, since each test has its own runtime.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    superuser: PgConnectOptions,
    name: String,
}

impl TestDatabase {
    /// The one that tests share: each makes tenants of its own, or rolls back.
    ///
    /// # Panics
    /// When there is no database server to make it on.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<TestDatabase> = OnceCell::const_new();
        SHARED.get_or_init(|| Self::named("shared")).await
    }

    /// One for tests that count all rows or lock whole tables. The same name is the same database, within a run.
    ///
    /// # Panics
    /// When there is no database server to make it on.
    pub async fn named(purpose: &str) -> Self {
        Self::make(purpose).await.expect("a test database can be made")
    }

    async fn make(purpose: &str) -> anyhow::Result<Self> {
        let server = server()?;
        let name = format!("surv_test_{}_{purpose}", run::this_run());
        let mut admin = PgConnection::connect_with(&server).await.context("connecting to SURV_TEST_SUPERUSER_URL")?;
        // Processes of one run want the same database at the same time; the session's end unlocks.
        sqlx::query("SELECT pg_advisory_lock(7263)").execute(&mut admin).await?;
        let database = Self { superuser: server.database(&name), name };
        if !database.is_ready(&mut admin).await? {
            drop_left_overs(&mut admin).await?;
            database.build(&mut admin).await?;
        }
        admin.close().await?;
        Ok(database)
    }

    /// The comment is written last, so a database that was given up half-way is made anew.
    async fn is_ready(&self, admin: &mut PgConnection) -> sqlx::Result<bool> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_database d
                             WHERE d.datname = $1 AND shobj_description(d.oid, 'pg_database') = 'ready')",
        )
        .bind(&self.name)
        .fetch_one(admin)
        .await
    }

    /// By the product's own command, so that what tests run on is what a deployment gets.
    async fn build(&self, admin: &mut PgConnection) -> anyhow::Result<()> {
        drop_database(admin, &self.name).await?;
        let config = DatabaseConfig { superuser_url: Some(url()?), ..self.config() };
        surv::commands::migrate::quietly(&config).await.context("surv migrate")?;
        let mut superuser = self.superuser().await;
        Company::seed_both(&mut superuser).await.context("seeding the two companies")?;
        superuser.close().await?;
        let comment = format!("COMMENT ON DATABASE {} IS 'ready'", self.name);
        admin.execute(AssertSqlSafe(comment)).await?;
        Ok(())
    }

    /// A connection that sees everything: the oracle, and what makes fixtures.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn superuser(&self) -> PgConnection {
        PgConnection::connect_with(&self.superuser).await.expect("the database server answers")
    }

    /// A bare connection as one login, for what the doors would not do.
    ///
    /// # Errors
    /// The server's own.
    pub async fn login(&self, login: &str) -> sqlx::Result<PgConnection> {
        self.config().options(login).disable_statement_logging().connect().await
    }

    /// How the product would be told of this database; pools wide enough that tests do not wait for each other.
    pub fn config(&self) -> DatabaseConfig {
        let passwords: BTreeMap<String, SecretString> = surv_rls_policies::LOGINS
            .iter()
            .map(|login| {
                let short = login.trim_start_matches("surv_").trim_end_matches("_login").to_owned();
                (short, SecretString::from(password_of(login)))
            })
            .collect();
        DatabaseConfig {
            host: self.superuser.get_host().to_owned(),
            port: self.superuser.get_port(),
            name: self.name.clone(),
            ssl_mode: "disable".to_owned(),
            passwords,
            superuser_url: None,
            pool: PoolConfig { persona: 4, worker: 2, path: 4, wait_ms: 10_000 },
        }
    }

    pub fn tenants(&self) -> TenantDb {
        TenantDb::new(&self.config())
    }

    /// The door with one connection for each persona, so that the next borrower gets what the last one left.
    pub fn tenants_with_one_connection(&self) -> TenantDb {
        let mut config = self.config();
        config.pool = PoolConfig { persona: 1, worker: 1, path: 1, wait_ms: 10_000 };
        TenantDb::new(&config)
    }

    pub fn platform(&self) -> PlatformDb {
        PlatformDb::new(&self.config())
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

fn server() -> anyhow::Result<PgConnectOptions> {
    PgConnectOptions::from_str(url()?.expose_secret()).context("SURV_TEST_SUPERUSER_URL is no Postgres URL")
}

#[allow(clippy::disallowed_methods, reason = "tests are told by the environment where the database is")]
fn url() -> anyhow::Result<SecretString> {
    std::env::var("SURV_TEST_SUPERUSER_URL").map(SecretString::from).ok().context(
        "SURV_TEST_SUPERUSER_URL is not set: run these tests by `./dev test`, or set it to a superuser of a Postgres \
         server for tests, such as postgres://postgres@127.0.0.1:5432/postgres",
    )
}

async fn drop_left_overs(admin: &mut PgConnection) -> sqlx::Result<()> {
    let names: Vec<String> = sqlx::query_scalar("SELECT datname::text FROM pg_database").fetch_all(&mut *admin).await?;
    for name in names.iter().filter(|name| run::is_left_over(name)) {
        drop_database(admin, name).await?;
    }
    Ok(())
}

/// `name` is made of letters, digits and underscores by [`run`].
async fn drop_database(admin: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    admin.execute(AssertSqlSafe(statement)).await.map(drop)
}
