//! `surv tenants`: what the operator of a deployment may know of its companies.

use std::process::ExitCode;

use clap::Subcommand;
use sqlx::FromRow;
use surv_tenancy::db::{DatabaseConfig, Path, PlatformDb};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum Tenants {
    /// All companies, oldest first
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, FromRow, serde::Serialize)]
struct Company {
    id: Uuid,
    slug: String,
    name: String,
    time_zone: String,
    state: String,
    created_at: chrono::DateTime<chrono::Utc>,
}

impl Tenants {
    /// Prints the answer.
    ///
    /// # Errors
    /// The database's own.
    pub async fn run(&self, database: &DatabaseConfig) -> anyhow::Result<ExitCode> {
        let Self::List { json } = self;
        let companies = list(database).await?;
        if *json {
            println!("{}", serde_json::to_string_pretty(&companies)?);
        } else {
            for company in &companies {
                let Company { id, slug, name, time_zone, state, created_at } = company;
                // Names are what people typed; a terminal must not obey them.
                let name: String = name.chars().filter(|c| !c.is_control()).collect();
                println!("{id}  {slug:<24} {state:<8} {time_zone:<24} {}  {name}", created_at.format("%Y-%m-%d"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(database: &DatabaseConfig) -> anyhow::Result<Vec<Company>> {
    let mut tx = PlatformDb::new(database).begin(Path::Operator).await?;
    let companies = sqlx::query_as(
        "SELECT tenant_id AS id, slug, name, time_zone, state, created_at FROM tenants
          WHERE tenant_id <> $1 ORDER BY created_at, tenant_id",
    )
    // The deployment's own row is no company.
    .bind(Uuid::nil())
    .fetch_all(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(companies)
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, PgConnection};

    use super::*;
    use crate::commands::{migrate, scratch::Scratch};

    #[tokio::test]
    async fn the_operator_sees_every_company_and_changes_none() {
        let scratch = Scratch::new().await;
        let config = scratch.database();
        migrate::quietly(&config).await.unwrap();
        assert!(list(&config).await.unwrap().is_empty());
        let mut superuser = PgConnection::connect_with(&scratch.superuser).await.unwrap();
        for (id, slug) in [(1, "acme"), (2, "rival")] {
            sqlx::query("INSERT INTO tenants (tenant_id, slug, name, time_zone) VALUES ($1, $2, $2, 'Europe/Berlin')")
                .bind(Uuid::from_u128(id))
                .bind(slug)
                .execute(&mut superuser)
                .await
                .unwrap();
        }

        let companies = list(&config).await.unwrap();

        assert_eq!(companies.iter().map(|company| &company.slug[..]).collect::<Vec<_>>(), ["acme", "rival"]);
        superuser.close().await.unwrap();
        scratch.drop().await;
    }
}
