//! The stream: what happens arrives within a second, at those who may know, and ends with the session.

use std::time::Duration;

use reqwest::Response;
use serde_json::json;
use surv_tests::{Company, TestApp, Who};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

const ACME: Company = Company::ACME;

async fn open(app: &TestApp, token: &str) -> Response {
    let response = app.get(token, "/v1/events/stream").open().await;
    assert_eq!(response.status(), 200);
    response
}

/// Reads until `text` comes; false when it doesn't in time, or the stream ends.
async fn brings(stream: &mut Response, text: &str, within: Duration) -> bool {
    let mut read = String::new();
    let reading = async {
        while let Ok(Some(chunk)) = stream.chunk().await {
            read.push_str(&String::from_utf8_lossy(&chunk));
            if read.contains(text) {
                return true;
            }
        }
        false
    };
    timeout(within, reading).await.unwrap_or(false)
}

async fn note(app: &TestApp, company: Company, job: Uuid, visibility: &str) -> String {
    let call = app.post(&app.token(company, Who::Admin), &format!("/v1/jobs/{job}/notes"));
    let note = call.json(&json!({ "body": "Text", "visibility": visibility })).expect(201).await;
    note["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_arrives_within_a_second_at_those_who_may_know() {
    let app = TestApp::start("api_events").await;
    let second = Duration::from_secs(1);
    let job = ACME.id("job", 1);
    let mut office = open(&app, &app.token(ACME, Who::Manager)).await;
    let mut customer = open(&app, &app.token(ACME, Who::Customer1)).await;
    let mut link = open(&app, &app.link(ACME, job).await).await;
    let mut neighbour = open(&app, &app.token(ACME, Who::Customer2)).await;
    let mut rival = open(&app, &app.token(Company::RIVAL, Who::Admin)).await;

    let id = note(&app, ACME, job, "customer").await;
    assert!(brings(&mut office, &id, second).await, "the office");
    assert!(brings(&mut customer, &id, second).await, "the customer");
    assert!(brings(&mut link, &id, second).await, "the link");
    let inner = note(&app, ACME, job, "office").await;
    assert!(brings(&mut office, &inner, second).await, "the office");
    for (who, stream) in [("customer", &mut customer), ("neighbour", &mut neighbour), ("rival", &mut rival)] {
        assert!(!brings(stream, &inner, Duration::from_millis(1_200)).await, "{who}");
    }
    assert!(!brings(&mut neighbour, &id, second).await && !brings(&mut rival, &id, second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_where_it_broke_and_ends_with_the_session() {
    let app = TestApp::start("api_events").await;
    let token = app.token_of_new_session(ACME, Who::Admin).await;
    let batch = app.get(&token, "/v1/events?limit=200").expect(200).await;
    let position = batch["position"].as_str().expect("a position");
    let missed = note(&app, ACME, ACME.id("job", 2), "office").await;
    let resumed = app.get(&token, "/v1/events/stream").header("last-event-id", position);
    let mut resumed = resumed.open().await;
    assert!(brings(&mut resumed, &missed, Duration::from_secs(2)).await, "what was missed");

    app.post(&token, "/v1/sessions/log-out").expect(204).await;
    sleep(Duration::from_millis(50)).await;
    let ended = timeout(Duration::from_secs(5), async { while let Ok(Some(_)) = resumed.chunk().await {} });
    assert!(ended.await.is_ok(), "the stream ends within 5 seconds");
    for nonsense in ["nonsense", "%00"] {
        let call = app.get(&app.token(ACME, Who::Admin), &format!("/v1/events?after={nonsense}"));
        call.refused(400, "invalid-parameter").await;
    }
}
