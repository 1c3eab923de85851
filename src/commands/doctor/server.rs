//! The server itself: who can log in, its release, its clock, its schema.

use sqlx::{Connection as _, PgConnection};
use surv_rls_policies::{self as policies, LOGINS};
use surv_tenancy::{Clock, db::DatabaseConfig};
use tokio::time::Instant;

use crate::deployed;

use super::{Finding, access, in_time, roles};

/// More than this and expiries, tokens and log-in codes of two machines disagree.
const MOST_SKEW_MS: i64 = 2_000;

/// Everything that the database can tell.
pub async fn examine(config: &DatabaseConfig, clock: &Clock) -> Vec<Finding> {
    let (mut findings, reader) = log_ins(config).await;
    let Some(mut reader) = reader else { return findings };
    let answers = [
        ("Postgres release", Box::pin(release(&mut reader)).await),
        ("clock", skew(&mut reader, clock).await),
        ("schema", schema(&mut reader).await),
        ("set_config", set_config(&mut reader).await),
        ("roles", roles::examine(&mut reader).await),
        ("access", access::examine(&mut reader).await),
    ];
    for (check, answer) in answers {
        findings.extend(answer.unwrap_or_else(|error| {
            vec![Finding::broken(check, error.to_string(), "look into the server's log, then run surv doctor again")]
        }));
    }
    // Nothing was changed, so nothing is lost if the server does not say goodbye.
    reader.close().await.ok();
    findings
}

/// Tries every login; the first that works reads the catalogue.
async fn log_ins(config: &DatabaseConfig) -> (Vec<Finding>, Option<PgConnection>) {
    let (mut findings, mut reader) = (Vec::new(), None);
    for login in LOGINS {
        let short = login.trim_start_matches("surv_").trim_end_matches("_login");
        let check = format!("login {short}");
        match in_time(PgConnection::connect_with(&config.options(login))).await {
            Ok(connection) => {
                findings.push(Finding::fine(&check, format!("{login} connects")));
                reader.get_or_insert(connection);
            }
            // A machine that only serves has no business with the migrator's password.
            Err(_) if *login == "surv_migrator_login" && !config.passwords.contains_key(short) => {
                findings.push(Finding::fine(&check, "not tried: this machine has no password of it"));
            }
            Err(error) => findings.push(Finding::broken(&check, error.clone(), log_in_repair(config, short, &error))),
        }
    }
    (findings, reader)
}

fn log_in_repair(config: &DatabaseConfig, short: &str, error: &str) -> String {
    let variable = format!("SURV_DATABASE__PASSWORDS__{}", short.to_uppercase());
    if error.contains("password") {
        format!("set {variable}, or run surv migrate with database.superuser_url to give the login this password")
    } else if error.contains("does not exist") || error.contains("permission denied") {
        "run surv migrate with database.superuser_url: it makes roles and database".to_owned()
    } else {
        format!("see that Postgres runs at {}:{} and takes connections from here", config.host, config.port)
    }
}

async fn release(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let version: String =
        sqlx::query_scalar("SELECT current_setting('server_version')").fetch_one(&mut *reader).await?;
    Ok(vec![match policies::check_release(reader).await {
        Ok(()) => Finding::fine("Postgres release", version),
        Err(policies::ApplyError::Database(error)) => return Err(error),
        Err(error) => {
            Finding::broken("Postgres release", error.to_string(), "install the newest minor release, restart Postgres")
        }
    }])
}

async fn skew(reader: &mut PgConnection, clock: &Clock) -> sqlx::Result<Vec<Finding>> {
    let asked = Instant::now();
    let theirs: i64 =
        sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").fetch_one(reader).await?;
    // They looked at their clock somewhere in between.
    let way = i64::try_from(asked.elapsed().as_millis()).unwrap_or(i64::MAX) / 2;
    let skew = clock.now().timestamp_millis() - way - theirs;
    Ok(vec![if skew.abs() < MOST_SKEW_MS {
        Finding::fine("clock", format!("{skew} ms from the database's"))
    } else {
        Finding::broken(
            "clock",
            format!("{skew} ms from the database's"),
            "keep both machines on time with chrony or systemd-timesyncd",
        )
    }])
}

async fn schema(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let ours = deployed::newest_version();
    Ok(vec![match deployed::read(reader).await? {
        None => Finding::broken("schema", "surv migrate has never finished on this database", "run surv migrate"),
        Some(there) if there.schema_version < ours => {
            let detail = format!("the database is at {}, this program needs {ours}", there.schema_version);
            Finding::broken("schema", detail, "run surv migrate of this release")
        }
        Some(there) if there.schema_version > ours => {
            Finding::fine("schema", format!("{}, newer than this program's {ours}", there.schema_version))
        }
        Some(_) => Finding::fine("schema", ours.to_string()),
    }])
}

/// With set_config an expression inside a query could change tenant or role.
async fn set_config(reader: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let may: Vec<String> = sqlx::query_scalar(
        "SELECT 'PUBLIC' WHERE has_function_privilege('public', 'pg_catalog.set_config(text,text,boolean)', 'EXECUTE')
          UNION ALL
         SELECT r.rolname::text FROM pg_catalog.pg_roles r
          WHERE r.rolname ~ '^surv_' AND NOT r.rolsuper
            AND NOT has_function_privilege('public', 'pg_catalog.set_config(text,text,boolean)', 'EXECUTE')
            AND has_function_privilege(r.rolname, 'pg_catalog.set_config(text,text,boolean)', 'EXECUTE')",
    )
    .fetch_all(reader)
    .await?;
    let wrong =
        may.into_iter().map(|who| format!("{who} may call set_config, and so change tenant inside a query")).collect();
    Ok(Finding::each("set_config", "nobody may call it", wrong, "run surv migrate with database.superuser_url"))
}
