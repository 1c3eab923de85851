//! How the queue is, for the operator's graphs and alarms.

use surv_tenancy::db::{DbError, Path};

use crate::Workers;

pub(super) async fn measure(workers: &Workers) -> Result<(), DbError> {
    let mut tx = workers.deps().platform_db.begin(Path::Dispatch).await?;
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM tasks WHERE state = 'dead') AS "dead!",
                  (SELECT greatest(extract(epoch FROM now() - min(run_at)), 0)::bigint FROM tasks WHERE state = 'queued')
                  AS overdue"#
    )
    .fetch_one(tx.conn())
    .await?;
    workers.0.metrics.dead.set(row.dead);
    workers.0.metrics.overdue_seconds.set(row.overdue.unwrap_or_default());
    Ok(())
}
