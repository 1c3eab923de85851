//! Background tasks as a company's admins see and handle them.

use serde_json::{Value, json};
use surv_tests::{Company, TestApp, Who};
use uuid::Uuid;

const ACME: Company = Company::ACME;
const RIVAL: Company = Company::RIVAL;

async fn app() -> (TestApp, String) {
    let app = TestApp::start("api_tasks").await;
    let token = app.token(ACME, Who::Admin);
    (app, token)
}

/// A task that failed for good, of a message in that state.
async fn dead(app: &TestApp, company: Company, kind: &str, message_state: &str) -> (Uuid, Uuid) {
    let (task_id, message_id) = (app.deps.ids().next(), app.deps.ids().next());
    let mut superuser = app.database.superuser().await;
    sqlx::query(
        "INSERT INTO messages (tenant_id, message_id, channel, template, recipient, state, attempts, attempted_at)
         VALUES ($1, $2, 'email', 'invitation', 'pat@example.com', $3, 1, now())",
    )
    .bind(company.tenant_id())
    .bind(message_id)
    .bind(message_state)
    .execute(&mut superuser)
    .await
    .expect("the row can be made");
    sqlx::query(
        "INSERT INTO tasks (tenant_id, task_id, kind, payload, about, actor_id, state, attempts, last_error)
         VALUES ($1, $2, $3, '{\"code\": \"one-time-secret\"}', $4, $5, 'dead', 12, 'SendGrid answered 503')",
    )
    .bind(company.tenant_id())
    .bind(task_id)
    .bind(kind)
    .bind(message_id)
    .bind(company.user(Who::Admin))
    .execute(&mut superuser)
    .await
    .expect("the row can be made");
    (task_id, message_id)
}

async fn message_state(app: &TestApp, id: Uuid) -> String {
    let mut superuser = app.database.superuser().await;
    sqlx::query_scalar("SELECT state FROM messages WHERE message_id = $1")
        .bind(id)
        .fetch_one(&mut superuser)
        .await
        .expect("the message is there")
}

/// The kinds of events about a task, newest first, with what changed.
async fn told(app: &TestApp, token: &str, id: Uuid) -> Vec<(String, Value)> {
    let audit = app.get(token, &format!("/v1/events/audit?about={id}")).expect(200).await;
    let items = audit["items"].as_array().cloned().unwrap_or_default();
    items
        .into_iter()
        .map(|item| (item["kind"].as_str().unwrap_or_default().to_owned(), item["changes"].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_reads_what_failed_and_nobody_reads_a_payload() {
    let (app, token) = app().await;
    let (mail, _) = dead(&app, ACME, "send_email", "queued").await;
    let (other, _) = dead(&app, ACME, "kind_of_tomorrow", "queued").await;
    let (foreign, _) = dead(&app, RIVAL, "send_email", "queued").await;

    let answer = app.get(&token, "/v1/tasks?limit=200").send().await;
    let page = answer.json(200);
    let item = |id: Uuid| page["items"].as_array().unwrap().iter().find(|item| item["id"] == id.to_string()).cloned();
    let of_mail = item(mail).unwrap();
    assert_eq!(of_mail["summary"], "Send the e-mail “Invitation” to pat@example.com");
    assert_eq!((of_mail["state"].as_str(), of_mail["attempts"].as_i64()), (Some("dead"), Some(12)));
    assert_eq!(of_mail["last_error"], "SendGrid answered 503");
    assert_eq!(of_mail["next_attempt_at"], Value::Null);
    assert_eq!(item(other).unwrap()["summary"], "A task of kind kind_of_tomorrow");
    assert_eq!(item(foreign), None);
    assert!(!answer.text.contains("one-time-secret"), "{}", answer.text);
    assert_eq!(app.get(&token, &format!("/v1/tasks/{mail}")).expect(200).await, of_mail);

    let of_kind = app.get(&token, "/v1/tasks?kind=kind_of_tomorrow").expect(200).await;
    assert!(of_kind["items"].as_array().unwrap().iter().all(|item| item["kind"] == "kind_of_tomorrow"));
    let queued = app.get(&token, "/v1/tasks?state=queued").expect(200).await;
    let waiting = queued["items"].as_array().unwrap().iter().find(|i| i["id"] == ACME.id("task", 1).to_string());
    assert!(waiting.unwrap()["next_attempt_at"].is_string(), "{queued}");
    assert!(queued["items"].as_array().unwrap().iter().all(|item| item["id"] != mail.to_string()));

    for who in [Who::Manager, Who::Technician1, Who::Customer1] {
        app.get(&app.token(ACME, who), "/v1/tasks").refused(403, "forbidden").await;
    }
    app.get(&app.token(RIVAL, Who::Admin), &format!("/v1/tasks/{mail}")).refused(404, "not-found").await;
    app.get(&token, "/v1/tasks?kind=Send%20e-mail").refused(400, "invalid-parameter").await;
    app.get(&token, "/v1/tasks?state=dismissed").refused(400, "invalid-parameter").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_tasks_goes_on_by_cursor_and_only_as_it_was_filtered() {
    let (app, token) = app().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(dead(&app, ACME, "paged", "queued").await.0.to_string());
    }

    let (mut seen, mut path) = (Vec::new(), "/v1/tasks?kind=paged&limit=1".to_owned());
    let mut first = None;
    loop {
        let page = app.get(&token, &path).expect(200).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        first.get_or_insert_with(|| cursor.to_owned());
        path = format!("/v1/tasks?kind=paged&limit=1&cursor={cursor}");
    }
    made.reverse();
    assert_eq!(seen, made, "newest first, each once");
    let cursor = first.unwrap();
    for other in ["kind=paged&state=queued", "kind=send_email", "limit=1"] {
        app.get(&token, &format!("/v1/tasks?{other}&cursor={cursor}")).refused(400, "invalid-cursor").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_task_keeps_its_id_and_is_retried_once() {
    let (app, token) = app().await;
    let (task, message) = dead(&app, ACME, "send_email", "unknown").await;
    let path = format!("/v1/tasks/{task}/retry");
    app.post(&app.token(ACME, Who::Manager), &path).refused(403, "forbidden").await;
    app.post(&app.token(RIVAL, Who::Admin), &path).refused(404, "not-found").await;

    let (one, two) = tokio::join!(app.post(&token, &path).send(), app.post(&token, &path).send());

    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text, two.text);
    let view = if one.status == 200 { one.json(200) } else { two.json(200) };
    assert_eq!((view["id"].as_str(), view["state"].as_str()), (Some(&*task.to_string()), Some("queued")));
    assert_eq!((view["attempts"].as_i64(), view["next_attempt_at"].is_string()), (Some(0), true));
    let read = app.get(&token, &format!("/v1/tasks/{task}")).expect(200).await;
    assert_eq!((&read["state"], &read["attempts"]), (&json!("queued"), &json!(0)));
    assert_eq!(message_state(&app, message).await, "queued", "a person says that it did not arrive");
    let told = told(&app, &token, task).await;
    assert_eq!(told.len(), 1);
    assert_eq!((&*told[0].0, &told[0].1["last_error"]), ("task.retried", &json!([null, "SendGrid answered 503"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_the_first_answer_of_a_retry_again() {
    let (app, token) = app().await;
    let (task, _) = dead(&app, ACME, "send_email", "queued").await;
    let retry = || app.post(&token, &format!("/v1/tasks/{task}/retry")).key("retry-once");

    let (first, again) = (retry().expect(200).await, retry().expect(200).await);

    assert_eq!(first, again);
    assert_eq!(told(&app, &token, task).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_task_is_gone_and_the_audit_log_says_why() {
    let (app, token) = app().await;
    let (task, queued) = dead(&app, ACME, "send_email", "queued").await;
    let (of_unknown, unknown) = dead(&app, ACME, "send_email", "sending").await;
    let (of_sent, sent) = dead(&app, ACME, "send_email", "delivered").await;
    let path = |id: Uuid| format!("/v1/tasks/{id}/dismiss");
    for reason in ["", "  ", &"x".repeat(201), "two\nlines"] {
        app.post(&token, &path(task)).json(&json!({ "reason": reason })).refused(422, "invalid-fields").await;
    }
    app.post(&token, &path(ACME.id("task", 1)))
        .json(&json!({ "reason": "No" }))
        .refused(409, "invalid-transition")
        .await;
    assert_eq!(message_state(&app, queued).await, "queued", "a refusal changes nothing");

    for id in [task, of_unknown, of_sent] {
        let view = app.post(&token, &path(id)).json(&json!({ "reason": "The customer called" })).expect(200).await;
        assert_eq!((view["state"].as_str(), view["id"].as_str()), (Some("dismissed"), Some(&*id.to_string())));
        app.get(&token, &format!("/v1/tasks/{id}")).refused(404, "not-found").await;
        app.post(&token, &path(id)).json(&json!({ "reason": "Twice" })).refused(404, "not-found").await;
        let told = told(&app, &token, id).await;
        assert_eq!((told.len(), &*told[0].0), (1, "task.dismissed"));
        assert_eq!(told[0].1["reason"], json!([null, "The customer called"]));
    }

    // What was not sent won't be; of what was under way nobody knows; what arrived stays so.
    assert_eq!(message_state(&app, queued).await, "failed");
    assert_eq!(message_state(&app, unknown).await, "unknown");
    assert_eq!(message_state(&app, sent).await, "delivered");
}
