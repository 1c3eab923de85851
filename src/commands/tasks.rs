//! `surv tasks`: background work of every company, for the operator of the deployment. docs/how-to/handle-dead-letters.md
//!
//! Found by the operator's path, which reads no payload and changes nothing. Changed as the worker of the one company
//! that the task belongs to; the company's audit log says that the operator did it.

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use sqlx::FromRow;
use surv_tenancy::{
    Actor, Clock, Ids, TaskId, TenantId,
    db::{DatabaseConfig, Path, PlatformDb, TenantDb},
    tasks,
};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum Tasks {
    /// Tasks that failed for good, oldest first
    List {
        #[command(flatten)]
        which: Which,
        /// Those that wait or run instead
        #[arg(long)]
        queued: bool,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Try failed tasks again, with all their attempts before them
    Retry {
        /// Their ids; or say which by --kind or --company
        ids: Vec<Uuid>,
        #[command(flatten)]
        which: Which,
    },
    /// Give failed tasks up: they are deleted, and the audit log says why
    Dismiss {
        /// Their ids; or say which by --kind or --company
        ids: Vec<Uuid>,
        #[command(flatten)]
        which: Which,
        /// For the audit log
        #[arg(long)]
        reason: String,
    },
}

/// Which tasks are meant.
#[derive(Debug, Default, Args)]
pub struct Which {
    /// Only of this kind, such as send_email
    #[arg(long)]
    kind: Option<String>,
    /// Only of this company, by its slug; the deployment's own mails are of none
    #[arg(long, value_name = "SLUG")]
    company: Option<String>,
}

/// Listed and handled at once, at most.
const MOST: i64 = 1_000;

#[derive(Debug, FromRow, serde::Serialize)]
struct Found {
    id: Uuid,
    tenant_id: Uuid,
    company: String,
    kind: String,
    attempts: i32,
    run_at: chrono::DateTime<chrono::Utc>,
    last_error: Option<String>,
    created_at: chrono::DateTime<chrono::Utc>,
}

impl Tasks {
    /// Prints what was found or done.
    ///
    /// # Errors
    /// The database's own; nothing that would say which tasks are meant; one that could not be handled.
    pub async fn run(&self, database: &DatabaseConfig) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { which, queued, json } => {
                let found = find(database, which, &[], if *queued { "queued" } else { "dead" }).await?;
                if *json {
                    println!("{}", serde_json::to_string_pretty(&found)?);
                } else {
                    found.iter().for_each(print);
                }
            }
            Self::Retry { ids, which } => handle(database, ids, which, None).await?,
            Self::Dismiss { ids, which, reason } => handle(database, ids, which, Some(reason)).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(task: &Found) {
    let Found { id, company, kind, attempts, last_error, created_at, .. } = task;
    let summary = tasks::of_kind(kind).unwrap_or(kind);
    let reason = last_error.as_deref().unwrap_or("-");
    println!("{id}  {}  {company:<24} {attempts:>3}×  {summary}: {reason}", created_at.format("%Y-%m-%d %H:%M"));
}

async fn find(database: &DatabaseConfig, which: &Which, ids: &[Uuid], state: &str) -> anyhow::Result<Vec<Found>> {
    let mut tx = PlatformDb::new(database).begin(Path::Operator).await?;
    let found = sqlx::query_as(
        "SELECT k.task_id AS id, k.tenant_id, t.slug AS company, k.kind, k.attempts, k.run_at, k.last_error, k.created_at
           FROM tasks k JOIN tenants t ON t.tenant_id = k.tenant_id
          WHERE k.state = $1 AND ($2::text IS NULL OR k.kind = $2) AND ($3::text IS NULL OR t.slug = $3)
            AND (cardinality($4::uuid[]) = 0 OR k.task_id = ANY ($4))
          ORDER BY k.created_at, k.task_id LIMIT $5",
    )
    .bind(state)
    .bind(&which.kind)
    .bind(&which.company)
    .bind(ids)
    .bind(MOST)
    .fetch_all(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(found)
}

/// Each in a transaction of its own: one that cannot be handled does not hold up the others.
async fn handle(database: &DatabaseConfig, ids: &[Uuid], which: &Which, reason: Option<&str>) -> anyhow::Result<()> {
    let says_which = !ids.is_empty() || which.kind.is_some() || which.company.is_some();
    ensure!(says_which, "say which tasks: their ids, --kind or --company");
    let found = find(database, which, ids, "dead").await?;
    let tenants = TenantDb::new(database);
    let (mut done, mut failed) = (0, 0);
    for task in &found {
        match handle_one(&tenants, task, reason).await {
            Ok(()) => done += 1,
            Err(error) => {
                failed += 1;
                eprintln!("surv: task {}: {error:#}", task.id);
            }
        }
    }
    println!("{done} {}", if reason.is_some() { "given up" } else { "to be tried again" });
    let missing = ids.iter().filter(|id| !found.iter().any(|task| task.id == **id)).count();
    ensure!(missing == 0, "{missing} of the ids are of no task that failed for good");
    ensure!(failed == 0, "{failed} could not be handled");
    Ok(())
}

async fn handle_one(tenants: &TenantDb, task: &Found, reason: Option<&str>) -> anyhow::Result<()> {
    let (ids, now) = (Ids::system(), Clock::system().now());
    let mut tx = tenants.begin(&Actor::worker(TenantId(task.tenant_id), None)).await?;
    match reason {
        Some(reason) => tasks::dismiss(&mut tx, &ids, now, TaskId(task.id), reason).await?,
        None => tasks::retry(&mut tx, &ids, now, TaskId(task.id)).await?,
    };
    tx.commit().await.context("the outcome is not known: list it again")
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, PgConnection};

    use super::*;
    use crate::commands::{migrate, scratch::Scratch};

    async fn dead(superuser: &mut PgConnection, tenant: u128, task: u128, kind: &str) {
        sqlx::query(
            "INSERT INTO tasks (tenant_id, task_id, kind, payload, actor_id, state, attempts, last_error)
             VALUES ($1, $2, $3, '{\"secret\": 1}', $4, 'dead', 12, 'SendGrid answered 503')",
        )
        .bind(Uuid::from_u128(tenant))
        .bind(Uuid::from_u128(task))
        .bind(kind)
        .bind(Uuid::nil())
        .execute(superuser)
        .await
        .unwrap();
    }

    async fn states(superuser: &mut PgConnection) -> Vec<(Uuid, String, i32)> {
        sqlx::query_as("SELECT task_id, state, attempts FROM tasks ORDER BY task_id")
            .fetch_all(superuser)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn the_operator_handles_the_tasks_that_were_meant_and_the_company_is_told() {
        let scratch = Scratch::new().await;
        let config = scratch.database();
        migrate::quietly(&config).await.unwrap();
        let mut superuser = PgConnection::connect_with(&scratch.superuser).await.unwrap();
        sqlx::query("INSERT INTO tenants (tenant_id, slug, name, time_zone) VALUES ($1, 'acme', 'Acme', 'UTC')")
            .bind(Uuid::from_u128(1))
            .execute(&mut superuser)
            .await
            .unwrap();
        // The deployment's own mails are of no company.
        for (tenant, task, kind) in [(1, 11, "send_email"), (1, 12, "notify_on_the_way"), (0, 13, "send_email")] {
            dead(&mut superuser, tenant, task, kind).await;
        }
        let run = async |tasks: Tasks| tasks.run(&config).await;
        let of_kind = |kind: &str| Which { kind: Some(kind.to_owned()), company: None };
        let id = Uuid::from_u128;

        let listed = find(&config, &Which::default(), &[], "dead").await.unwrap();
        let nothing_said = run(Tasks::Retry { ids: vec![], which: Which::default() }).await;
        let of_nothing = run(Tasks::Retry { ids: vec![id(99)], which: Which::default() }).await;
        let no_reason =
            run(Tasks::Dismiss { ids: vec![id(12)], which: Which::default(), reason: " ".to_owned() }).await;
        let untouched = states(&mut superuser).await;
        run(Tasks::Dismiss { ids: vec![id(12)], which: Which::default(), reason: "Too late".to_owned() })
            .await
            .unwrap();
        run(Tasks::Retry { ids: vec![], which: of_kind("send_email") }).await.unwrap();

        assert_eq!(listed.iter().map(|task| task.id).collect::<Vec<_>>(), [id(11), id(12), id(13)]);
        assert!(nothing_said.is_err() && of_nothing.is_err() && no_reason.is_err());
        assert!(untouched.iter().all(|(_, state, _)| state == "dead"), "{untouched:?}");
        let queued = |task| (id(task), "queued".to_owned(), 0);
        assert_eq!(states(&mut superuser).await, [queued(11), queued(13)]);
        let told: Vec<(Uuid, String, String, bool)> = sqlx::query_as(
            "SELECT subject_id, kind, actor_role, changes ->> 'reason' LIKE '%Too late%' FROM events ORDER BY subject_id",
        )
        .fetch_all(&mut superuser)
        .await
        .map(|rows: Vec<(Uuid, String, String, Option<bool>)>| {
            rows.into_iter().map(|(id, kind, role, why)| (id, kind, role, why.unwrap_or_default())).collect()
        })
        .unwrap();
        let event = |task, kind: &str, why| (id(task), kind.to_owned(), "operator".to_owned(), why);
        let retried = "task.retried";
        assert_eq!(told, [event(11, retried, false), event(12, "task.dismissed", true), event(13, retried, false)]);
        superuser.close().await.unwrap();
        scratch.drop().await;
    }
}
