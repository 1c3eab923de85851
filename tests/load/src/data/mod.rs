//! The rows that are measured on: companies, people, customers and their work, generated in Postgres.

use anyhow::{Context as _, bail};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use surv_tenancy::passwords::PasswordHasher;
use url::Url;

/// Of everybody in the bench's companies.
pub const PASSWORD: &str = "measured-in-november";
const GENERATE: &str = include_str!("generate.sql");
const CHECK: &str = include_str!("check.sql");

/// Which rows a database has to hold.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub tenants: i32,
    pub large: i32,
    pub ordinary: i32,
}

/// A connection as superuser to the database of `url`.
///
/// # Errors
/// When Postgres refuses it.
pub async fn superuser(url: &Url) -> anyhow::Result<PgConnection> {
    PgConnection::connect(url.as_str()).await.context("connecting as superuser")
}

/// Makes the rows unless they are there: a database's comment tells what it holds.
///
/// # Errors
/// When it holds rows of another size, or the rows break a rule.
pub async fn load(url: &Url, size: Size) -> anyhow::Result<()> {
    let mut connection = superuser(url).await?;
    let wanted = format!("bench {} {} {} {:016x}", size.tenants, size.large, size.ordinary, hash(GENERATE));
    let found: Option<String> =
        sqlx::query("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()")
            .fetch_one(&mut connection)
            .await?
            .get(0);
    if found.as_ref() == Some(&wanted) {
        return Ok(());
    }
    if let Some(found) = found.filter(|text| text.starts_with("bench ")) {
        bail!("the database holds \"{found}\", not \"{wanted}\": begin anew with ./dev bench --fresh");
    }
    let hash = PasswordHasher::with_width(1)?.hash(&SecretString::from(PASSWORD)).await?;
    let settings = [
        ("bench.tenants", size.tenants.to_string()),
        ("bench.large", size.large.to_string()),
        ("bench.ordinary", size.ordinary.to_string()),
        ("bench.password_hash", hash),
    ];
    for (name, value) in settings {
        sqlx::query("SELECT set_config($1, $2, false)").bind(name).bind(value).execute(&mut connection).await?;
    }
    several(&mut connection, &format!("BEGIN;\n{GENERATE}\nCOMMIT;")).await.context("generating rows")?;
    for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
        connection.execute(statement).await?;
    }
    check(&mut connection).await?;
    let name: String = sqlx::query("SELECT current_database()").fetch_one(&mut connection).await?.get(0);
    several(&mut connection, &format!("COMMENT ON DATABASE {name} IS '{wanted}'")).await
}

/// The first fault that the check finds, if any.
async fn check(connection: &mut PgConnection) -> anyhow::Result<()> {
    if let Some(row) = sqlx::query(CHECK).fetch_optional(connection).await? {
        bail!("the generated rows are wrong: {}", row.get::<String, _>(0));
    }
    Ok(())
}

/// Statements of our own, several at once.
#[allow(clippy::disallowed_methods, reason = "not the product: files of the bench, no input in them")]
pub async fn several(connection: &mut PgConnection, text: &str) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(connection).await?;
    Ok(())
}

/// FNV-1a: the same on every machine and with every compiler.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
