//! SIGTERM: what is under way is finished, nobody new is let in, and the process ends by itself, in time, with 0.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection};
use surv_simulators::sendgrid::{Fault, FaultKind};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use uuid::Uuid;

use crate::stack::{Feed, Person, SERVING, Stack, Wishes, uuid, wait_until};

fn drain(section: &'static str, seconds: u64) -> Wishes {
    Wishes { settings: vec![(section, seconds.to_string())], ..Wishes::default() }
}

/// A customer whose row somebody else holds until the transaction ends: an update of it is under way for as long.
async fn held_customer(office: &Person, db: &mut PgConnection) -> (String, Uuid) {
    let made = office.post("/v1/customers").key("held").json(&json!({ "kind": "person", "name": "Held" }));
    let id = uuid(&made.expect(201).await["id"]);
    sqlx::query("SELECT FROM customers WHERE customer_id = $1 FOR UPDATE")
        .bind(id)
        .execute(db)
        .await
        .expect("it is free");
    (format!("/v1/customers/{id}"), id)
}

async fn is_waiting_for_a_lock(db: &mut PgConnection) -> bool {
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        .fetch_one(db)
        .await
        .expect("the database answers");
    waiting > 0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_answers_what_it_has_begun_and_lets_nobody_in() {
    let mut stack = Stack::start(Wishes::default()).await;
    let office = stack.office().await;
    let (mut holder, mut watcher) = (stack.superuser().await, stack.superuser().await);
    let mut lock = holder.begin().await.expect("the database answers");
    let (path, _) = held_customer(&office, &mut lock).await;
    let update = office.call("PATCH", &path).version(1).json(&json!({ "name": "Changed" }));
    let under_way = tokio::spawn(async move { update.send().await });
    let feed = Feed::open(&office).await;
    wait_until("the update waits", SERVING, async || is_waiting_for_a_lock(&mut watcher).await).await;

    let told = Instant::now();
    stack.server.signal("TERM");
    assert!(feed.ends(Duration::from_secs(3)).await < Duration::from_secs(3));
    let address = stack.server.base().trim_start_matches("http://").to_owned();
    wait_until("nobody is let in", Duration::from_secs(2), async || TcpStream::connect(&address).await.is_err()).await;
    assert!(!under_way.is_finished());
    lock.rollback().await.expect("the database answers");

    under_way.await.expect("an answer").json(200);
    let ended = stack.server.ended(Duration::from_secs(5)).await.expect("it ends once all is answered");
    assert_eq!(ended.code(), Some(0), "{}", stack.server.log_end());
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_finishes_does_not_keep_a_server_from_ending() {
    let mut stack = Stack::start(drain("SURV_HTTP__DRAIN_S", 2)).await;
    let office = stack.office().await;
    let mut slow = TcpStream::connect(stack.server.base().trim_start_matches("http://")).await.expect("it listens");
    let half = format!(
        "POST /v1/customers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 500\r\n\r\n{{\"kind\": ",
        office.token
    );
    slow.write_all(half.as_bytes()).await.expect("it reads");
    tokio::time::sleep(Duration::from_millis(200)).await;

    stack.server.signal("TERM");

    let ended = stack.server.ended(Duration::from_secs(5)).await.expect("it ends when its patience does");
    assert_eq!(ended.code(), Some(0), "{}", stack.server.log_end());
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_restarts_leave_no_request_done_and_unanswered() {
    let mut stack = Stack::start(Wishes::default()).await;
    let office = stack.office().await;
    let mut unanswered: HashSet<Vec<u8>> = HashSet::new();
    for restart in 0..4 {
        let mut calls = tokio::task::JoinSet::new();
        for client in 0..6 {
            let office = office.clone();
            calls.spawn(async move {
                for number in 0.. {
                    let key = format!("r{restart}-{client}-{number}");
                    let body = json!({ "kind": "person", "name": key });
                    let call = office.post("/v1/customers").key(&key).header("connection", "close").json(&body);
                    match call.try_send().await {
                        Ok(answer) => answer.json(201),
                        Err(_) => return (number, Sha256::digest(&key).to_vec()),
                    };
                }
                unreachable!("the server goes");
            });
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
        stack.server.signal("TERM");
        for (answered, key) in calls.join_all().await {
            assert!(answered > 0, "clients were served before");
            unanswered.insert(key);
        }
        let ended = stack.server.ended(Duration::from_secs(10)).await.expect("it ends");
        assert_eq!(ended.code(), Some(0));
        stack.server.start();
        stack.server.ready().await;
    }

    let mut db = stack.superuser().await;
    let done: Vec<Vec<u8>> = sqlx::query_scalar("SELECT key_hash FROM idempotency_keys")
        .fetch_all(&mut db)
        .await
        .expect("the database answers");
    let cut = done.iter().filter(|key| unanswered.contains(*key)).count();
    assert_eq!(cut, 0, "requests that were done and not answered, of {}", done.len());
}

async fn invite(office: &Person, email: &str) {
    let body = json!({ "email": email, "name": "New", "role": "technician" });
    office.post("/v1/invitations").key(email).json(&body).expect(201).await;
}

async fn state_of(db: &mut PgConnection, email: &str) -> String {
    sqlx::query_scalar("SELECT state FROM messages WHERE recipient = $1")
        .bind(email)
        .fetch_one(db)
        .await
        .expect("the database answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_finishes_its_task_and_takes_no_other() {
    let mut stack = Stack::start(Wishes::default()).await;
    let office = stack.office().await;
    let mut db = stack.superuser().await;
    let slow = Fault { delay_ms: Some(1_500), ..Fault::once(FaultKind::Slow) };
    stack.vendors.sendgrid().fault(slow);
    invite(&office, "slow@invited.example").await;
    wait_until("the mail is being sent", SERVING, async || {
        state_of(&mut db, "slow@invited.example").await == "sending"
    })
    .await;

    stack.worker.signal("TERM");
    // It may have claimed once more in the instant before.
    tokio::time::sleep(Duration::from_millis(300)).await;
    invite(&office, "later@invited.example").await;

    let ended = stack.worker.ended(Duration::from_secs(10)).await.expect("it ends with its task");
    assert_eq!(ended.code(), Some(0), "{}", stack.worker.log_end());
    assert!(matches!(state_of(&mut db, "slow@invited.example").await.as_str(), "sent" | "delivered"));
    assert_eq!(state_of(&mut db, "later@invited.example").await, "queued");
    let tasks: Vec<(String, bool)> = sqlx::query_as(
        "SELECT m.recipient, t.lease_token IS NULL FROM tasks t JOIN messages m ON m.message_id::text = t.payload ->> 'message_id'",
    )
    .fetch_all(&mut db)
    .await
    .expect("the database answers");
    assert_eq!(tasks, [("later@invited.example".to_owned(), true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_takes_too_long_goes_back_to_the_queue_at_once() {
    let mut stack = Stack::start(drain("SURV_WORKER__DRAIN_S", 1)).await;
    let office = stack.office().await;
    let mut db = stack.superuser().await;
    stack.vendors.sendgrid().fault(Fault::once(FaultKind::TimeoutAfterDoing));
    invite(&office, "stuck@invited.example").await;
    wait_until("the mail is being sent", SERVING, async || {
        state_of(&mut db, "stuck@invited.example").await == "sending"
    })
    .await;

    stack.worker.signal("TERM");

    let ended = stack.worker.ended(Duration::from_secs(5)).await.expect("it ends when its patience does");
    assert_eq!(ended.code(), Some(0), "{}", stack.worker.log_end());
    let back: (bool, bool, i32) =
        sqlx::query_as("SELECT lease_token IS NULL, run_at <= now(), attempts FROM tasks WHERE kind = 'send_email'")
            .fetch_one(&mut db)
            .await
            .expect("the database answers");
    assert_eq!(back, (true, true, 0), "free, due, and as if it had not been claimed");
    // The next worker asks what became of the mail instead of sending it again: SendGrid tells that it has it.
    stack.worker.start();
    wait_until("the mail is told of", SERVING, async || {
        state_of(&mut db, "stuck@invited.example").await == "delivered"
    })
    .await;
    assert_eq!(stack.vendors.sendgrid().sent_to("stuck@invited.example").len(), 1);
}
