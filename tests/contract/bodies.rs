//! Bodies and parameters that nobody should send.

use serde_json::{Value, json};
use surv_tests::{Company, TestApp};

use crate::operations::{Faults, all, answer_of, ids_of};

const ACME: Company = Company::ACME;
/// How ids of the other company begin.
const FOREIGN: &str = "00000002-";

/// What is to be sent to one operation, and what may come of it.
struct Bad {
    what: String,
    content_type: &'static str,
    body: Vec<u8>,
    wanted: &'static [u16],
}

fn bad(what: &str, body: impl Into<Vec<u8>>, wanted: &'static [u16]) -> Bad {
    Bad { what: what.to_owned(), content_type: "application/json", body: body.into(), wanted }
}

fn bad_bodies(sample: &Value) -> Vec<Bad> {
    let mut list = Vec::new();
    for broken in ["not json", "", "{", "[1,", "{\"a\":1e400}", "{} {}", "{\"a\":\"\\ud800\"}"] {
        list.push(bad(broken, broken, &[400, 422]));
    }
    list.push(bad("no UTF-8", &b"\xff\xfe"[..], &[400, 422]));
    for wrong in [json!(null), json!("text"), json!(7)] {
        list.push(bad(&wrong.to_string(), wrong.to_string(), &[422]));
    }
    for deep in ["[", "{\"a\":"] {
        list.push(bad("a deep one", deep.repeat(10_000), &[400, 422]));
    }
    list.push(bad("a large one", format!("{{\"a\":\"{}\"}}", "x".repeat(10 << 20)), &[413]));
    for content_type in ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonp"] {
        list.push(Bad { content_type, ..bad(content_type, sample.to_string(), &[415]) });
    }
    list
}

/// Columns of tables and names that mean something elsewhere, put into every object of a body.
const MORE: &[&str] = &["tenant_id", "owner", "created_at", "version", "__proto__", "balance", "id"];

/// A body with a field that isn't its own, or with one of its own twice, at each place that holds an object.
fn bad_objects(sample: &Value) -> Vec<Bad> {
    let mut list = Vec::new();
    for place in objects(sample, String::new()) {
        for field in MORE {
            let mut body = sample.clone();
            if let Some(object) = body.pointer_mut(&place).and_then(Value::as_object_mut) {
                object.insert((*field).to_owned(), json!(Company::RIVAL.tenant_id()));
            }
            list.push(bad(&format!("{place}/{field}"), body.to_string(), &[422]));
        }
        let object = sample.pointer(&place).and_then(Value::as_object);
        let Some((name, value)) = object.and_then(|object| object.iter().next()) else { continue };
        // Marked first, since a Value holds no key twice.
        let mut body = sample.clone();
        body.pointer_mut(&place).expect("the place")["mark"] = json!("mark");
        let twice = body.to_string().replace("\"mark\":\"mark\"", &format!("\"{name}\":{value}"));
        list.push(bad(&format!("{place}/{name} twice"), twice, &[422]));
    }
    list
}

fn objects(value: &Value, at: String) -> Vec<String> {
    let mut found = Vec::new();
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(objects(item, format!("{at}/{index}")));
    }
    for (name, item) in value.as_object().into_iter().flatten() {
        found.extend(objects(item, format!("{at}/{name}")));
    }
    if value.is_object() {
        found.push(at);
    }
    found
}

/// A body that is too large is not read, so the connection may be cut while it is still being sent: then again.
async fn answer_or_cut_off(call: impl Fn() -> surv_tests::Call) -> surv_tests::Answer {
    for _ in 0..20 {
        if let Ok(answer) = call().try_send().await {
            return answer;
        }
    }
    call().send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_right_is_a_problem_and_never_a_failure() {
    let app = TestApp::start("contract_bodies").await;
    let mut faults = Faults::default();
    for operation in all(&app) {
        let Some(sample) = operation.sample(&ids_of(ACME)) else { continue };
        for Bad { what, content_type, body, wanted } in bad_bodies(&sample).into_iter().chain(bad_objects(&sample)) {
            let token = app.token_of_new_session(ACME, operation.caller()).await;
            let answer = answer_or_cut_off(|| {
                let call = operation.bare(&app, &ids_of(ACME)).body(content_type, body.clone());
                if operation.secured { call.token(&token) } else { call }
            });
            let answer = answer.await;
            faults.check(&operation, &answer, &what);
            let (id, status) = (&operation.id, answer.status);
            faults.unless(wanted.contains(&status), || format!("{id} with {what}: {status} {}", answer.text));
            faults.unless(!answer.text.contains(FOREIGN), || format!("{id} with {what} repeats it: {}", answer.text));
        }
    }
    faults.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_parameter_is_never_a_failure() {
    let app = TestApp::start("contract_bodies").await;
    let mut faults = Faults::default();
    let values = [
        "%00",
        "%27%3B%20DROP%20TABLE%20jobs%3B--",
        "%25",
        "%FF%FE",
        "-1",
        "99999999999999999999",
        "0",
        "..%2F..",
        "%F0%9F%92%A9",
    ];
    for operation in all(&app) {
        let token = app.token(ACME, operation.caller());
        let with = |call: surv_tests::Call| if operation.secured { call.token(&token) } else { call };
        for value in values {
            for (name, is_text) in &operation.query_parameters {
                let address = operation.address_with(|field| ids_of(ACME)(field).to_string(), name, value);
                let call = with(app.call(&operation.method, &address));
                let answer = answer_of(&operation, call).await;
                faults.check(&operation, &answer, &format!("{name}={value}"));
                let is_refused = *is_text || answer.status == 400;
                faults.unless(is_refused, || format!("{} {name}={value}: {}", operation.id, answer.status));
            }
            for parameter in &operation.path_parameters {
                let address = operation.address(|field| {
                    if field == parameter { value.to_owned() } else { ids_of(ACME)(field).to_string() }
                });
                let call = with(app.call(&operation.method, &address).version(1));
                let answer = answer_of(&operation, call.json(&json!({}))).await;
                let is_refused = (400..500).contains(&answer.status);
                faults.unless(is_refused, || format!("{} {parameter}={value}: {}", operation.id, answer.text));
            }
            if operation.takes_key() {
                let call = with(operation.call(&app, &ids_of(ACME))).header("idempotency-key", "with space");
                let answer = answer_of(&operation, call).await;
                faults.check(&operation, &answer, "a key with a space");
                faults.unless(answer.status >= 400, || format!("{}: took a key with a space", operation.id));
            }
        }
    }
    faults.end();
}
