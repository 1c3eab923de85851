//! `surv audit`: the ends of the audit chains, to be kept where nobody of the database can reach them, and whether the chains
//! still go through those that were kept. docs/how-to/check-the-audit-log.md

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use surv_tenancy::{
    Actor, TenantId,
    db::{DatabaseConfig, Path, PlatformDb, TenantDb},
};
use surv_workers::audit_chain::{self, Anchor};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Print where each company's chain ends: keep the lines outside of this deployment
    Head {
        /// Only of this company, by its slug
        #[arg(long, value_name = "SLUG")]
        company: Option<String>,
    },
    /// Compute every chain again from its events, and say whether it is what it was
    Verify {
        /// Only of this company, by its slug
        #[arg(long, value_name = "SLUG")]
        company: Option<String>,
        /// Lines that `surv audit head` printed before; then a chain that was cut back shows as well
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
}

impl Audit {
    /// Prints what was found; fails if a chain is not what it was.
    ///
    /// # Errors
    /// The database's own; a file that cannot be read.
    pub async fn run(&self, database: &DatabaseConfig) -> anyhow::Result<ExitCode> {
        match self {
            Self::Head { company } => {
                for line in heads(database, company.as_deref()).await? {
                    println!("{line}");
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Verify { company, against } => {
                let anchors = match against {
                    Some(file) => {
                        let text = tokio::fs::read_to_string(file).await;
                        read(&text.with_context(|| format!("reading {}", file.display()))?)?
                    }
                    None => BTreeMap::new(),
                };
                let findings = verify(database, company.as_deref(), &anchors).await?;
                for (sound, line) in &findings {
                    println!("{} {line}", if *sound { '✓' } else { '✗' });
                }
                let sound = findings.iter().all(|(sound, _)| *sound);
                Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
        }
    }
}

/// Surv's own stream has a chain as well.
async fn companies(database: &DatabaseConfig, slug: Option<&str>) -> anyhow::Result<Vec<(Uuid, String)>> {
    let mut tx = PlatformDb::new(database).begin(Path::Operator).await?;
    let found: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT tenant_id, slug FROM tenants WHERE $1::text IS NULL OR slug = $1 ORDER BY created_at, tenant_id",
    )
    .bind(slug)
    .fetch_all(tx.conn())
    .await?;
    tx.commit().await?;
    if found.is_empty() {
        bail!("there is no such company");
    }
    Ok(found)
}

async fn heads(database: &DatabaseConfig, slug: Option<&str>) -> anyhow::Result<Vec<String>> {
    let tenants = TenantDb::new(database);
    let mut lines = Vec::new();
    for (tenant_id, slug) in companies(database, slug).await? {
        let mut tx = tenants.read(&Actor::worker(TenantId(tenant_id), None)).await?;
        if let Some(anchor) = audit_chain::head(&mut tx).await? {
            lines.push(format!("{tenant_id} {anchor} {slug}"));
        }
    }
    Ok(lines)
}

/// Of several lines of one company the last counts.
fn read(text: &str) -> anyhow::Result<BTreeMap<Uuid, Anchor>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let mut words = line.split_whitespace();
            let (id, anchor) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let wrong = || format!("line {} is not one that surv audit head printed", number + 1);
            Ok((id.parse().with_context(wrong)?, anchor.parse().with_context(wrong)?))
        })
        .collect()
}

/// One line for each company, and whether its chain is sound.
async fn verify(
    database: &DatabaseConfig,
    slug: Option<&str>,
    anchors: &BTreeMap<Uuid, Anchor>,
) -> anyhow::Result<Vec<(bool, String)>> {
    let tenants = TenantDb::new(database);
    let companies = companies(database, slug).await?;
    let mut findings = Vec::new();
    for (tenant_id, slug) in &companies {
        let mut tx = tenants.read(&Actor::worker(TenantId(*tenant_id), None)).await?;
        let verdict = audit_chain::verify_against(&mut tx, anchors.get(tenant_id).copied()).await?;
        findings.push(match verdict.first_bad {
            None => (true, format!("{slug}: {} entries", verdict.entries)),
            Some(seq) => (false, format!("{slug}: not what it was from entry {seq} on")),
        });
    }
    if slug.is_none() {
        let gone = anchors.keys().filter(|id| companies.iter().all(|(other, _)| other != *id));
        findings.extend(gone.map(|id| (false, format!("{id}: the company of this line is gone"))));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Executor as _, PgConnection};

    use super::*;
    use crate::{
        commands::{migrate, scratch::Scratch, work},
        config::Config,
    };

    #[tokio::test]
    async fn a_chain_that_was_cut_back_shows_against_a_line_that_was_kept() {
        let scratch = Scratch::new().await;
        let database = scratch.database();
        migrate::quietly(&database).await.unwrap();
        let mut superuser = PgConnection::connect_with(&scratch.superuser).await.unwrap();
        let acme = Uuid::from_u128(1);
        sqlx::query("INSERT INTO tenants (tenant_id, slug, name, time_zone) VALUES ($1, 'acme', 'Acme', 'UTC')")
            .bind(acme)
            .execute(&mut superuser)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO events (tenant_id, event_id, at, actor_id, actor_role, kind, subject_kind, subject_id, visibility)
             SELECT $1, gen_random_uuid(), now(), $1, 'worker', 'thing.made', 'thing', $1, 'office' FROM generate_series(1, 3)",
        )
        .bind(acme)
        .execute(&mut superuser)
        .await
        .unwrap();
        let config = Config::from_sources(&scratch.sources()).unwrap();
        let workers = work::workers(&config, prometheus::Registry::new()).unwrap();
        // Other tests' transactions on this server may still be open: nothing younger is chained.
        while workers.audit().await.unwrap() < 3 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let kept = heads(&database, None).await.unwrap();
        let anchors = read(&kept.join("\n")).unwrap();
        let sound = verify(&database, None, &anchors).await.unwrap();

        superuser
            .execute(
                "WITH cut AS (DELETE FROM audit_entries WHERE seq = 3 RETURNING event_id),
                      less AS (DELETE FROM events WHERE event_id IN (SELECT event_id FROM cut))
                 UPDATE audit_heads h SET seq = e.seq, txid = e.txid, event_id = e.event_id, hash = e.hash
                   FROM audit_entries e WHERE e.seq = 2",
            )
            .await
            .unwrap();
        let unnoticed = verify(&database, Some("acme"), &BTreeMap::new()).await.unwrap();
        let noticed = verify(&database, Some("acme"), &anchors).await.unwrap();

        assert_eq!(kept.len(), 1);
        assert!(kept[0].starts_with(&format!("{acme} 3:")) && kept[0].ends_with(" acme"), "{kept:?}");
        assert!(sound.iter().all(|(sound, _)| *sound), "{sound:?}");
        assert_eq!(unnoticed, [(true, "acme: 2 entries".to_owned())]);
        assert_eq!(noticed, [(false, "acme: not what it was from entry 3 on".to_owned())]);
        let other = BTreeMap::from([(Uuid::from_u128(9), anchors[&acme])]);
        assert!(verify(&database, None, &other).await.unwrap().iter().any(|(sound, _)| !*sound));
        assert!(read("nonsense").is_err() && heads(&database, Some("nobody")).await.is_err());
        superuser.close().await.unwrap();
        scratch.drop().await;
    }
}
