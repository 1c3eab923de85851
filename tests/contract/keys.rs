//! Idempotency keys of every operation that takes one: the same again is answered the same, anything else is refused.

use serde_json::{Value, json};
use surv_tests::{Answer, Company, TestApp, Who};

use crate::operations::{Faults, Operation, all, ids_of};

const ACME: Company = Company::ACME;

/// Another body of the same form: one text or time in it is another.
fn changed(body: &Value) -> Option<Value> {
    let mut body = body.clone();
    let fields = body.as_object_mut()?;
    for (name, value) in fields.iter_mut() {
        let is_free = ["name", "title", "body", "reason", "street"].contains(&name.as_str());
        if let (true, Some(text)) = (is_free, value.as_str()) {
            *value = json!(format!("a{text}"));
            return Some(body);
        }
    }
    fields.get_mut("ends_at").map(|time| *time = json!("2026-12-09T09:45:00Z"))?;
    Some(body)
}

async fn send(app: &TestApp, operation: &Operation, who: Who, etag: &str, key: &str, body: Option<&Value>) -> Answer {
    let call = operation.at_version(app, &ids_of(ACME), etag).token(&app.token(ACME, who)).key(key);
    if let Some(body) = body { call.json(body).send().await } else { call.send().await }
}

/// What is kept of an answer: an address to upload to is a credential and made anew (docs/decisions/0015).
fn kept(answer: &Answer) -> (u16, Value) {
    let (status, mut body) = answer.without_instance();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("upload");
    }
    (status, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_its_first_answer_again_and_no_other_request_one() {
    let app = TestApp::start("contract_keys").await;
    let mut faults = Faults::default();
    let mut operations = all(&app);
    operations.retain(Operation::takes_key);
    // Work and the portal first; what ends things last.
    let ends = |id: &str| {
        ["cancel", "archive", "revoke", "logOut"].iter().position(|verb| id.starts_with(verb)).map_or(0, |n| n + 1)
    };
    operations.sort_by_key(|o| (ends(&o.id), o.id == "cancelJob", !o.path.starts_with("/v1/work"), o.id.clone()));
    let (mut repeated, mut refused) = (0, 0);
    for operation in &operations {
        let (id, who) = (&operation.id, operation.caller());
        let token = app.token(ACME, who);
        let etag = operation.etag(&app, &token, &ids_of(ACME)).await;
        let body = operation.sample(&ids_of(ACME));
        let first = send(&app, operation, who, &etag, "walk", body.as_ref()).await;
        let was_kept = first.is_success();
        if was_kept {
            let again = send(&app, operation, who, &etag, "walk", body.as_ref()).await;
            let same = kept(&first) == kept(&again) && first.header("etag") == again.header("etag");
            faults.unless(same, || {
                format!("{id}: {} {}, then {} {}", first.status, first.text, again.status, again.text)
            });
            repeated += 1;
            if let Some(other) = body.as_ref().and_then(changed) {
                let answer = send(&app, operation, who, &etag, "walk", Some(&other)).await;
                let slug = answer.slug();
                faults.unless(slug == "idempotency-key-reused", || format!("{id}, another body: {}", answer.text));
                refused += 1;
            }
        }
        // A key that another operation used is used; each operation of the walk has the same.
        // Keys of log-ins are about an address or a secret, not of a person in a company (docs/decisions/0013).
        let of_log_ins = ["/v1/auth/", "/v1/sessions"].iter().any(|start| operation.path.starts_with(start));
        let elsewhere = operations.iter().find(|o| o.id == "createNote" && who == Who::Admin && o.id != *id);
        let elsewhere = elsewhere.filter(|_| !of_log_ins);
        if let (true, Some(other)) = (was_kept, elsewhere) {
            let body = other.sample(&ids_of(ACME));
            let answer = send(&app, other, who, "\"v1\"", "walk", body.as_ref()).await;
            let slug = answer.slug();
            faults.unless(slug == "idempotency-key-reused", || {
                format!("{} with the key of {id}: {}", other.id, answer.text)
            });
        }
        forget_keys(&app).await;
    }
    faults.end();
    assert!(repeated >= 15 && refused >= 8, "only {repeated} repeated and {refused} refused");
}

/// So that each operation begins with a key that nobody used.
async fn forget_keys(app: &TestApp) {
    let mut superuser = app.database.superuser().await;
    sqlx::query("DELETE FROM idempotency_keys").execute(&mut superuser).await.expect("the database answers");
}
