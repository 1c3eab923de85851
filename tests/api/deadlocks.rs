//! Requests whose transaction and another's wait for each other, so that Postgres has to end one of them.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use poem::{Endpoint as _, Middleware as _, Request, http::Method};
use prometheus::IntCounter;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};
use surv_api::{middleware::replay::Replay, problem::Problem};
use surv_tests::{Answer, Company, TestApp, Who};
use uuid::Uuid;

const ACME: Company = Company::ACME;

/// An API whose side of a deadlock is the one that Postgres ends: it looks sooner than the rivals. Soon, because what is
/// open holds up the event streams of every database here.
async fn app(purpose: &str) -> TestApp {
    let app = TestApp::start(purpose).await;
    let mut superuser = app.database.superuser().await;
    let name: String =
        sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut superuser).await.expect("a database");
    let patience = format!("ALTER ROLE surv_manager_login IN DATABASE {name} SET deadlock_timeout = '200ms'");
    superuser.execute(AssertSqlSafe(patience)).await.expect("a superuser may");
    app
}

/// Somebody who holds a visit that the request will want.
struct Rival {
    connection: PgConnection,
    pid: i32,
}

impl Rival {
    async fn holding(app: &TestApp, visit_id: Uuid) -> Self {
        let mut connection = app.database.superuser().await;
        connection.execute("BEGIN").await.expect("it begins");
        connection.execute("SET LOCAL deadlock_timeout = '600ms'").await.expect("a superuser may");
        let pid = sqlx::query_scalar("SELECT pg_backend_pid() FROM visits WHERE visit_id = $1 FOR UPDATE")
            .bind(visit_id)
            .fetch_one(&mut connection)
            .await
            .expect("the visit is free");
        Self { connection, pid }
    }

    /// Wants what the request holds: the two wait for each other until Postgres ends one. Whether it was the request's
    /// side; on a busy machine that may have looked before this was waiting.
    async fn wins(mut self, job_id: Uuid) -> bool {
        let wanted = sqlx::query("SELECT FROM jobs WHERE job_id = $1 FOR UPDATE").bind(job_id);
        let won = wanted.execute(&mut self.connection).await;
        if let Err(error) = &won {
            assert_eq!(error.as_database_error().and_then(|e| e.code()).as_deref(), Some("40P01"), "{error}");
        }
        self.end().await;
        won.is_ok()
    }

    async fn end(mut self) {
        self.connection.execute("COMMIT").await.expect("it ends");
    }
}

/// The place of the rival that the request's statement waits for, as soon as there is one.
async fn awaited(app: &TestApp, rivals: &[Rival]) -> usize {
    let mut superuser = app.database.superuser().await;
    let began = Instant::now();
    loop {
        let pid: Option<i32> = sqlx::query_scalar(
            "SELECT (pg_blocking_pids(pid))[1] FROM pg_stat_activity
              WHERE datname = current_database() AND usename = 'surv_manager_login'
                AND cardinality(pg_blocking_pids(pid)) > 0 LIMIT 1",
        )
        .fetch_optional(&mut superuser)
        .await
        .expect("the server says who waits")
        .flatten();
        if let Some(place) = rivals.iter().position(|rival| Some(rival.pid) == pid) {
            return place;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "no request waits");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A job with two visits, each held by a rival.
async fn contested(app: &TestApp, office: &str) -> (Uuid, i64, Vec<Rival>) {
    let visit = |day: u8| json!({ "starts_at": format!("2027-05-0{day}T08:00:00Z"), "ends_at": format!("2027-05-0{day}T09:00:00Z") });
    let job = app.post(office, "/v1/jobs").json(&json!({
        "customer_id": ACME.id("customer", 1), "property_id": ACME.id("property", 1), "title": "Contested",
        "visits": [visit(1), visit(2)],
    }));
    let job = job.expect(201).await;
    let id = |value: &Value| value["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let mut rivals = Vec::new();
    for visit in job["visits"].as_array().expect("two visits") {
        rivals.push(Rival::holding(app, id(visit)).await);
    }
    (id(&job), job["version"].as_i64().expect("a version"), rivals)
}

/// Cancels a job, and ends the request's transaction once for each of the `rounds`. What it answered, and how often it was
/// made again.
async fn cancel_losing(app: &TestApp, office: &str, rounds: usize) -> (Uuid, Answer, u64) {
    for _ in 0..50 {
        let (job_id, version, mut rivals) = contested(app, office).await;
        let before = app.deps.metrics.replays();
        let cancel = app.post(office, &format!("/v1/jobs/{job_id}/cancel")).key(&job_id.to_string()).version(version);
        let request = tokio::spawn(cancel.json(&json!({ "reason": "Rain" })).send());
        let mut lost = 0;
        while lost < rounds {
            let place = awaited(app, &rivals).await;
            if !rivals.swap_remove(place).wins(job_id).await {
                break;
            }
            lost += 1;
        }
        for rival in rivals {
            rival.end().await;
        }
        let answer = request.await.expect("the request was sent");
        if lost == rounds {
            return (job_id, answer, app.deps.metrics.replays() - before);
        }
    }
    panic!("the request never lost {rounds} times in a row");
}

async fn cancellations(app: &TestApp, office: &str, job_id: Uuid) -> usize {
    let audit = app.get(office, &format!("/v1/events/audit?about={job_id}")).expect(200).await;
    audit["items"].as_array().into_iter().flatten().filter(|item| item["kind"] == "job.cancelled").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_lost_a_deadlock_is_made_again_and_succeeds() {
    let app = app("api_deadlocks").await;
    let office = app.token(ACME, Who::Manager);

    let (job_id, answer, replays) = cancel_losing(&app, &office, 1).await;

    assert_eq!(answer.json(200)["state"], "cancelled");
    assert_eq!((cancellations(&app, &office, job_id).await, replays), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_lost_twice_says_when_to_come_again_and_its_key_is_free() {
    let app = app("api_deadlocks_twice").await;
    let office = app.token(ACME, Who::Manager);

    let (job_id, answer, replays) = cancel_losing(&app, &office, 2).await;

    answer.assert_problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!((cancellations(&app, &office, job_id).await, replays), (0, 1));
    let path = format!("/v1/jobs/{job_id}");
    let read = app.get(&office, &path).send().await;
    let again = app.post(&office, &format!("{path}/cancel")).key(&job_id.to_string());
    let again = again.header("if-match", read.header("etag")).json(&json!({ "reason": "Rain" })).expect(200).await;
    assert_eq!((&again["state"], cancellations(&app, &office, job_id).await), (&json!("cancelled"), 1));
}

/// A request to a handler that says it was rolled back, after it has `committed` something or not: what it read each time.
async fn bodies_read(app: &TestApp, committed: bool) -> Vec<String> {
    let read = Arc::new(Mutex::new(Vec::new()));
    let (db, list) = (app.deps.tenant_db.clone(), Arc::clone(&read));
    let handler = poem::endpoint::make(move |mut request: Request| {
        let (db, list) = (db.clone(), Arc::clone(&list));
        async move {
            let tx = db.begin(&ACME.actor(Who::Manager)).await.map_err(Problem::from)?;
            if committed {
                tx.commit().await.map_err(Problem::from)?;
            }
            let body = request.take_body().into_string().await?;
            list.lock().expect("nobody panicked").push(format!("{} {body}", request.uri()));
            Err::<(), poem::Error>(Problem::rolled_back().into())
        }
    });
    let replays = IntCounter::new("replays", "of this test").expect("a name");
    let request = Request::builder().method(Method::POST).uri_str("/once?more").body("and again");
    let refused = Replay(replays).transform(handler).call(request).await.expect_err("it always refuses");
    assert_eq!(refused.status().as_u16(), 503);
    let read = read.lock().expect("nobody panicked");
    read.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_committed_something_is_not_made_again() {
    let app = TestApp::start("api_deadlocks").await;

    assert_eq!(bodies_read(&app, false).await, ["/once?more and again", "/once?more and again"]);
    assert_eq!(bodies_read(&app, true).await, ["/once?more and again"]);
}
