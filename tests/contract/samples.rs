//! A body for each schema that an operation takes: the document's example, with ids that exist.

use serde_json::{Value, json};
use uuid::Uuid;

/// One that is in order; the ids in it are `ids`, by their names.
///
/// # Panics
/// For a schema without an example.
pub(crate) fn body(document: &Value, schema: &str, ids: &impl Fn(&str) -> Uuid) -> Value {
    let example = document["components"]["schemas"][schema].get("example").cloned();
    let mut body = example.unwrap_or_else(|| without_example(schema, ids));
    put_ids(&mut body, ids);
    body
}

fn put_ids(body: &mut Value, ids: &impl Fn(&str) -> Uuid) {
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        if name.ends_with("_id") && value.is_string() {
            *value = ids(name).to_string().into();
        }
        put_ids(value, ids);
    }
    body.as_array_mut().into_iter().flatten().for_each(|item| put_ids(item, ids));
}

fn without_example(schema: &str, ids: &impl Fn(&str) -> Uuid) -> Value {
    match schema {
        "AddressOnly" => json!({ "email": "nobody@example.com" }),
        "CodeAnswer" => json!({ "challenge_id": ids("challenge_id"), "code": "000000" }),
        "CodeWish" => json!({ "company": "company-1", "email": "nobody@example.com" }),
        "CompanyChoice" => json!({ "challenge": "none", "company": "company-1" }),
        "Credentials" => json!({ "email": "nobody@example.com", "password": "correct horse battery" }),
        "InvitationAnswer" => json!({ "secret": "none", "password": "correct horse battery" }),
        "LinkToken" => json!({ "token": "none" }),
        "NewPassword" => json!({ "secret": "none", "password": "correct horse battery" }),
        "PasswordChange" => json!({ "current": "not the right one", "new": "correct horse battery" }),
        "RefreshRequest" => json!({ "refresh_token": "none" }),
        "SecondFactorProof" | "SixDigits" => json!({ "code": "000000" }),
        "SecondStepAnswer" => json!({ "challenge": "none", "code": "000000" }),
        "Secret" => json!({ "secret": "none" }),
        "SignUp" => json!({
            "email": "walk@example.com", "password": "correct horse battery", "name": "Name", "company": "Name",
            "slug": "walk", "time_zone": "Europe/Vienna",
        }),
        other => panic!("{other} has no example: write one in api/src/examples"),
    }
}
