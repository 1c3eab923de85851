//! Every role, grant and policy of Surv, as SQL files, and the code that makes a database agree with them.
//!
//! The files are the truth: [`apply`] drops every policy and grant of a table and makes those of its file, in one
//! transaction, so a diff of a file is the diff of access. A table that has no file here is unreadable.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// Creates and adjusts all roles. Superuser, once per cluster, repeatable.
pub const ROLES: &str = include_str!("../roles.sql");
/// Closes what Postgres leaves open. Superuser, once per database, repeatable.
pub const DATABASE: &str = include_str!("../database.sql");
/// The accessors that policies read. As `surv_owner`, before migrations.
pub const CONTEXT: &str = include_str!("../context.sql");
/// The SECURITY DEFINER functions. After migrations.
pub const FUNCTIONS: &str = include_str!("../functions.sql");

macro_rules! tables {
    ($($table:literal,)*) => {
        /// Each table with its policy file.
        pub const TABLES: &[(&str, &str)] = &[$(($table, include_str!(concat!("../policies/", $table, ".sql"))),)*];
    };
}

tables! {
    "tenants", "tenant_branding", "users", "recovery_codes", "email_challenges", "sign_ups", "kept_outcomes",
    "members", "invitations", "sessions", "refresh_tokens", "revoked_tokens",
    "customers", "customer_words", "contacts", "customer_users", "properties",
    "counters", "jobs", "visits", "assignments", "notes", "files", "upload_counts",
    "events", "audit_entries", "audit_heads",
    "tasks", "idempotency_keys", "messages", "webhook_inbox", "webhook_channels",
}

/// Logins whose password comes from the configuration.
pub const LOGINS: &[&str] = &[
    "surv_migrator_login",
    "surv_admin_login",
    "surv_manager_login",
    "surv_technician_login",
    "surv_customer_login",
    "surv_worker_login",
    "surv_identity_login",
    "surv_signup_login",
    "surv_dispatch_login",
    "surv_intake_login",
    "surv_operator_login",
    "surv_purge_login",
];

/// The oldest releases without known holes in RLS and memory safety, by major version.
pub const OLDEST_SAFE_RELEASES: &[(i32, i32)] = &[(15, 18), (16, 14), (17, 10), (18, 4)];

/// Why a database could not be brought into shape.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("Postgres {found} has known security holes; use {wanted} or newer")]
    UnsafeRelease { found: String, wanted: String },
    #[error("the policy file of table {table} failed")]
    Policy { table: &'static str, source: sqlx::Error },
    #[error("the table {table} exists but has no file in rls-policies/policies")]
    Unlisted { table: String },
    #[error("the database answered with an error")]
    Database(#[from] sqlx::Error),
}

/// Refuses a server whose release has known holes.
///
/// # Errors
/// [`ApplyError::UnsafeRelease`], or the database's own.
pub async fn check_release(connection: &mut PgConnection) -> Result<(), ApplyError> {
    let number: i32 =
        sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(connection).await?;
    let (major, minor) = (number / 10_000, number % 10_000);
    match OLDEST_SAFE_RELEASES.iter().find(|(m, _)| *m == major) {
        Some((_, oldest)) if minor < *oldest => {
            Err(ApplyError::UnsafeRelease { found: format!("{major}.{minor}"), wanted: format!("{major}.{oldest}") })
        }
        None if major < 15 => {
            Err(ApplyError::UnsafeRelease { found: format!("{major}.{minor}"), wanted: "15.18".to_owned() })
        }
        _ => Ok(()),
    }
}

/// Creates the roles and sets their passwords. `superuser` is connected to any database of the cluster.
///
/// # Errors
/// The database's own.
#[allow(clippy::disallowed_methods, reason = "files of several statements, no input in them")]
pub async fn bootstrap_cluster(superuser: &mut PgConnection, passwords: &[(&str, String)]) -> Result<(), ApplyError> {
    check_release(superuser).await?;
    // Two bootstraps at once (parallel test runs) would collide on the shared catalogue.
    let mut transaction = superuser.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock(7261)").execute(&mut *transaction).await?;
    sqlx::raw_sql(ROLES).execute(&mut *transaction).await?;
    for (login, password) in passwords {
        let statement: String = sqlx::query_scalar("SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)")
            .bind(login)
            .bind(password)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.execute(AssertSqlSafe(statement)).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Makes the database if it is missing. `superuser` is connected to another one.
///
/// # Errors
/// The database's own.
pub async fn create_database(superuser: &mut PgConnection, name: &str) -> Result<(), ApplyError> {
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut *superuser)
        .await?;
    if !exists {
        let statement: String = sqlx::query_scalar(
            "SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'' LC_COLLATE ''C.UTF-8'' LC_CTYPE ''C.UTF-8''', $1::text)",
        )
        .bind(name)
        .fetch_one(&mut *superuser)
        .await?;
        superuser.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}

/// Closes what Postgres leaves open in a new database. `superuser` is connected to it.
///
/// # Errors
/// The database's own.
#[allow(clippy::disallowed_methods, reason = "a file of several statements, no input in it")]
pub async fn bootstrap_database(superuser: &mut PgConnection) -> Result<(), ApplyError> {
    sqlx::raw_sql(DATABASE).execute(superuser).await?;
    Ok(())
}

/// Creates the accessors that migrations and policies use. `migrator` acts as `surv_owner`.
///
/// # Errors
/// The database's own.
#[allow(clippy::disallowed_methods, reason = "a file of several statements, no input in it")]
pub async fn apply_context(migrator: &mut PgConnection) -> Result<(), ApplyError> {
    sqlx::raw_sql(CONTEXT).execute(migrator).await?;
    Ok(())
}

/// Replaces all policies, grants and definer functions by those of the files, in one transaction.
///
/// # Errors
/// [`ApplyError::Policy`] names the file; [`ApplyError::Unlisted`] a table without one.
#[allow(clippy::disallowed_methods, reason = "files of several statements, no input in them")]
pub async fn apply(migrator: &mut PgConnection) -> Result<(), ApplyError> {
    let mut transaction = migrator.begin().await?;
    refuse_unlisted_tables(&mut transaction).await?;
    for (table, _) in TABLES {
        strip(&mut transaction, table).await?;
    }
    // The functions belong to roles that must be able to create them for a moment.
    sqlx::raw_sql("GRANT CREATE ON SCHEMA app TO surv_gate_fn, surv_directory_fn").execute(&mut *transaction).await?;
    sqlx::raw_sql(FUNCTIONS).execute(&mut *transaction).await?;
    sqlx::raw_sql("REVOKE CREATE ON SCHEMA app FROM surv_gate_fn, surv_directory_fn")
        .execute(&mut *transaction)
        .await?;
    for (table, file) in TABLES {
        sqlx::raw_sql(*file).execute(&mut *transaction).await.map_err(|source| ApplyError::Policy { table, source })?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn refuse_unlisted_tables(connection: &mut PgConnection) -> Result<(), ApplyError> {
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT k.relname::text FROM pg_class k
          WHERE k.relnamespace = 'public'::regnamespace AND k.relkind IN ('r', 'p') AND k.relname <> '_sqlx_migrations'",
    )
    .fetch_all(connection)
    .await?;
    match found.into_iter().find(|name| !TABLES.iter().any(|(table, _)| table == name)) {
        Some(table) => Err(ApplyError::Unlisted { table }),
        None => Ok(()),
    }
}

/// Takes every policy and every grant off a table. The names come from the catalogue and from [`TABLES`].
async fn strip(connection: &mut PgConnection, table: &str) -> Result<(), ApplyError> {
    let statements: Vec<String> = sqlx::query_scalar(
        "SELECT format('DROP POLICY %I ON public.%I', p.polname, k.relname)
           FROM pg_policy p JOIN pg_class k ON k.oid = p.polrelid
          WHERE k.relname = $1 AND k.relnamespace = 'public'::regnamespace
         UNION ALL
         SELECT format('REVOKE ALL ON public.%I FROM %I', $1::text, r.rolname)
           FROM pg_roles r WHERE r.rolname ~ '^surv_' AND r.rolname <> 'surv_owner' AND r.rolname !~ '_login$'
         UNION ALL
         SELECT format('REVOKE ALL ON public.%I FROM PUBLIC', $1::text)",
    )
    .bind(table)
    .fetch_all(&mut *connection)
    .await?;
    for statement in statements {
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}
