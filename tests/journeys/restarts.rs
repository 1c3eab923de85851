//! What outlives a process, and what a process asks of the database before it begins.

use std::time::Duration;

use serde_json::{Value, json};
use surv_tests::Answer;

use crate::stack::{Api, SERVING, Stack, Wishes, text};

async fn refresh(api: &Api, token: &str) -> Answer {
    api.call("POST", "/v1/auth/refresh").json(&json!({ "refresh_token": token })).send().await
}

fn tokens(answer: &Answer) -> (String, String) {
    let body: Value = answer.json(200);
    (text(&body["access_token"]), text(&body["refresh_token"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_is_used_twice_ends_the_session_over_restarts_too() {
    let mut stack = Stack::start(Wishes::default()).await;
    let first = stack.office().await;
    let mut chain = vec![first.refresh.clone()];
    let mut access = first.token;
    for _ in 0..5 {
        stack.server.kill();
        stack.server.start();
        stack.server.ready().await;
        let (next_access, next) = tokens(&refresh(&stack.api(), &chain[chain.len() - 1]).await);
        access = next_access;
        chain.push(next);
    }
    let api = stack.api();
    api.call("GET", "/v1/customers").token(&access).expect(200).await;

    stack.server.kill();
    stack.server.start();
    stack.server.ready().await;
    refresh(&api, &chain[4]).await.assert_problem(401, "session-ended");

    refresh(&api, &chain[5]).await.assert_problem(401, "session-ended");
    api.call("GET", "/v1/customers").token(&access).refused(401, "session-ended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_refresh_at_once_on_two_servers_one_gets_the_pair() {
    let stack = Stack::start(Wishes::default()).await;
    let mut second = stack.another_server();
    second.start();
    second.ready().await;
    for _ in 0..10 {
        let person = stack.office().await;
        let (here, there) = (stack.api(), Api::new(second.base()));

        let (one, two) = tokio::join!(refresh(&here, &person.refresh), refresh(&there, &person.refresh));

        let pairs = [&one, &two].into_iter().filter(|answer| answer.status == 200).count();
        assert_eq!(pairs, 1, "{} {}", one.text, two.text);
    }
}

/// Says in the database that it has the schema of another release.
async fn pretend(stack: &Stack, change: i64) {
    let mut db = stack.superuser().await;
    let comment: String = sqlx::query_scalar(
        "SELECT jsonb_set(d::jsonb, '{schema_version}', to_jsonb((d::jsonb ->> 'schema_version')::bigint + $1))::text
           FROM obj_description('app'::regnamespace, 'pg_namespace') d",
    )
    .bind(change)
    .fetch_one(&mut db)
    .await
    .expect("the database answers");
    let statement = format!("COMMENT ON SCHEMA app IS '{}'", comment.replace('\'', "''"));
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut db).await.expect("the database answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_server_nor_worker_begins_on_an_older_schema_and_both_do_on_a_newer() {
    let mut stack = Stack::start(Wishes::default()).await;
    stack.server.kill();
    stack.worker.kill();

    pretend(&stack, -1).await;
    for role in [&mut stack.server, &mut stack.worker] {
        role.start();
        let ended = role.ended(SERVING).await.expect("it refuses at once");
        assert_eq!(ended.code(), Some(1));
        assert!(role.log().contains("run `surv migrate`"), "{}", role.log_end());
    }

    // Expand, then move the code: a newer schema is one that the running release can use.
    pretend(&stack, 2).await;
    stack.server.start();
    stack.worker.start();
    stack.server.ready().await;
    stack.worker.ready().await;
    stack.office().await.get("/v1/customers").expect(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_wait_for_a_database_that_comes_up_after_them() {
    let mut stack = Stack::start(Wishes::default()).await;
    stack.server.kill();
    stack.worker.kill();
    stack.postgres.kill();
    for role in [&mut stack.server, &mut stack.worker] {
        role.start();
        assert_eq!(role.ended(Duration::from_secs(1)).await, None, "{}", role.log_end());
    }

    stack.postgres.start_again();

    stack.server.ready().await;
    stack.worker.ready().await;
    stack.office().await.get("/v1/customers").expect(200).await;
}
