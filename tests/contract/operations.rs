//! The operations as the document has them, and one way to call each.

use std::collections::BTreeSet;

use poem::http::Method;
use serde_json::Value;
use surv_tests::{Answer, Call, Company, TestApp, Who};
use uuid::Uuid;

use crate::samples;

/// One operation of the document.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) secured: bool,
    pub(crate) statuses: BTreeSet<u16>,
    /// Names of the path's parameters.
    pub(crate) path_parameters: Vec<String>,
    /// Query parameters, and whether each is text (not a date, a number or an id).
    pub(crate) query_parameters: Vec<(String, bool)>,
    /// The name of the body's schema.
    pub(crate) body: Option<String>,
    pub(crate) text: Value,
}

pub(crate) fn document(app: &TestApp) -> Value {
    serde_json::from_str(&surv_api::spec::document(&app.deps)).expect("the document is JSON")
}

pub(crate) fn all(app: &TestApp) -> Vec<Operation> {
    let document = document(app);
    let paths = document["paths"].as_object().expect("the document has paths");
    let operations = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().expect("a path has operations");
        operations.iter().map(|(method, operation)| read(path, method, operation))
    });
    operations.collect()
}

fn read(path: &str, method: &str, operation: &Value) -> Operation {
    let list = |key: &str| operation[key].as_array().cloned().unwrap_or_default();
    let named = |place: &str| -> Vec<Value> {
        list("parameters").into_iter().filter(|parameter| parameter["in"] == place).collect()
    };
    let name = |parameter: &Value| parameter["name"].as_str().unwrap_or_default().to_owned();
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    Operation {
        id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
        method: method.to_uppercase().parse().expect("a method"),
        path: path.to_owned(),
        secured: !list("security").is_empty(),
        statuses: operation["responses"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(s, _)| s.parse().ok())
            .collect(),
        path_parameters: named("path").iter().map(name).collect(),
        query_parameters: named("query")
            .iter()
            .map(|p| (name(p), p["schema"]["type"] == "string" && p["schema"].get("format").is_none()))
            .collect(),
        body: schema.as_str().and_then(|schema| schema.rsplit('/').next()).map(str::to_owned),
        text: operation.clone(),
    }
}

impl Operation {
    /// Somebody who may call it.
    pub(crate) fn caller(&self) -> Who {
        if self.path.starts_with("/v1/work") {
            Who::Technician1
        } else if self.path.starts_with("/v1/portal") {
            Who::Customer1
        } else {
            Who::Admin
        }
    }

    /// Whether a repeat with the same Idempotency-Key gets the first answer.
    pub(crate) fn takes_key(&self) -> bool {
        let parameters = self.text["parameters"].as_array();
        parameters.into_iter().flatten().any(|parameter| parameter["name"] == "Idempotency-Key")
    }

    /// Whether it answers for as long as the caller listens.
    pub(crate) fn is_stream(&self) -> bool {
        self.text.pointer("/responses/200/content/text~1event-stream").is_some()
    }

    pub(crate) fn address(&self, id: impl Fn(&str) -> String) -> String {
        let filled = self
            .path_parameters
            .iter()
            .fold(self.path.clone(), |path, parameter| path.replace(&format!("{{{parameter}}}"), &id(parameter)));
        let required = self.query_parameters.iter().filter_map(|(name, _)| required(name).map(|value| (name, value)));
        let query: Vec<String> = required.map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { filled } else { format!("{filled}?{}", query.join("&")) }
    }

    /// [`Operation::address`] with one parameter of the query.
    pub(crate) fn address_with(&self, id: impl Fn(&str) -> String, parameter: &str, value: &str) -> String {
        let address = self.address(id);
        let (path, query) = address.split_once('?').unwrap_or((&address, ""));
        let kept = query.split('&').filter(|part| !part.is_empty() && !part.starts_with(&format!("{parameter}=")));
        let mut parts: Vec<String> = kept.map(str::to_owned).collect();
        parts.push(format!("{parameter}={value}"));
        format!("{path}?{}", parts.join("&"))
    }

    /// A call that is in order, apart from the version that it has seen.
    pub(crate) fn call(&self, app: &TestApp, ids: &impl Fn(&str) -> Uuid) -> Call {
        let call = self.bare(app, ids);
        match &self.body {
            Some(schema) => call.json(&samples::body(schema, ids)),
            None => call,
        }
    }

    /// [`Operation::call`] without a body.
    pub(crate) fn bare(&self, app: &TestApp, ids: &impl Fn(&str) -> Uuid) -> Call {
        let address = self.address(|parameter| match parameter {
            "slug" => "company-1".to_owned(),
            _ => ids(parameter).to_string(),
        });
        app.call(&self.method, &address).version(999)
    }
}

/// What a walk found wrong: all of it is told at its end, not only the first.
#[derive(Debug, Default)]
pub(crate) struct Faults(BTreeSet<String>);

impl Faults {
    pub(crate) fn unless(&mut self, right: bool, fault: impl FnOnce() -> String) {
        if !right {
            self.0.insert(fault().chars().take(400).collect());
        }
    }

    /// Every answer is one that the document has, and every refusal a problem.
    pub(crate) fn check(&mut self, operation: &Operation, answer: &Answer, what: &str) {
        let (id, status) = (&operation.id, answer.status);
        self.unless(status < 500, || format!("{id}, {what}: {status} {}", answer.text));
        self.unless(operation.statuses.contains(&status), || format!("{id}, {what}: {status} is not in the document"));
        let is_problem = !answer.slug().is_empty();
        self.unless((status >= 400) == is_problem, || format!("{id}, {what}: no problem: {status} {}", answer.text));
        let kept = answer.header("cache-control");
        self.unless(kept.contains("no-store"), || format!("{id}, {what}: may be cached: {kept}"));
    }

    /// # Panics
    /// When there are any.
    #[track_caller]
    pub(crate) fn end(self) {
        let list: Vec<String> = self.0.into_iter().collect();
        assert!(list.is_empty(), "{} faults:\n{}", list.len(), list.join("\n"));
    }
}

/// The parameters that a list can't do without.
fn required(parameter: &str) -> Option<&'static str> {
    match parameter {
        "from" => Some("2026-12-01T00:00:00Z"),
        "to" => Some("2026-12-20T00:00:00Z"),
        _ => None,
    }
}

/// Sends and reads; a stream that opened is not read to its end.
pub(crate) async fn answer_of(operation: &Operation, call: Call) -> Answer {
    if !operation.is_stream() {
        return call.send().await;
    }
    let response = call.open().await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = if status == 200 { String::new() } else { response.text().await.expect("the answer ends") };
    Answer { status, headers, text }
}

/// Ids of a company by the names of parameters and fields.
pub(crate) fn ids_of(company: Company) -> impl Fn(&str) -> Uuid {
    move |parameter| match parameter {
        "member_id" | "technician_id" => company.user(Who::Technician1),
        "user_id" => company.user(Who::Customer1),
        "link_id" => company.id("session", 9),
        "session_id" => company.id("session", Who::Customer2.number()),
        "challenge_id" => company.id("challenge", 1),
        // Ready, of job 1, for everybody.
        "file_id" => company.id("file", 13),
        "about" => company.id("job", 1),
        _ => company.id(parameter.trim_end_matches("_id"), 1),
    }
}

/// Ids of nothing.
pub(crate) fn ids_of_nothing(parameter: &str) -> Uuid {
    let digits = parameter.bytes().fold(7_u128, |sum, byte| sum.wrapping_mul(31) + u128::from(byte));
    Uuid::from_u128((0xdead << 112) | 0x4000_8000_0000_0000_0000 | (digits & 0xffff_ffff))
}
