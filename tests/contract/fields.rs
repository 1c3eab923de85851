//! Every field of every body, with what does not belong there.

use serde_json::{Value, json};
use surv_tests::{Answer, Company, TestApp};

use crate::{
    operations::{Faults, Operation, all, ids_of},
    schemas::places,
};

const ACME: Company = Company::ACME;

/// What no field with this schema takes: each is refused, whatever the rules of the field are.
fn never(schema: &Value) -> Vec<Value> {
    let wrong_types = |kept: &str| {
        let all =
            [("boolean", json!(true)), ("integer", json!(-7)), ("array", json!([[]])), ("object", json!({ "a": 1 }))];
        all.into_iter().filter(|(kind, _)| *kind != kept).map(|(_, value)| value).collect::<Vec<_>>()
    };
    let mut list = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("uuid")) => vec![json!("1"), json!("00000001-0003-4000-8000-00000000000g"), json!("")],
        (Some("string"), Some("date-time")) => {
            ["yesterday", "2026-02-30T00:00:00Z", "2026-12-01", "2026-12-01T25:00:00Z", "", "+300000-01-01T00:00:00Z"]
                .map(Value::from)
                .to_vec()
        }
        (Some("string"), None) if schema.get("enum").is_some() => vec![json!("nobody"), json!(""), json!("Active")],
        (Some("string"), None) => vec![json!("nul\0"), json!("e\u{301}".repeat(10_000)), json!("x".repeat(20_000))],
        (Some("number"), _) => vec![json!(-1e9), json!(1e300), json!("7")],
        (Some("integer"), _) => vec![json!(-1), json!(0), json!(u64::MAX), json!(1.5), json!("7")],
        (Some("boolean"), _) => vec![json!("true"), json!(1)],
        (Some("array"), _) => vec![json!("text"), json!({})],
        (Some("object"), _) => vec![json!("text"), json!([])],
        other => panic!("{other:?} is a type that bodies did not have yet: say what it never takes"),
    };
    let kind = schema["type"].as_str().unwrap_or_default();
    // A struct may be given as a list of its fields: serde's way, harmless.
    list.extend(wrong_types(if kind == "number" { "integer" } else { kind }));
    list
}

/// Whether a problem names the place, or for the whole body any place.
fn names(answer: &Answer, place: &str) -> bool {
    let problem = answer.without_instance().1;
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let pointers: Vec<&str> = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
    pointers.iter().any(|pointer| *pointer == place || (!place.is_empty() && pointer.starts_with(&format!("{place}/"))))
}

/// Secrets, codes and companies that can't be right are wrong like any other, and answered the same.
fn is_wrong_as_any(operation: &Operation, place: &str, answer: &Answer) -> bool {
    let slug = answer.slug();
    match place {
        "/secret" | "/challenge" | "/refresh_token" | "/code" | "/current" => {
            let kinds = ["link-ended", "wrong-credentials", "session-ended", "invalid-transition"];
            kinds.contains(&slug.as_str())
        }
        "/token" if operation.id == "openLink" => slug == "link-ended",
        "/password" if operation.id != "signUp" => ["link-ended", "wrong-credentials"].contains(&slug.as_str()),
        "/company" if operation.id == "requestLogInCode" => answer.status == 200,
        "/company" | "/email" if !operation.secured => ["link-ended", "wrong-credentials"].contains(&slug.as_str()),
        _ => false,
    }
}

struct Walk {
    app: TestApp,
    faults: Faults,
}

impl Walk {
    /// The operation with this at one place of its body, on the version that is there now.
    async fn send(&mut self, operation: &Operation, place: &str, value: &Value) -> Answer {
        let app = &self.app;
        let mut body = operation.sample(&ids_of(ACME)).expect("it takes a body");
        *body.pointer_mut(place).expect("the place") = value.clone();
        let call = if operation.secured {
            // Some end the session that asks.
            let is_own = operation.path.starts_with("/v1/sessions");
            let token = match is_own {
                true => app.token_of_new_session(ACME, operation.caller()).await,
                false => app.token(ACME, operation.caller()),
            };
            let etag = operation.etag(app, &token, &ids_of(ACME)).await;
            operation.at_version(app, &ids_of(ACME), &etag).token(&token)
        } else {
            operation.bare(app, &ids_of(ACME))
        };
        // As our own pages do: some doors are only open to them.
        let answer = call.header("x-surv-csrf", "1").json(&body).send().await;
        self.faults.check(operation, &answer, &format!("{place} = {}", shown(value)));
        answer
    }

    /// The kinds of what happened; that a log-in was refused is noted, and changes nothing.
    async fn events(&self) -> Vec<String> {
        let mut superuser = self.app.database.superuser().await;
        let kinds = sqlx::query_scalar("SELECT kind FROM events WHERE kind NOT IN ('job.booked', 'session.refused')")
            .fetch_all(&mut superuser);
        kinds.await.expect("the database answers")
    }
}

fn shown(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}

fn of_body(operation: &Operation) -> Vec<(String, Value)> {
    let Some(sample) = operation.sample(&ids_of(ACME)) else { return Vec::new() };
    let schema = operation.body.as_deref().unwrap_or_default();
    let schema = &operation.document["components"]["schemas"][schema];
    let mut places = places(&operation.document, schema, &sample);
    places.retain(|(place, _)| !place.is_empty());
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_field_never_takes_is_refused_by_its_name_and_changes_nothing() {
    // Its own database: it counts what happens there.
    let app = TestApp::start("contract_field_refusals").await;
    let mut walk = Walk { app, faults: Faults::default() };
    let operations = all(&walk.app);
    let before = walk.events().await;
    let mut sent = 0;
    for operation in &operations {
        for (place, schema) in of_body(operation) {
            for value in never(&schema) {
                let answer = walk.send(operation, &place, &value).await;
                sent += 1;
                let what =
                    || format!("{} {place} = {}: {} {}", operation.id, shown(&value), answer.status, answer.text);
                let is_named = answer.slug() == "invalid-fields" && names(&answer, &place);
                walk.faults.unless(is_named || value.is_string() && is_wrong_as_any(operation, &place, &answer), what);
                let repeated = value.as_str().is_some_and(|text| text.len() > 100 && answer.text.contains(text));
                walk.faults.unless(!repeated, || format!("repeats: {}", what()));
            }
        }
    }
    let after = walk.events().await;
    walk.faults.end();
    assert_eq!(after, before, "nothing was changed");
    assert!(sent > 500, "only {sent} requests");
}

/// Texts that break systems: each is refused or kept, and none is a failure.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_text_is_never_a_failure() {
    let app = TestApp::start("contract_fields").await;
    let mut walk = Walk { app, faults: Faults::default() };
    let texts =
        ["\u{202e}txt", "'; DROP TABLE jobs; --", "{{7*7}}", "\u{10ffff}", "", " ", "\u{feff}", "=1+1", "a\r\nBcc: b"];
    for operation in all(&walk.app) {
        for (place, schema) in of_body(&operation) {
            for value in texts.iter().map(|text| json!(text)).chain([Value::Null]) {
                if schema["type"] == "string" || value.is_null() {
                    walk.send(&operation, &place, &value).await;
                }
            }
        }
    }
    walk.faults.end();
}

/// Instants at the ends of what the format and the database can say.
#[tokio::test(flavor = "multi_thread")]
async fn a_time_at_the_end_of_time_is_never_a_failure() {
    let app = TestApp::start("contract_fields").await;
    let mut walk = Walk { app, faults: Faults::default() };
    let times =
        ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:60Z"];
    let mut sent = 0;
    for operation in all(&walk.app) {
        for (place, _) in of_body(&operation).iter().filter(|(_, schema)| schema["format"] == "date-time") {
            for time in times {
                walk.send(&operation, place, &json!(time)).await;
                sent += 1;
            }
        }
    }
    walk.faults.end();
    assert!(sent >= 40, "only {sent} requests");
}
