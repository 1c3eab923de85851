//! How operations refuse. The answers are components, named by the kinds of problem behind them: an operation only
//! points to those that it may give.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::problem::{Problem, ProblemKind};

/// Whether an operation needs a token or session.
pub(super) fn is_secured(operation: &Value) -> bool {
    operation.get("security").and_then(Value::as_array).is_some_and(|list| !list.is_empty())
}

/// The kinds of problem that follow from an operation's shape.
pub(super) fn kinds(path: &str, method: &str, operation: &Value) -> Vec<ProblemKind> {
    let takes = |name: &str| {
        let parameters = operation.get("parameters").and_then(Value::as_array);
        parameters.into_iter().flatten().any(|parameter| parameter["name"] == name)
    };
    let changes = method != "get";
    let mut kinds = vec![
        ProblemKind::InvalidParameter,
        ProblemKind::TooManyRequests,
        ProblemKind::Internal,
        ProblemKind::Unavailable,
        ProblemKind::OutcomeUnknown,
    ];
    if takes("cursor") {
        kinds.push(ProblemKind::InvalidCursor);
    }
    if is_secured(operation) {
        kinds.extend([ProblemKind::Unauthenticated, ProblemKind::TokenExpired, ProblemKind::SessionEnded]);
        kinds.push(ProblemKind::Forbidden);
    }
    if is_secured(operation) && changes {
        kinds.push(ProblemKind::CrossSite);
    }
    if !is_secured(operation) {
        kinds.extend([
            ProblemKind::Unauthenticated,
            ProblemKind::WrongCredentials,
            ProblemKind::SessionEnded,
            ProblemKind::LinkEnded,
            ProblemKind::CrossSite,
        ]);
    }
    if path.starts_with("/v1/sessions") {
        kinds.push(ProblemKind::WrongCredentials);
    }
    // A token that is confined to a job does not see the company either.
    if path.contains('{') || path.starts_with("/v1/company") || changes {
        kinds.push(ProblemKind::NotFound);
    }
    if changes {
        kinds.extend([ProblemKind::InvalidTransition, ProblemKind::Conflict, ProblemKind::InvalidFields]);
    }
    if operation.get("requestBody").is_some() {
        kinds.extend([ProblemKind::MalformedBody, ProblemKind::BodyTooLarge, ProblemKind::UnsupportedMediaType]);
    }
    if takes("Idempotency-Key") {
        kinds.push(ProblemKind::KeyReused);
    }
    if takes("If-Match") {
        kinds.extend([ProblemKind::Stale, ProblemKind::PreconditionRequired]);
    }
    kinds
}

/// The refusals of all operations, each once.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    responses: BTreeMap<String, Value>,
    examples: BTreeMap<String, Value>,
}

impl Refusals {
    /// Points an operation to one answer per status.
    pub(super) fn of(&mut self, operation: &mut Value, kinds: &[ProblemKind]) {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
        responses.remove("default");
        let mut by_status: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
        for kind in kinds {
            by_status.entry(kind.status()).or_default().push(*kind);
        }
        for (status, mut kinds) in by_status {
            // One order, so that the same kinds are the same answer.
            kinds.sort_by_key(|kind| kind.slug());
            kinds.dedup();
            let reference = format!("#/components/responses/{}", self.named(&kinds));
            responses.insert(status.to_string(), json!({ "$ref": reference }));
        }
    }

    pub(super) fn responses(&self) -> Value {
        json!(self.responses)
    }

    pub(super) fn examples(&self) -> Value {
        json!(self.examples)
    }

    fn named(&mut self, kinds: &[ProblemKind]) -> String {
        for kind in kinds {
            let example = json!({ "summary": kind.title(), "value": Problem::new(*kind).body() });
            self.examples.insert(kind.slug().to_owned(), example);
        }
        let name = kinds.iter().map(|kind| format!("{kind:?}")).collect::<Vec<_>>().join("Or");
        self.responses.entry(name.clone()).or_insert_with(|| response(kinds));
        name
    }
}

fn response(kinds: &[ProblemKind]) -> Value {
    let titles: Vec<_> = kinds.iter().map(|kind| format!("{} (`{}`)", kind.title(), kind.slug())).collect();
    let examples: Map<String, Value> = kinds
        .iter()
        .map(|kind| {
            let reference = format!("#/components/examples/{}", kind.slug());
            (kind.slug().to_owned(), json!({ "$ref": reference }))
        })
        .collect();
    let mut response = json!({
        "description": titles.join("; "),
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "examples": examples,
        } },
    });
    match kinds.first().map(|kind| kind.status()) {
        Some(401) => response["headers"] = one_header("WWW-Authenticate", "How to log in.", "string"),
        Some(429 | 503) => response["headers"] = one_header("Retry-After", "Seconds to wait.", "integer"),
        _ => {}
    }
    response
}

fn one_header(name: &str, description: &str, kind: &str) -> Value {
    json!({ name: { "description": description, "schema": { "type": kind } } })
}
