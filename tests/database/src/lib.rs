//! Databases for the tests of single crates, on the cluster of `SURV_TEST_SUPERUSER_URL` (`./dev test` sets it).
//!
//! `tests/support` makes its own by `surv migrate`, which the crates below the program can't use.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, PoisonError},
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use surv_rls_policies::{CONTEXT, FUNCTIONS, LOGINS, TABLES};
use surv_tenancy::db::{DatabaseConfig, PoolConfig};

/// The cluster, as superuser.
///
/// # Panics
/// When the variable is not set.
#[allow(clippy::disallowed_methods, reason = "tests are told by the environment where the database is")]
pub fn cluster() -> PgConnectOptions {
    let url = std::env::var("SURV_TEST_SUPERUSER_URL").expect("set SURV_TEST_SUPERUSER_URL, or run ./dev test");
    url.parse().expect("SURV_TEST_SUPERUSER_URL is a postgres:// address")
}

/// Roles belong to the cluster, so all tests agree on their passwords.
pub fn password_of(login: &str) -> String {
    format!("test-{login}")
}

/// A superuser's connection to one database.
///
/// # Panics
/// When there is none.
pub async fn superuser(name: &str) -> PgConnection {
    PgConnection::connect_with(&cluster().database(name)).await.unwrap()
}

/// How the product would be told of a database.
pub fn config(name: &str, pool: PoolConfig) -> DatabaseConfig {
    let short = |login: &str| login.trim_start_matches("surv_").trim_end_matches("_login").to_owned();
    let cluster = cluster();
    DatabaseConfig {
        host: cluster.get_host().to_owned(),
        port: cluster.get_port(),
        name: name.to_owned(),
        ssl_mode: "disable".to_owned(),
        passwords: LOGINS.iter().map(|login| (short(login), password_of(login).into())).collect(),
        superuser_url: None,
        pool,
    }
}

/// The name of the database that all tests of one purpose share, made by whoever asks first. Named after the state of
/// schema and policies, so one of an older state is never taken for it.
///
/// # Panics
/// When it can't be made.
pub fn shared(purpose: &str) -> String {
    static MADE: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = made.get_or_insert_default();
    if let Some(name) = made.get(purpose) {
        return name.clone();
    }
    let name = format!("surv_{purpose}_{:016x}", state());
    let task = name.clone();
    // On a thread of its own: the caller's runtime ends with its test.
    let make = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(make_once(&task));
    };
    std::thread::spawn(make).join().expect("a test database can be made");
    made.insert(purpose.to_owned(), name.clone());
    name
}

fn state() -> u64 {
    let mut hasher = DefaultHasher::new();
    (CONTEXT, FUNCTIONS, TABLES).hash(&mut hasher);
    for migration in surv_migrations::MIGRATOR.iter() {
        migration.checksum.hash(&mut hasher);
    }
    hasher.finish()
}

/// Test processes start at the same time: the first makes it, and says so when it is ready.
async fn make_once(name: &str) {
    let mut admin = superuser("postgres").await;
    admin.execute("SELECT pg_advisory_lock(7264)").await.unwrap();
    let ready: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_database d
                         WHERE d.datname = $1 AND shobj_description(d.oid, 'pg_database') = 'ready')",
    )
    .bind(name)
    .fetch_one(&mut admin)
    .await
    .unwrap();
    if !ready {
        make(name).await;
        admin.execute(AssertSqlSafe(format!("COMMENT ON DATABASE {name} IS 'ready'"))).await.unwrap();
    }
    admin.close().await.unwrap();
}

/// Makes a database anew: roles, schema, policies.
///
/// # Panics
/// When the server refuses a step.
pub async fn make(name: &str) {
    let passwords: Vec<_> = LOGINS.iter().map(|login| (*login, password_of(login))).collect();
    let mut admin = superuser("postgres").await;
    drop_database(name).await;
    surv_rls_policies::bootstrap_cluster(&mut admin, &passwords).await.unwrap();
    surv_rls_policies::create_database(&mut admin, name).await.unwrap();
    admin.close().await.unwrap();
    let mut own = superuser(name).await;
    surv_rls_policies::bootstrap_database(&mut own).await.unwrap();
    own.execute("SET SESSION AUTHORIZATION surv_migrator_login").await.unwrap();
    own.execute("SET search_path = public, pg_temp").await.unwrap();
    own.execute("SET ROLE surv_owner").await.unwrap();
    surv_rls_policies::apply_context(&mut own).await.unwrap();
    surv_migrations::MIGRATOR.run(&mut own).await.unwrap();
    surv_rls_policies::apply(&mut own).await.unwrap();
    own.close().await.unwrap();
}

/// Drops a database, whoever uses it.
///
/// # Panics
/// When the server refuses.
pub async fn drop_database(name: &str) {
    let mut admin = superuser("postgres").await;
    let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    admin.execute(AssertSqlSafe(statement)).await.unwrap();
    admin.close().await.unwrap();
}
