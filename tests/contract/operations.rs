//! The operations as the document has them, and one way to call each.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use poem::http::Method;
use serde_json::Value;
use surv_tests::{Answer, Call, Company, TestApp, Who};
use uuid::Uuid;

use crate::{samples, schemas};

/// One operation of the document.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) secured: bool,
    pub(crate) statuses: BTreeSet<u16>,
    /// The kinds of problem that it documents.
    pub(crate) kinds: BTreeSet<String>,
    /// Names of the path's parameters.
    pub(crate) path_parameters: Vec<String>,
    /// Query parameters, and whether each is text (not a date, a number or an id).
    pub(crate) query_parameters: Vec<(String, bool)>,
    /// The name of the body's schema.
    pub(crate) body: Option<String>,
    pub(crate) text: Value,
    pub(crate) document: Arc<Value>,
}

pub(crate) fn document(app: &TestApp) -> Value {
    serde_json::from_str(&surv_api::spec::document(&app.deps)).expect("the document is JSON")
}

pub(crate) fn all(app: &TestApp) -> Vec<Operation> {
    let document = Arc::new(document(app));
    let paths = document["paths"].as_object().expect("the document has paths");
    let operations = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().expect("a path has operations");
        operations.iter().map(|(method, operation)| read(&document, path, method, operation))
    });
    operations.collect()
}

fn read(document: &Arc<Value>, path: &str, method: &str, operation: &Value) -> Operation {
    let list = |key: &str| operation[key].as_array().cloned().unwrap_or_default();
    let named = |place: &str| -> Vec<Value> {
        list("parameters").into_iter().filter(|parameter| parameter["in"] == place).collect()
    };
    let name = |parameter: &Value| parameter["name"].as_str().unwrap_or_default().to_owned();
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let responses: BTreeMap<u16, &Value> = operation["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(status, response)| Some((status.parse().ok()?, schemas::resolved(document, response))))
        .collect();
    let problems =
        responses.values().filter_map(|response| response["content"]["application/problem+json"].get("examples"));
    let kinds = problems.filter_map(Value::as_object).flat_map(|kinds| kinds.keys().cloned());
    Operation {
        id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
        method: method.to_uppercase().parse().expect("a method"),
        path: path.to_owned(),
        secured: !list("security").is_empty(),
        kinds: kinds.collect(),
        statuses: responses.into_keys().collect(),
        path_parameters: named("path").iter().map(name).collect(),
        query_parameters: named("query")
            .iter()
            .map(|p| (name(p), p["schema"]["type"] == "string" && p["schema"].get("format").is_none()))
            .collect(),
        body: schema.as_str().and_then(|schema| schema.rsplit('/').next()).map(str::to_owned),
        text: operation.clone(),
        document: Arc::clone(document),
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
        self.takes("Idempotency-Key")
    }

    /// Whether it has a parameter of this name.
    pub(crate) fn takes(&self, name: &str) -> bool {
        let parameters = self.text["parameters"].as_array();
        parameters.into_iter().flatten().any(|parameter| parameter["name"] == name)
    }

    /// The version of the thing as it is now, for If-Match; `v1` for what can't be read at the same address.
    pub(crate) async fn etag(&self, app: &TestApp, token: &str, ids: &impl Fn(&str) -> Uuid) -> String {
        if !self.takes("If-Match") {
            return String::from("\"v1\"");
        }
        let path = self.address(|name| ids(name).to_string());
        let path =
            ["/cancel", "/archive", "/restore"].iter().fold(path.as_str(), |path, end| path.trim_end_matches(end));
        let read = app.get(token, path).send().await;
        if read.header("etag").is_empty() { String::from("\"v1\"") } else { read.header("etag").to_owned() }
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
        match self.sample(ids) {
            Some(sample) => call.json(&sample),
            None => call,
        }
    }

    /// A body that is in order; the ids in it are `ids`. None when it takes none.
    pub(crate) fn sample(&self, ids: &impl Fn(&str) -> Uuid) -> Option<Value> {
        self.body.as_ref().map(|schema| samples::body(&self.document, schema, ids))
    }

    /// The schema of what it answers, if that is JSON.
    pub(crate) fn answer_schema(&self, status: u16) -> Option<&Value> {
        self.text["responses"][status.to_string()]["content"]["application/json"].get("schema")
    }

    /// [`Operation::call`] without a body.
    pub(crate) fn bare(&self, app: &TestApp, ids: &impl Fn(&str) -> Uuid) -> Call {
        self.at_version(app, ids, "\"v999\"")
    }

    /// [`Operation::bare`] on a version.
    pub(crate) fn at_version(&self, app: &TestApp, ids: &impl Fn(&str) -> Uuid, etag: &str) -> Call {
        let address = self.address(|parameter| match parameter {
            "slug" => "company-1".to_owned(),
            _ => ids(parameter).to_string(),
        });
        app.call(&self.method, &address).header("if-match", etag)
    }
}

/// Values of rows, and words of the database and of the code, that no refusal holds.
const INNER: &[&str] = &[
    "same@example.com",
    "key under the mat",
    "\"secret\"",
    "Customer 1",
    "company1.example",
    "duplicate key",
    "violates",
    "constraint",
    "_fkey",
    "_key\"",
    "relation ",
    "SELECT",
    "INSERT",
    "sqlx",
    "panicked",
    "surv_",
    "struct ",
];

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
        let (slug, kinds) = (answer.slug(), &operation.kinds);
        let is_problem = !slug.is_empty();
        let told = INNER.iter().find(|inner| is_problem && answer.text.contains(*inner));
        self.unless(told.is_none(), || format!("{id}, {what}: tells {told:?}: {}", answer.text));
        self.unless(!is_problem || kinds.contains(&slug), || format!("{id}, {what}: {slug} is not in the document"));
        self.unless((status >= 400) == is_problem, || format!("{id}, {what}: no problem: {status} {}", answer.text));
        if let Some(schema) = operation.answer_schema(status).filter(|_| answer.is_success()) {
            let faults = schemas::faults(&operation.document, schema, &answer.json(status));
            self.unless(faults.is_empty(), || format!("{id}, {what}: not as documented: {faults:?}"));
        }
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
        "logo_file_id" => company.id("file", 98),
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
