//! Bodies and parameters that nobody should send.

use serde_json::{Value, json};
use surv_tests::{Company, TestApp};

use crate::operations::{Operation, all, answer_of, ids_of};

const ACME: Company = Company::ACME;
const JSON: &str = "application/json";

async fn send(app: &TestApp, operation: &Operation, token: &str, content_type: &str, body: Vec<u8>) -> u16 {
    let call = operation.bare(app, &ids_of(ACME)).body(content_type, body.clone());
    let call = if operation.secured { call.token(token) } else { call };
    let answer = answer_of(operation, call).await;
    let shown: String = String::from_utf8_lossy(&body).chars().take(80).collect();
    operation.check(&answer, &format!("{content_type} {shown}"));
    assert!(answer.status >= 400, "{}: {shown} was taken", operation.id);
    answer.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_right_is_a_problem_and_never_a_failure() {
    let app = TestApp::start("contract_bodies").await;
    for operation in all(&app) {
        let Some(schema) = &operation.body else { continue };
        let token = app.token(ACME, operation.caller());
        let sample = crate::samples::body(schema, &ids_of(ACME));
        let id = &operation.id;

        for broken in [&b"not json"[..], b"", b"{", b"[1,", b"\xff\xfe", b"{\"a\":1e400}", b"{} {}"] {
            let status = send(&app, &operation, &token, JSON, broken.to_vec()).await;
            assert!(matches!(status, 400 | 422), "{id}: {status}");
        }
        for wrong in [json!([]), json!(null), json!("text"), json!(7)] {
            let status = send(&app, &operation, &token, JSON, wrong.to_string().into_bytes()).await;
            assert_eq!(status, 422, "{id}: {wrong}");
        }
        for deep in ["[".repeat(10_000), "{\"a\":".repeat(10_000)] {
            let status = send(&app, &operation, &token, JSON, deep.into_bytes()).await;
            assert!(matches!(status, 400 | 422), "{id}: {status}");
        }
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20));
        assert_eq!(send(&app, &operation, &token, JSON, large.into_bytes()).await, 413, "{id}");
        for other in ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonp"] {
            let status = send(&app, &operation, &token, other, sample.to_string().into_bytes()).await;
            assert_eq!(status, 415, "{id}: {other}");
        }
        for field in ["tenant_id", "owner", "created_at", "version", "__proto__", "id"] {
            let mut more = sample.clone();
            more[field] = json!(Company::RIVAL.tenant_id());
            let status = send(&app, &operation, &token, JSON, more.to_string().into_bytes()).await;
            assert_eq!(status, 422, "{id}: {field}");
        }
        let twice = sample.to_string();
        let first = twice[1..].split(',').next().unwrap_or_default().trim_end_matches('}');
        let twice = format!("{{{first},{}", &twice[1..]);
        assert_eq!(send(&app, &operation, &token, JSON, twice.into_bytes()).await, 422, "{id}: a repeated key");
    }
}

/// Texts that break systems: each is refused or kept, and none is a failure.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_text_is_never_a_failure() {
    let app = TestApp::start("contract_bodies").await;
    let long = "e\u{301}".repeat(10_000);
    let texts = ["nul\0", "\u{202e}txt", "'; DROP TABLE jobs; --", "{{7*7}}", "\u{10ffff}", "", long.as_str()];
    for operation in all(&app) {
        let Some(schema) = &operation.body else { continue };
        let sample = crate::samples::body(schema, &ids_of(ACME));
        for (field, value) in sample.as_object().into_iter().flatten() {
            if !value.is_string() {
                continue;
            }
            for text in texts {
                let mut body = sample.clone();
                body[field] = Value::from(text);
                let call = operation.bare(&app, &ids_of(ACME)).json(&body);
                let token = app.token_of_new_session(ACME, operation.caller()).await;
                let call = if operation.secured { call.token(&token) } else { call };
                let answer = answer_of(&operation, call).await;
                let shown: String = text.chars().take(20).collect();
                operation.check(&answer, &format!("{field} = {shown:?}"));
                assert!(!text.contains('\0') || answer.status >= 400, "{}: {field} took a NUL", operation.id);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_parameter_is_never_a_failure() {
    let app = TestApp::start("contract_bodies").await;
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
                let address = operation.address(|field| ids_of(ACME)(field).to_string());
                let glue = if address.contains('?') { '&' } else { '?' };
                let call = with(app.call(&operation.method, &format!("{address}{glue}{name}={value}")));
                let answer = answer_of(&operation, call).await;
                operation.check(&answer, &format!("{name}={value}"));
                assert!(*is_text || answer.status == 400 || name == "limit", "{} {name}={value}", operation.id);
            }
            for parameter in &operation.path_parameters {
                let address = operation.address(|field| {
                    if field == parameter { value.to_owned() } else { ids_of(ACME)(field).to_string() }
                });
                let call = with(app.call(&operation.method, &address).version(1));
                let answer = answer_of(&operation, call.json(&json!({}))).await;
                assert!((400..500).contains(&answer.status), "{} {parameter}={value}: {}", operation.id, answer.text);
            }
            if operation.method == "POST" && operation.secured {
                let call = with(operation.call(&app, &ids_of(ACME))).header("idempotency-key", "with space");
                let answer = answer_of(&operation, call).await;
                operation.check(&answer, "a key with a space");
            }
        }
    }
}
