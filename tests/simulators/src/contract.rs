//! The vendors' documents (`shared/contracts`), for tests only: nothing here is needed at run time.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// Keywords that describe without demanding anything.
const TALK: [&str; 6] = ["description", "example", "examples", "title", "default", "summary"];

/// The folder of contracts: `SURV_CONTRACTS`, or the nearest `shared/contracts` in `from` or above it.
pub fn directory(from: &Path) -> Option<PathBuf> {
    let given: Option<OsString> = std::env::var_os("SURV_CONTRACTS");
    given
        .map(PathBuf::from)
        .or_else(|| from.ancestors().map(|dir| dir.join("shared/contracts")).find(|dir| dir.is_dir()))
}

/// A document of the folder; `None` if it is not there or not JSON.
pub fn read(contracts: &Path, name: &str) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(contracts.join(name)).ok()?).ok()
}

/// The JSON schema of an operation's request body, references resolved and descriptions left out.
pub fn request_schema(document: &Value, path: &str, method: &str) -> Option<Value> {
    let body = resolve(document, &document["paths"][path][method]["requestBody"]);
    let schema = body.get("content")?.get("application/json")?.get("schema")?;
    Some(trim(document, schema))
}

/// A named schema of the document, trimmed likewise.
pub fn named_schema(document: &Value, name: &str) -> Option<Value> {
    Some(trim(document, document["components"]["schemas"].get(name)?))
}

fn trim(document: &Value, schema: &Value) -> Value {
    let schema = resolve(document, schema);
    let Some(keywords) = schema.as_object() else {
        return schema;
    };
    let mut trimmed = Map::new();
    for (keyword, value) in keywords.iter().filter(|(keyword, _)| !TALK.contains(&keyword.as_str())) {
        let value = match (keyword.as_str(), value) {
            // Below `properties` the keys are names of fields, not keywords.
            ("properties", Value::Object(fields)) => {
                fields.iter().map(|(name, field)| (name.clone(), trim(document, field))).collect::<Map<_, _>>().into()
            }
            ("items" | "additionalProperties", Value::Object(_)) => trim(document, value),
            _ => value.clone(),
        };
        trimmed.insert(keyword.clone(), value);
    }
    trimmed.into()
}

/// Follows a `$ref`; keywords beside it stay (OpenAPI 3.1).
fn resolve(document: &Value, node: &Value) -> Value {
    let Some(reference) = node.get("$ref").and_then(Value::as_str) else {
        return node.clone();
    };
    let target = document.pointer(reference.trim_start_matches('#')).cloned().unwrap_or_default();
    let mut merged = resolve(document, &target).as_object().cloned().unwrap_or_default();
    let beside = node.as_object().into_iter().flatten().filter(|(keyword, _)| *keyword != "$ref");
    merged.extend(beside.map(|(keyword, value)| (keyword.clone(), value.clone())));
    merged.into()
}
