//! Streams that were open when somebody lost a right: what is no longer theirs does not come, and a stream whose
//! person or session is gone ends.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use surv_tests::{Company, TestApp, Who};
use tokio::time::timeout;
use uuid::Uuid;

const ACME: Company = Company::ACME;
const SOON: Duration = Duration::from_secs(5);

struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(app: &TestApp, token: &str) -> Self {
        let response = app.get(token, "/v1/events/stream").open().await;
        assert_eq!(response.status(), 200);
        Self { response, text: String::new() }
    }

    /// Reads on until an event fits.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = timeout(SOON, async {
            loop {
                if let Some(event) = self.events().into_iter().find(|event| wanted(event)) {
                    return event;
                }
                let chunk = self.response.chunk().await.expect("the stream goes on").expect("the stream goes on");
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
        });
        found.await.unwrap_or_else(|_| panic!("did not come: {}", self.text))
    }

    /// Reads to the end.
    async fn ends(mut self) -> Vec<Value> {
        let ended = timeout(SOON, async {
            while let Ok(Some(chunk)) = self.response.chunk().await {
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
        });
        assert!(ended.await.is_ok(), "the stream ends within 5 seconds");
        self.events()
    }

    fn events(&self) -> Vec<Value> {
        let lines = self.text.lines().filter_map(|line| line.strip_prefix("data:"));
        lines.filter_map(|data| serde_json::from_str(data.trim()).ok()).collect()
    }
}

async fn note(app: &TestApp, job: Uuid, visibility: &str) -> String {
    let call = app.post(&app.token(ACME, Who::Admin), &format!("/v1/jobs/{job}/notes"));
    let note = call.json(&json!({ "body": "Text", "visibility": visibility })).expect(201).await;
    note["id"].as_str().expect("an id").to_owned()
}

fn is_about(id: &str) -> impl Fn(&Value) -> bool {
    move |event| event["subject_id"] == id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_taken_off_a_visit_hears_that_and_nothing_more_of_it() {
    let app = TestApp::start("api_streams_reassigned").await;
    let (admin, technician) = (app.token(ACME, Who::Admin), app.token(ACME, Who::Technician2));
    let (lost, kept) = (ACME.id("job", 2), ACME.id("job", 4));
    let mut stream = Stream::open(&app, &technician).await;
    let before = note(&app, lost, "field").await;
    stream.until(is_about(&before)).await;

    let assignment = format!("/v1/visits/{}/assignments/{}", ACME.id("visit", 2), ACME.user(Who::Technician2));
    app.delete(&admin, &assignment).expect(204).await;
    let tombstone = stream.until(|event| event["kind"] == "assignment.released").await;
    assert_eq!(tombstone["gone"], true, "the app shall forget it: {tombstone}");
    for field in ["actor_id", "changes"] {
        assert!(tombstone[field].is_null(), "{tombstone}");
    }

    let hidden = note(&app, lost, "field").await;
    // What comes after it has come, so the hidden one was passed over.
    let seen = note(&app, kept, "field").await;
    stream.until(is_about(&seen)).await;
    assert!(!stream.text.contains(&hidden), "{}", stream.text);

    // Nor from the beginning, nor as the visit itself.
    let all = app.get(&technician, "/v1/events?limit=200").expect(200).await;
    let about_lost = all["items"].as_array().expect("items").iter().filter(|event| event["job_id"] == lost.to_string());
    for event in about_lost {
        assert_eq!(event["gone"], true, "{event}");
    }
    let visit = format!("/v1/work/visits/{}", ACME.id("visit", 2));
    app.get(&technician, &visit).refused(404, "not-found").await;
    let notes = app.get(&technician, &format!("/v1/work/jobs/{lost}/notes")).expect(200).await;
    assert_eq!(notes["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_somebody_who_lost_the_role_the_place_or_the_log_in_ends() {
    let app = TestApp::start("api_streams_ended").await;
    let admin = app.token(ACME, Who::Admin);
    let job = ACME.id("job", 1);
    let change_member = |who: Who, change: Value| {
        let (app, admin) = (app.clone(), admin.clone());
        async move {
            let path = format!("/v1/members/{}", ACME.user(who));
            let read = app.get(&admin, &path).send().await;
            app.patch(&admin, &path).header("if-match", read.header("etag")).json(&change).expect(200).await;
        }
    };
    let (demoted, removed, customer, link) = (
        Stream::open(&app, &app.token(ACME, Who::Manager)).await,
        Stream::open(&app, &app.token(ACME, Who::Technician1)).await,
        Stream::open(&app, &app.token(ACME, Who::Customer1)).await,
        Stream::open(&app, &app.link(ACME, job).await).await,
    );
    let own = app.token_of_new_session(ACME, Who::Admin).await;
    let mut left = Stream::open(&app, &own).await;

    change_member(Who::Manager, json!({ "role": "technician" })).await;
    change_member(Who::Technician1, json!({ "state": "disabled" })).await;
    let user = format!("/v1/customers/{}/users/{}", ACME.id("customer", 1), ACME.user(Who::Customer1));
    let call = app.patch(&admin, &user).version(1).json(&json!({ "state": "disabled" }));
    call.expect(200).await;
    let hidden = note(&app, job, "customer").await;
    left.until(is_about(&hidden)).await;
    app.post(&own, "/v1/sessions/log-out").expect(204).await;

    for (who, stream) in [
        ("demoted", demoted),
        ("removed", removed),
        ("a customer", customer),
        ("their link", link),
        ("logged out", left),
    ] {
        let events = stream.ends().await;
        let heard = events.iter().any(|event| event["subject_id"] == hidden);
        assert_eq!(heard, who == "logged out", "{who}: {events:?}");
    }
}
