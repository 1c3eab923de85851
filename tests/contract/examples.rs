//! Every operation shows what it takes and what it answers, and the examples are right.

use std::collections::BTreeSet;

use serde_json::Value;
use surv_tests::{Company, TestApp};

use crate::{
    document::sources,
    operations::{Faults, all, answer_of, document, ids_of},
    schemas::{faults, resolved},
};

const ACME: Company = Company::ACME;

/// The examples of a media type or parameter: its own, its schema's, or for a stream its items'.
fn examples_of(document: &Value, shown: &Value) -> Vec<Value> {
    let named = shown["examples"].as_object().into_iter().flatten();
    let named: Vec<Value> = named.map(|(_, example)| resolved(document, example)["value"].clone()).collect();
    let schema = resolved(document, &shown["schema"]);
    let of_items = resolved(document, &schema["items"]).get("example").map(|item| Value::from(vec![item.clone()]));
    let single = shown.get("example").or(schema.get("example")).cloned().or(of_items);
    single.into_iter().chain(named).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_answer_and_parameter_has_an_example_of_its_schema() {
    let app = TestApp::start("contract").await;
    let document = document(&app);
    let mut wrong = Faults::default();
    let mut count = 0;
    for operation in all(&app) {
        let mut shown: Vec<(String, &Value)> = Vec::new();
        for parameter in operation.text["parameters"].as_array().into_iter().flatten() {
            shown.push((format!("parameter {}", parameter["name"]), parameter));
        }
        let request = operation.text["requestBody"]["content"].as_object().into_iter().flatten();
        shown.extend(request.map(|(kind, media)| (format!("request {kind}"), media)));
        for (status, response) in operation.text["responses"].as_object().into_iter().flatten() {
            let content = resolved(&document, response)["content"].as_object().into_iter().flatten();
            shown.extend(content.map(|(kind, media)| (format!("answer {status} {kind}"), media)));
        }
        // An image says nothing in a document.
        shown.retain(|(place, _)| !place.contains(" image/"));
        for (place, shown) in shown {
            let id = &operation.id;
            let examples = examples_of(&document, shown);
            wrong.unless(!examples.is_empty(), || format!("{id}, {place}: no example"));
            for example in examples {
                count += 1;
                let faults = faults(&document, &shown["schema"], &example);
                wrong.unless(faults.is_empty(), || format!("{id}, {place}: {faults:?}"));
            }
        }
    }
    wrong.end();
    assert!(count > 1_000, "only {count} examples");
}

/// The example of each request does what the operation does: nothing in it is malformed, unknown or out of range.
#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_each_request_is_accepted() {
    let app = TestApp::start("contract_examples").await;
    // Examples of what only a program can make: a password, a code, a secret or token that was sent.
    let of_secrets = BTreeSet::from(["/v1/auth/", "/v1/sessions", "/v1/tokens/revoke"]);
    // Wants a task that failed for good: tests/api/tasks.rs.
    let elsewhere = "dismissTask";
    let mut wrong = Faults::default();
    let mut accepted = 0;
    let mut operations = all(&app);
    // What ends others comes last, a job after its visits.
    operations.sort_by_key(|operation| (operation.path.ends_with("/cancel"), operation.id == "cancelJob"));
    for operation in operations {
        let Some(sample) = operation.sample(&ids_of(ACME)) else { continue };
        if operation.id == elsewhere || of_secrets.iter().any(|start| operation.path.starts_with(start)) {
            continue;
        }
        let token = app.token_of_new_session(ACME, operation.caller()).await;
        let etag = operation.etag(&app, &token, &ids_of(ACME)).await;
        let call = operation.at_version(&app, &ids_of(ACME), &etag).token(&token).json(&sample);
        let answer = answer_of(&operation, call).await;
        wrong.check(&operation, &answer, "its own example");
        wrong.unless(answer.is_success(), || format!("{}: {} {}", operation.id, answer.status, answer.text));
        accepted += 1;
    }
    wrong.end();
    assert!(accepted >= 20, "only {accepted} requests");
}

/// The document by the types of OpenAPI 3.0: reading and writing it again loses nothing, so it holds nothing that the
/// format does not have.
#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_openapi_3_0_and_nothing_else() {
    let app = TestApp::start("contract").await;
    let document = document(&app);
    let read: openapiv3::OpenAPI = serde_json::from_value(document.clone()).expect("OpenAPI 3.0");
    let written = serde_json::to_value(&read).expect("JSON");

    let mut lost = Vec::new();
    differences(&document, &written, "", &mut lost);
    assert!(lost.is_empty(), "not OpenAPI 3.0:\n{}", lost.join("\n"));
    let mut count = 0;
    each_reference(&document, &mut |reference| {
        count += 1;
        resolved(&document, reference);
    });
    assert!(count > 500, "only {count} references");
    let (size, operations) = (surv_api::spec::document(&app.deps).len(), all(&app).len());
    assert!(size < 4_500 * operations, "{size} bytes: what many operations share belongs into components");
}

/// What `written` lacks of `document`. Defaults that the format knows may go.
fn differences(document: &Value, written: &Value, at: &str, lost: &mut Vec<String>) {
    match (document, written) {
        (Value::Object(wanted), Value::Object(got)) => {
            for (name, value) in wanted {
                match got.get(name) {
                    Some(other) => differences(value, other, &format!("{at}/{name}"), lost),
                    None if *value == Value::Bool(false) || *value == serde_json::json!([]) => {}
                    None => lost.push(format!("{at}/{name}")),
                }
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (index, (value, other)) in wanted.iter().zip(got).enumerate() {
                differences(value, other, &format!("{at}/{index}"), lost);
            }
        }
        (Value::Number(wanted), Value::Number(got)) if wanted.as_f64() == got.as_f64() => {}
        _ if document == written => {}
        _ => lost.push(format!("{at}: {document} became {written}")),
    }
}

fn each_reference(value: &Value, take: &mut impl FnMut(&Value)) {
    if value.get("$ref").is_some() {
        take(value);
    }
    value.as_object().into_iter().flatten().for_each(|(_, item)| each_reference(item, take));
    value.as_array().into_iter().flatten().for_each(|item| each_reference(item, take));
}

/// What a change clears by `null` is nullable in the document, and nothing else is.
#[tokio::test(flavor = "multi_thread")]
async fn what_null_clears_is_nullable() {
    let app = TestApp::start("contract").await;
    let document = document(&app);
    let mut documented = BTreeSet::new();
    for (schema, body) in document["components"]["schemas"].as_object().expect("schemas") {
        for (field, property) in body["properties"].as_object().into_iter().flatten() {
            if property["nullable"] == true {
                documented.insert(format!("{schema}.{field}"));
            }
        }
    }
    assert_eq!(documented, clearable_fields());
    assert!(documented.len() >= 5, "{documented:?}");
}

/// `Schema.field` of each `Option<Option<_>>` in the sources.
fn clearable_fields() -> BTreeSet<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src/resources");
    let mut fields = BTreeSet::new();
    for text in sources(&folder) {
        let mut schema = "";
        for line in text.lines() {
            let renamed = line.split("rename = \"").nth(1).and_then(|rest| rest.split('"').next());
            schema = renamed.filter(|_| line.starts_with("#[oai(")).unwrap_or(schema);
            if let Some((field, _)) = line.trim().split_once(": Option<Option<") {
                fields.insert(format!("{schema}.{}", field.trim_start_matches("pub ")));
            }
        }
    }
    fields
}
