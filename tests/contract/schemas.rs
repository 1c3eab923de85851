//! Whether a value is what a schema of the document says: as OpenAPI 3.0 has it, and nothing that the schema does not
//! name.

use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

/// Every way in which `value` is not of the schema, with where. Empty when it is.
///
/// # Panics
/// For a keyword that isn't understood here: add it.
pub(crate) fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(document, schema, value, "", &mut found);
    found
}

/// What `$ref` points to.
///
/// # Panics
/// When it points to nothing.
pub(crate) fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else { return value };
    let pointer = reference.strip_prefix('#').expect("the document refers to itself only");
    let found = document.pointer(pointer);
    resolved(document, found.unwrap_or_else(|| panic!("{reference} points to nothing")))
}

fn look(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    let Some(keywords) = schema.as_object() else { return };
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    for (keyword, wanted) in keywords {
        let right = match keyword.as_str() {
            "title" | "description" | "default" | "example" | "nullable" | "properties" => true,
            "allOf" => {
                wanted.as_array().into_iter().flatten().for_each(|part| look(document, part, value, at, found));
                true
            }
            "type" => is_type(wanted, value),
            "format" => is_format(wanted.as_str().unwrap_or_default(), value),
            "enum" => wanted.as_array().is_some_and(|list| list.contains(value)),
            "minimum" => value.as_f64() >= wanted.as_f64(),
            "maximum" => value.as_f64() <= wanted.as_f64(),
            "minLength" => value.as_str().map(|text| text.chars().count() as u64) >= wanted.as_u64(),
            "maxLength" => value.as_str().map(|text| text.chars().count() as u64) <= wanted.as_u64(),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    look(document, wanted, item, &format!("{at}/{index}"), found);
                }
                true
            }
            "additionalProperties" => {
                for (name, item) in value.as_object().into_iter().flatten() {
                    look(document, wanted, item, &format!("{at}/{name}"), found);
                }
                true
            }
            "required" => wanted
                .as_array()
                .into_iter()
                .flatten()
                .all(|name| name.as_str().is_some_and(|name| value.get(name).is_some())),
            other => panic!("{other} is a keyword of schemas that this check does not know"),
        };
        if !right {
            found.push(format!("{at}: {value} against {keyword} {wanted}"));
        }
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, item) in value.as_object().into_iter().flatten() {
        match properties.get(name) {
            Some(property) => look(document, property, item, &format!("{at}/{name}"), found),
            None => found.push(format!("{at}/{name} is not in the document")),
        }
    }
}

fn is_type(wanted: &Value, value: &Value) -> bool {
    match wanted.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        other => panic!("{other:?} is no type"),
    }
}

fn is_format(format: &str, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let within = |least: i64, most: i64| value.as_i64().is_some_and(|number| (least..=most).contains(&number));
    match format {
        "uuid" => text.parse::<Uuid>().is_ok(),
        "date-time" => DateTime::parse_from_rfc3339(text).is_ok(),
        "double" => value.is_number(),
        "int32" => within(i32::MIN.into(), i32::MAX.into()),
        "int64" => value.is_i64(),
        "uint16" => within(0, u16::MAX.into()),
        "uint32" => within(0, u32::MAX.into()),
        "uint64" => value.is_u64(),
        "event-stream" => true,
        other => panic!("{other} is a format that this check does not know"),
    }
}

/// Everything in a value, by its pointer, with the schema that it has there.
pub(crate) fn places(document: &Value, schema: &Value, value: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    walk(document, schema, value, String::new(), &mut found);
    found
}

fn walk(document: &Value, schema: &Value, value: &Value, at: String, found: &mut Vec<(String, Value)>) {
    // `allOf` of one is how a property with a description refers to another schema.
    let whole = resolved(document, schema);
    let whole = whole["allOf"].get(0).map_or(whole, |part| resolved(document, part));
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        walk(document, &whole["items"], item, format!("{at}/{index}"), found);
    }
    for (name, item) in value.as_object().into_iter().flatten() {
        walk(document, &whole["properties"][name], item, format!("{at}/{name}"), found);
    }
    found.push((at, whole.clone()));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_of_its_schema_or_the_place_is_named() {
        let document = json!({ "a": { "type": "object", "required": ["n"], "properties": {
            "n": { "type": "integer", "format": "uint16", "maximum": 5 },
            "z": { "type": "string", "nullable": true, "maxLength": 2 },
        } } });
        let schema = json!({ "type": "array", "items": { "$ref": "#/a" } });

        assert!(faults(&document, &schema, &json!([{ "n": 5, "z": null }, { "n": 0, "z": "ab" }])).is_empty());
        for (wrong, at) in [
            (json!({}), ""),
            (json!([{}]), "/0"),
            (json!([{ "n": 6 }]), "/0/n"),
            (json!([{ "n": -1 }]), "/0/n"),
            (json!([{ "n": null }]), "/0/n"),
            (json!([{ "n": 1, "z": "abc" }]), "/0/z"),
            (json!([{ "n": 1, "more": 1 }]), "/0/more"),
        ] {
            let found = faults(&document, &schema, &wrong);
            assert!(!found.is_empty() && found.iter().all(|fault| fault.starts_with(at)), "{wrong}: {found:?}");
        }
    }
}
