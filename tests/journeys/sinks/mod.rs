//! Where secrets and personal data must not end up: logs, metrics, Redis, error answers, columns of text.

mod canaries;
mod people;

use sqlx::{AssertSqlSafe, PgConnection};

use self::people::Walk;
use crate::stack::{SETTLING, Stack, Wishes, wait_until};

/// As loud as all can be: every event of every library, every statement of the database.
fn loud() -> Wishes {
    Wishes {
        settings: vec![("SURV_LOG__FILTER", "trace".to_owned()), ("SURV_WORKER__LEASE_S", "5".to_owned())],
        postgres: &["log_statement=all", "log_min_messages=debug1", "log_min_duration_statement=0"],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_personal_data_stay_where_they_belong() {
    let mut stack = Stack::start(loud()).await;
    let monitor = stack.redis.monitor();
    let mut walk = Walk::new(&stack);

    let admin = walk.sign_up().await;
    walk.trade(&admin).await;
    walk.mistakes(&admin).await;
    let mut writes = walk.writes(&admin);
    let Walk { canaries, mut refusals, .. } = walk;
    let first = writes.join_next().await.expect("a write");
    assert_eq!(first.expect("an answer").status, 201);
    stack.postgres.stop().await;
    let failed = writes.join_all().await.into_iter().filter(|answer| answer.status == 503).map(|answer| answer.text);
    refusals.extend(failed);
    stack.postgres.start_again();
    stack.server.ready().await;
    let mut db = stack.superuser().await;
    wait_until("the mails are sent", SETTLING, async || count(&mut db, "tasks").await == 0).await;

    assert!(canaries.count() > 35 && refusals.len() > 20, "{} canaries, {} refusals", canaries.count(), refusals.len());
    for (sink, log) in [("the server's log", stack.server.log()), ("the worker's log", stack.worker.log())] {
        assert!(log.lines().count() > 100 && log.contains("TRACE"), "{sink} is loud");
        canaries.assert_nothing(sink, &log);
    }
    for role in [&stack.server, &stack.worker] {
        canaries.assert_nothing("metrics", &role.page("/metrics").await.expect("metrics").1);
    }
    for refusal in &refusals {
        canaries.assert_nothing("a refusal", refusal);
    }
    let heard = monitor.stop();
    assert!(heard.contains("surv:rate:"), "Redis was used: {heard}");
    canaries.assert_nothing("what Redis is told", &heard);
    let log = stack.postgres.log();
    assert!(log.contains("INSERT INTO customers"), "statements are logged");
    canaries.assert_no_secret("the log of Postgres", &log);
    for table in tables(&mut db).await {
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT t::text FROM {table} t")))
            .fetch_all(&mut db)
            .await
            .expect("rows");
        canaries.assert_no_secret(&format!("table {table}"), &rows.join("\n"));
    }
}

async fn tables(db: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    .fetch_all(db)
    .await
    .expect("the database answers")
}

async fn count(db: &mut PgConnection, table: &str) -> i64 {
    let statement = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(db).await.expect("the database answers")
}
