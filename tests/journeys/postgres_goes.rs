//! Postgres stops and comes back, or has no connection left: bounded answers, and no restart of ours.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::Connection as _;
use surv_tests::Answer;

use crate::stack::{Feed, Person, SERVING, Stack, Wishes, text, wait_until};

/// The longest that somebody is left without an answer while the database is away: the wait for a connection, twice.
const ANSWERED: Duration = Duration::from_secs(4);

fn assert_away(answer: &Answer, took: Duration, what: &str) {
    assert!(matches!(answer.slug().as_str(), "unavailable" | "outcome-unknown"), "{what}: {}", answer.text);
    answer.assert_problem(503, &answer.slug());
    let seconds: u64 = answer.header("retry-after").parse().expect("503 says when to come back");
    assert!((1..=30).contains(&seconds), "{what}: {seconds} s");
    assert!(took < ANSWERED, "{what} took {} ms", took.as_millis());
}

/// Everybody is told that it is our fault and will pass, not that they did something wrong.
async fn everybody_is_told(stack: &Stack, office: &Person, technician: &Person) {
    let admin = &stack.companies[0]["members"][0];
    let credentials = json!({ "email": admin["email"], "password": admin["password"] });
    let asked = [
        ("a list", office.get("/v1/customers")),
        ("a write", office.post("/v1/customers").key("away").json(&json!({ "kind": "person", "name": "Away" }))),
        ("a visit", technician.get("/v1/work/visits?from=2028-01-01T00:00:00Z&to=2028-01-02T00:00:00Z")),
        ("a log-in", office.api.call("POST", "/v1/auth/log-in").json(&credentials)),
        ("a refresh", office.api.call("POST", "/v1/auth/refresh").json(&json!({ "refresh_token": office.refresh }))),
    ];
    for (what, call) in asked {
        let start = Instant::now();
        assert_away(&call.send().await, start.elapsed(), what);
    }
    let all: Vec<_> = (0..40).map(|_| office.get("/v1/jobs").send()).collect();
    let start = Instant::now();
    for answer in futures_util::future::join_all(all).await {
        assert_away(&answer, start.elapsed(), "one of forty at once");
    }
    for (path, status) in [("/ready", 503), ("/health", 200), ("/metrics", 200)] {
        assert_eq!(stack.server.page(path).await.map(|(status, _)| status), Some(status), "{path}");
    }
    assert_eq!(stack.worker.page("/health").await.map(|(status, _)| status), Some(200));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_postgres_is_away_everybody_is_told_so_and_afterwards_all_goes_on() {
    let mut stack = Stack::start(Wishes::default()).await;
    let (office, technician) = (stack.office().await, stack.member(2).await);
    let mut feed = Feed::open(&office).await;
    let processes = (stack.server.pid(), stack.worker.pid());

    for (round, is_killed) in [(1, true), (2, false)] {
        if is_killed {
            stack.postgres.kill();
        } else {
            stack.postgres.stop().await;
        }
        everybody_is_told(&stack, &office, &technician).await;
        stack.postgres.start_again();

        stack.server.ready().await;
        let body = json!({ "email": format!("back{round}@invited.example"), "name": "Back", "role": "technician" });
        let made = office.post("/v1/invitations").key(&format!("back{round}")).json(&body).expect(201).await;
        feed.tells_of(&text(&made["id"]), SERVING).await;
        let email = format!("back{round}@invited.example");
        wait_until("the worker sends again", SERVING, async || !stack.vendors.sendgrid().sent_to(&email).is_empty())
            .await;
    }
    assert_eq!((stack.server.pid(), stack.worker.pid()), processes, "nothing was started anew");
    let found = office.get("/v1/customers?q=away").expect(200).await;
    assert_eq!(found["items"], json!([]), "what was not accepted was not done");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_connections_run_out_requests_end_soon_and_others_do_not_notice() {
    let mut stack = Stack::start(Wishes::default()).await;
    let (office, manager) = (stack.office().await, stack.member(1).await);
    let mut superuser = stack.superuser().await;
    let mut lock = superuser.begin().await.expect("the database answers");
    sqlx::query("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.expect("nobody else has it");

    let start = Instant::now();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let call = office.get("/v1/customers");
        waiting.spawn(async move { (call.send().await, start.elapsed()) });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    for path in ["/health", "/metrics", "/ready"] {
        let asked = Instant::now();
        assert_eq!(stack.server.page(path).await.map(|(status, _)| status), Some(200), "{path}");
        assert!(asked.elapsed() < Duration::from_secs(2), "{path} took {:?}", asked.elapsed());
    }
    manager.get("/v1/company").expect(200).await;
    let event = json!([{ "event": "open", "email": "x@y.example", "timestamp": 1, "sg_event_id": "pool" }]);
    let event = event.as_array().expect("a list").clone();
    assert_eq!(stack.vendors.sendgrid().post_events(&event).await, Some(200), "webhooks have connections of their own");

    let answers = waiting.join_all().await;
    let quick = answers.iter().filter(|(_, took)| *took < Duration::from_secs(4)).count();
    assert!(quick >= 54, "only those with a connection wait for the lock: {quick} of 60 were quick");
    for (answer, took) in &answers {
        answer.assert_problem(503, "unavailable");
        assert!(!answer.header("retry-after").is_empty());
        // The lock_timeout of 5 s, and the wait for a connection before it.
        assert!(*took < Duration::from_secs(9), "{took:?}");
    }
    lock.rollback().await.expect("the database answers");
    office.get("/v1/customers").expect(200).await;
    stack.server.ready().await;
}
