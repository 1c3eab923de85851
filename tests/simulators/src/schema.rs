//! A small JSON schema check: the keywords that the vendors' documents use, and no others.
//!
//! A schema with a keyword that is not checked here is refused when it is read, so nothing passes unseen.

use serde_json::{Map, Value};

use crate::contract;

const KEYWORDS: [&str; 14] = [
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "maxProperties",
    "additionalProperties",
    "format",
    "nullable",
];

/// The schema uses something that is not checked here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the schema uses {0:?}, which is not supported")]
pub struct UnsupportedSchema(String);

/// What is wrong with a document, and where (`personalizations.0.to`; empty for the whole).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub at: String,
    pub message: String,
}

/// A JSON schema that documents can be checked against.
#[derive(Debug, Clone)]
pub struct Schema(Value);

impl Schema {
    /// Takes a schema without references.
    ///
    /// # Errors
    /// [`UnsupportedSchema`] names the first keyword, type or format that would go unchecked.
    pub fn new(schema: Value) -> Result<Self, UnsupportedSchema> {
        supported(&schema)?;
        Ok(Self(schema))
    }

    /// The schema of an operation's body in a vendor's document.
    ///
    /// # Errors
    /// [`UnsupportedSchema`] also if the document has no such body.
    pub fn request_body(document: &Value, path: &str, method: &str) -> Result<Self, UnsupportedSchema> {
        let schema = contract::request_schema(document, path, method);
        Self::new(schema.ok_or_else(|| UnsupportedSchema(format!("no body for {method} {path}")))?)
    }

    /// Everything in which the document departs from the schema.
    pub fn problems(&self, document: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        check(&self.0, document, "", &mut problems);
        problems
    }
}

fn supported(schema: &Value) -> Result<(), UnsupportedSchema> {
    let Some(keywords) = schema.as_object() else {
        return Err(UnsupportedSchema(schema.to_string()));
    };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(fields)) => fields.values().try_for_each(supported)?,
            ("items" | "additionalProperties", Value::Object(_)) => supported(value)?,
            ("format", value) if value != "email" => {
                return Err(UnsupportedSchema(format!("format {value}")));
            }
            ("type", value) if !value.is_string() => {
                return Err(UnsupportedSchema(format!("type {value}")));
            }
            (keyword, _) if !KEYWORDS.contains(&keyword) => {
                return Err(UnsupportedSchema(keyword.to_owned()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check(schema: &Value, value: &Value, at: &str, problems: &mut Vec<Problem>) {
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    if let Some(kind) = schema["type"].as_str().filter(|kind| !is_a(kind, value)) {
        return problems.push(Problem { at: at.to_owned(), message: format!("must be of type {kind}") });
    }
    let mut say = |message: String| problems.push(Problem { at: at.to_owned(), message });
    if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        say("is not one of the allowed values".to_owned());
    }
    match value {
        Value::String(text) => check_text(schema, text, &mut say),
        Value::Array(items) => check_items(schema, items, at, problems),
        Value::Object(fields) => check_fields(schema, fields, at, problems),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn check_text(schema: &Value, text: &str, say: &mut impl FnMut(String)) {
    let length = text.chars().count() as u64;
    if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
        say(format!("must have at least {least} characters"));
    }
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
        say(format!("must have at most {most} characters"));
    }
    if schema["format"] == "email" && !looks_like_an_address(text) {
        say("does not contain a valid address".to_owned());
    }
}

fn check_items(schema: &Value, items: &[Value], at: &str, problems: &mut Vec<Problem>) {
    let mut say = |message: String| problems.push(Problem { at: at.to_owned(), message });
    let count = items.len() as u64;
    if let Some(least) = schema["minItems"].as_u64().filter(|least| count < *least) {
        say(format!("must have at least {least} entries"));
    }
    if let Some(most) = schema["maxItems"].as_u64().filter(|most| count > *most) {
        say(format!("must have at most {most} entries"));
    }
    if schema["uniqueItems"] == true && items.iter().enumerate().any(|(n, item)| items[..n].contains(item)) {
        say("must not repeat an entry".to_owned());
    }
    if let Some(item_schema) = schema.get("items") {
        items.iter().enumerate().for_each(|(n, item)| check(item_schema, item, &join(at, &n.to_string()), problems));
    }
}

fn check_fields(schema: &Value, fields: &Map<String, Value>, at: &str, problems: &mut Vec<Problem>) {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            problems.push(Problem { at: join(at, name), message: "is required".to_owned() });
        }
    }
    if let Some(most) = schema["maxProperties"].as_u64().filter(|most| fields.len() as u64 > *most) {
        problems.push(Problem { at: at.to_owned(), message: format!("must have at most {most} fields") });
    }
    for (name, value) in fields {
        let at = join(at, name);
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(field), _) => check(field, value, &at, problems),
            (None, Value::Bool(false)) => problems.push(Problem { at, message: "is not known".to_owned() }),
            (None, others @ Value::Object(_)) => check(others, value, &at, problems),
            (None, _) => {}
        }
    }
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn looks_like_an_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.contains('@')
            && text.chars().all(|c| !c.is_whitespace() && !c.is_control())
    })
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
