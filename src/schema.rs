//! Whether the database has the schema that this program needs, asked before it serves or works.

use std::time::Duration;

use anyhow::{Context as _, bail};
use sqlx::{Connection as _, PgConnection};
use surv_tenancy::db::{self, DatabaseConfig};
use tokio::time::Instant;

use crate::deployed;

/// How long a database may take to start: after a power cut it comes up beside us.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// Waits for the database and compares its schema with ours. A newer one is fine (expand, then move the code), an older
/// one is not.
///
/// # Errors
/// What the operator has to do: `surv migrate`, or repair what the database says.
pub async fn require(config: &DatabaseConfig) -> anyhow::Result<()> {
    let mut connection = connect(config).await?;
    let found = deployed::read(&mut connection).await?.map(|deployed| deployed.schema_version).unwrap_or_default();
    connection.close().await?;
    let wanted = deployed::newest_version();
    if found < wanted {
        bail!("the schema is at {found}, this program needs {wanted}: run `surv migrate`");
    }
    Ok(())
}

async fn connect(config: &DatabaseConfig) -> anyhow::Result<PgConnection> {
    let options = config.options("surv_operator_login");
    let until = Instant::now() + PATIENCE;
    let mut told = false;
    loop {
        match PgConnection::connect_with(&options).await {
            Err(error) if db::is_lost(&error) && Instant::now() < until => {
                if !told {
                    tracing::warn!(%error, "the database cannot be reached yet, waiting up to {} s", PATIENCE.as_secs());
                    told = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            other => {
                return other.context("connecting to the database as surv_operator_login; has `surv migrate` run?");
            }
        }
    }
}
