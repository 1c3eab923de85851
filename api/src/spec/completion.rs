//! What poem-openapi can't say by itself: headers, examples of parameters, fields that `null` clears, refusals.

use serde_json::{Value, json};

use super::refusals::{self, Refusals};
use crate::{
    examples,
    page::{DEFAULT_LIMIT, MAX_LIMIT},
};

/// Completes the document in place.
pub(super) fn complete(document: &mut Value) {
    let mut refusals = Refusals::default();
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, operations) in paths.iter_mut() {
            for (method, operation) in operations.as_object_mut().into_iter().flatten() {
                headers(path, method, operation);
                parameters(operation);
                refusals.of(operation, &refusals::kinds(path, method, operation));
            }
        }
    }
    for (schema, fields) in CLEARED_BY_NULL {
        for field in *fields {
            if let Some(field) = document.pointer_mut(&format!("/components/schemas/{schema}/properties/{field}")) {
                field["nullable"] = json!(true);
            }
        }
    }
    document["components"]["responses"] = refusals.responses();
    document["components"]["examples"] = refusals.examples();
}

/// Fields of changes that are `Option<Option<_>>`: absent means unchanged.
const CLEARED_BY_NULL: &[(&str, &[&str])] = &[
    ("BrandingPatch", &["phone", "reply_to", "logo_file_id"]),
    ("CustomerPatch", &["email", "phone"]),
    ("MemberPatch", &["phone"]),
];

/// POSTs that act on a version.
const IF_MATCH_POSTS: &[&str] = &["/archive", "/restore", "/cancel"];

/// DELETEs that act on a version; the others end something that has none.
const IF_MATCH_DELETES: &[&str] = &["/v1/files/{file_id}"];

pub(super) fn takes_version(path: &str, method: &str) -> bool {
    match method {
        "patch" => true,
        "post" => IF_MATCH_POSTS.iter().any(|end| path.ends_with(end)),
        "delete" => IF_MATCH_DELETES.contains(&path),
        _ => false,
    }
}

fn headers(path: &str, method: &str, operation: &mut Value) {
    let secured = refusals::is_secured(operation);
    if takes_version(path, method) && secured {
        let schema = json!({ "type": "string" });
        header(operation, "If-Match", true, "The ETag of what was read; 412 if it changed since.", schema);
    }
    if method == "post" {
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 200 });
        let description = "Repeats of a request with the same key get the first answer.";
        header(operation, "Idempotency-Key", false, description, schema);
    }
}

fn header(operation: &mut Value, name: &str, required: bool, description: &str, schema: Value) {
    let Some(operation) = operation.as_object_mut() else { return };
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(list) = parameters.as_array_mut() {
        list.push(json!({
            "name": name, "in": "header", "required": required, "description": description, "schema": schema,
        }));
    }
}

fn parameters(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        if name == "limit" {
            let schema = &mut parameter["schema"];
            (schema["minimum"], schema["maximum"]) = (json!(1), json!(MAX_LIMIT));
            schema["default"] = json!(DEFAULT_LIMIT);
        }
        let is_number = parameter["schema"]["type"] == "integer";
        // The states of a job are not those of a customer.
        let example = match parameter["schema"]["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some("CustomerState" | "MemberState") => Some("active".to_owned()),
            Some("JobState") => Some("scheduled".to_owned()),
            Some("TaskStateFilter") => Some("dead".to_owned()),
            Some("FileState") => Some("ready".to_owned()),
            Some("FilePurpose") => Some("job_photo".to_owned()),
            Some("FileVariant") => Some("thumbnail".to_owned()),
            _ => examples::parameter(&name),
        };
        if let Some(text) = example {
            parameter["example"] =
                if is_number { text.parse::<u64>().map_or(Value::Null, Value::from) } else { text.into() };
        }
    }
}
