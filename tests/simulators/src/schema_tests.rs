//! Tests of the schema check.

use serde_json::json;

use super::*;

fn at(schema: Value, value: Value) -> Vec<String> {
    Schema::new(schema).expect("supported").problems(&value).into_iter().map(|problem| problem.at).collect()
}

#[test]
fn each_keyword_can_fail_and_can_pass() {
    for (schema, good, bad) in [
        (json!({"type": "string"}), json!("a"), json!(1)),
        (json!({"type": "integer"}), json!(1), json!(1.5)),
        (json!({"type": "boolean"}), json!(true), json!("true")),
        (json!({"type": "string", "nullable": true}), json!(null), json!(1)),
        (json!({"enum": ["a", "b"]}), json!("b"), json!("c")),
        (json!({"minLength": 2}), json!("äb"), json!("ä")),
        (json!({"maxLength": 2}), json!("äb"), json!("äbc")),
        (json!({"format": "email"}), json!("a@b.example"), json!("a@b")),
        (json!({"minItems": 1}), json!([1]), json!([])),
        (json!({"maxItems": 1}), json!([1]), json!([1, 2])),
        (json!({"uniqueItems": true}), json!([1, 2]), json!([1, 1])),
        (json!({"maxProperties": 1}), json!({"a": 1}), json!({"a": 1, "b": 2})),
    ] {
        assert!(at(schema.clone(), good).is_empty(), "{schema}");
        assert_eq!(at(schema.clone(), bad), [""], "{schema}");
    }
}

#[test]
fn problems_say_where() {
    let schema = json!({"required": ["a", "b"], "properties": {"a": {"items": {"type": "string"}}}, "additionalProperties": {"type": "integer"}});
    assert_eq!(at(schema.clone(), json!({"a": ["x", 1], "c": "y"})), ["b", "a.1", "c"]);
    assert!(at(schema, json!({"a": ["x"], "b": 5})).is_empty());
    assert_eq!(at(json!({"additionalProperties": false}), json!({"a": 1})), ["a"]);
}

#[test]
fn what_would_go_unchecked_is_refused() {
    for schema in [
        json!({"pattern": "x"}),
        json!({"items": {"oneOf": []}}),
        json!({"format": "uri"}),
        json!({"type": ["string"]}),
        json!(true),
    ] {
        assert!(Schema::new(schema.clone()).is_err(), "{schema}");
    }
}
