//! The database of these tests: made once for each state of schema and policies, and shared by all of them.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::OnceLock,
};

use sqlx::{Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use surv_rls_policies::{CONTEXT, FUNCTIONS, LOGINS, TABLES};
use surv_tenancy::db::{DatabaseConfig, PoolConfig};

/// Roles belong to the cluster, so all tests agree on their passwords.
fn password_of(login: &str) -> String {
    format!("test-{login}")
}

/// Where the shared database is, to be used with so many connections for each persona. Made on a thread of its own: the caller's runtime ends with its test.
pub fn database(width: usize) -> DatabaseConfig {
    static DATABASE: OnceLock<DatabaseConfig> = OnceLock::new();
    let make = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(make())
    };
    let shared = DATABASE.get_or_init(|| std::thread::spawn(make).join().expect("a test database can be made"));
    DatabaseConfig { pool: PoolConfig { persona: width, ..shared.pool }, ..shared.clone() }
}

#[allow(clippy::disallowed_methods, reason = "tests are told by the environment where the database is")]
fn cluster() -> PgConnectOptions {
    let url = std::env::var("SURV_TEST_SUPERUSER_URL").expect("set SURV_TEST_SUPERUSER_URL, or run ./dev test");
    url.parse().expect("SURV_TEST_SUPERUSER_URL is a postgres:// address")
}

/// One name for one state of the files: a database of an older state is never taken for this one.
fn name() -> String {
    let mut hasher = DefaultHasher::new();
    (CONTEXT, FUNCTIONS, TABLES).hash(&mut hasher);
    for migration in surv_migrations::MIGRATOR.iter() {
        migration.checksum.hash(&mut hasher);
    }
    format!("surv_work_{:016x}", hasher.finish())
}

async fn make() -> DatabaseConfig {
    let (cluster, name) = (cluster(), name());
    let mut admin = PgConnection::connect_with(&cluster).await.unwrap();
    // Test processes start at the same time; the first makes it.
    admin.execute("SELECT pg_advisory_lock(7265)").await.unwrap();
    let ready: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_database d
                         WHERE d.datname = $1 AND shobj_description(d.oid, 'pg_database') = 'ready')",
    )
    .bind(&name)
    .fetch_one(&mut admin)
    .await
    .unwrap();
    if !ready {
        build(&mut admin, &cluster, &name).await;
    }
    admin.close().await.unwrap();
    let short = |login: &str| login.trim_start_matches("surv_").trim_end_matches("_login").to_owned();
    DatabaseConfig {
        host: cluster.get_host().to_owned(),
        port: cluster.get_port(),
        name,
        ssl_mode: "disable".to_owned(),
        passwords: LOGINS.iter().map(|login| (short(login), password_of(login).into())).collect(),
        superuser_url: None,
        pool: PoolConfig { persona: 4, worker: 1, path: 1, wait_ms: 20_000 },
    }
}

async fn build(admin: &mut PgConnection, cluster: &PgConnectOptions, name: &str) {
    let passwords: Vec<_> = LOGINS.iter().map(|login| (*login, password_of(login))).collect();
    admin.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await.unwrap();
    surv_rls_policies::bootstrap_cluster(admin, &passwords).await.unwrap();
    surv_rls_policies::create_database(admin, name).await.unwrap();
    let mut own = PgConnection::connect_with(&cluster.clone().database(name)).await.unwrap();
    surv_rls_policies::bootstrap_database(&mut own).await.unwrap();
    own.execute("SET SESSION AUTHORIZATION surv_migrator_login").await.unwrap();
    own.execute("SET search_path = public, pg_temp").await.unwrap();
    own.execute("SET ROLE surv_owner").await.unwrap();
    surv_rls_policies::apply_context(&mut own).await.unwrap();
    surv_migrations::MIGRATOR.run(&mut own).await.unwrap();
    surv_rls_policies::apply(&mut own).await.unwrap();
    own.close().await.unwrap();
    admin.execute(sqlx::AssertSqlSafe(format!("COMMENT ON DATABASE {name} IS 'ready'"))).await.unwrap();
}
