//! Gives up tasks that failed for good and that nobody decided about in time: their payloads are not kept for ever. Each
//! company is told in its own audit log.

use chrono::{DateTime, Utc};
use surv_tenancy::{
    Actor, TaskId, TenantId,
    db::{DbError, Path},
    tasks::{self, TaskError},
};

use crate::{Workers, retention::days};

/// So many a round; what is left waits for the next.
const MOST: i64 = 500;

pub(super) async fn expire(workers: &Workers) -> Result<(), DbError> {
    let deps = workers.deps();
    let now = deps.clock.now();
    for (tenant_id, task_id) in forgotten(workers, now - days(deps.config.retention.dead_tasks_d)).await? {
        let mut tx = deps.tenant_db.begin(&Actor::worker(tenant_id, None)).await?;
        match tasks::expire(&mut tx, &deps.ids, now, task_id).await {
            Ok(()) => tx.commit().await?,
            // Somebody has decided just now.
            Err(TaskError::NotFound | TaskError::NotDead | TaskError::Invalid(_)) => {}
            Err(TaskError::Db(error)) => return Err(error),
        }
        workers.0.metrics.purged.with_label_values(&["tasks"]).inc();
    }
    Ok(())
}

/// `run_at` of a dead task is about when it died: the end of its last lease.
async fn forgotten(workers: &Workers, until: DateTime<Utc>) -> Result<Vec<(TenantId, TaskId)>, DbError> {
    let mut tx = workers.deps().platform_db.begin(Path::Dispatch).await?;
    let rows = sqlx::query!(
        r#"SELECT tenant_id AS "tenant_id: TenantId", task_id AS "task_id: TaskId" FROM tasks
            WHERE state = 'dead' AND run_at < $1 ORDER BY run_at LIMIT $2"#,
        until,
        MOST,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.task_id)).collect())
}
