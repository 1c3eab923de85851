//! Whether background work gets done, by the operator's path.

use surv_tenancy::db::{DatabaseConfig, DbError, Path, PlatformDb};

use super::{Finding, in_time};

/// A worker that runs looks every second.
const MOST_OVERDUE_S: i64 = 300;

pub async fn examine(config: &DatabaseConfig) -> Vec<Finding> {
    match in_time(look(config)).await {
        Ok((dead, overdue_s)) => vec![failed(dead), waiting(overdue_s)],
        Err(error) => vec![Finding::broken("tasks", error, "see that surv_operator_login can log in")],
    }
}

/// How many failed for good, and for how many seconds the oldest due one waits.
async fn look(config: &DatabaseConfig) -> Result<(i64, i64), DbError> {
    let mut tx = PlatformDb::new(config).begin(Path::Operator).await?;
    let row = sqlx::query_as(
        "SELECT (SELECT count(*) FROM tasks WHERE state = 'dead'),
                (SELECT coalesce(extract(epoch FROM now() - min(run_at)), 0)::bigint FROM tasks WHERE state = 'queued')",
    )
    .fetch_one(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(row)
}

fn failed(dead: i64) -> Finding {
    match dead {
        0 => Finding::fine("tasks failed", "none waits for a person"),
        _ => Finding::broken(
            "tasks failed",
            format!("{dead} failed for good"),
            "surv tasks list; then surv tasks retry or dismiss (docs/how-to/handle-dead-letters.md)",
        ),
    }
}

fn waiting(overdue_s: i64) -> Finding {
    let detail = format!("the oldest due one waits for {} s", overdue_s.max(0));
    if overdue_s <= MOST_OVERDUE_S {
        return Finding::fine("tasks waiting", detail);
    }
    Finding::broken("tasks waiting", detail, "see that surv work runs and reaches its vendors; run another one")
}
