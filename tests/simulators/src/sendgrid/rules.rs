//! What makes the vendor refuse a mail: its schema, and the rules that the schema cannot say.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::refusal::Complaint;
use crate::schema::Schema;

/// The vendor's schema of the request, without its descriptions; a test compares it with the contract.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let text = include_str!("mail_send.schema.json");
    Schema::new(serde_json::from_str(text).expect("a file of this crate"))
        .expect("only supported keywords, see the test")
});

pub(super) const UNVERIFIED_SENDER: &str =
    "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.";
const RESERVED_HEADERS: [&str; 12] = [
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
];
const CUSTOM_ARGS_LIMIT: usize = 10_000;

/// Everything that is wrong with a request; empty if the vendor would take it.
pub(super) fn problems(mail: &Value) -> Vec<Complaint> {
    let mut problems: Vec<Complaint> = (SCHEMA.problems(mail).into_iter())
        .map(|problem| Complaint { field: (!problem.at.is_empty()).then_some(problem.at), message: problem.message })
        .collect();
    // The further rules read a well-formed request.
    if problems.is_empty() {
        envelope(mail, &mut problems);
        content(mail, &mut problems);
        headers(mail, &mut problems);
        attachments(mail, &mut problems);
    }
    problems
}

fn envelope(mail: &Value, problems: &mut Vec<Complaint>) {
    let personalizations = list(&mail["personalizations"]);
    if personalizations.is_empty() {
        problems.push(Complaint::of(
            "personalizations",
            "The personalizations field is required and must have at least one personalization.",
        ));
    }
    for (n, one) in personalizations.iter().enumerate() {
        if list(&one["to"]).is_empty() {
            problems.push(Complaint::of(
                format!("personalizations.{n}.to"),
                "The to array is required for all personalization objects, and must have at least one email object with a valid email address.",
            ));
        }
        let everybody = ["to", "cc", "bcc"].into_iter().flat_map(|kind| list(&one[kind]));
        let mut seen = BTreeSet::new();
        if !everybody.filter_map(|mailbox| mailbox["email"].as_str()).all(|email| seen.insert(email.to_lowercase())) {
            problems.push(Complaint::of(
                format!("personalizations.{n}"),
                "Each email address in the personalization block should be unique between to, cc, and bcc.",
            ));
        }
        custom_args(one, n, problems);
    }
    let own_subjects = !personalizations.is_empty() && personalizations.iter().all(|one| one["subject"].is_string());
    if !mail["subject"].is_string() && !own_subjects && !mail["template_id"].is_string() {
        problems.push(Complaint::of(
            "subject",
            "The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined.",
        ));
    }
}

fn custom_args(personalization: &Value, n: usize, problems: &mut Vec<Complaint>) {
    let field = format!("personalizations.{n}.custom_args");
    let args = personalization["custom_args"].as_object();
    if args.is_some_and(|args| !args.values().all(Value::is_string)) {
        problems.push(Complaint::of(field, "custom_args must be an object of strings."));
    } else if personalization["custom_args"].to_string().len() > CUSTOM_ARGS_LIMIT {
        problems.push(Complaint::of(field, "The total size of custom_args may not exceed 10,000 bytes."));
    }
}

fn content(mail: &Value, problems: &mut Vec<Complaint>) {
    let kinds: Vec<&str> = list(&mail["content"]).iter().filter_map(|part| part["type"].as_str()).collect();
    if kinds.is_empty() && !mail["template_id"].is_string() {
        problems.push(Complaint::of(
            "content",
            "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block.",
        ));
    }
    let rank = |kind: &str| match kind {
        "text/plain" => 0,
        "text/html" => 1,
        _ => 2,
    };
    if !kinds.is_sorted_by_key(|kind| rank(kind)) {
        problems.push(Complaint::of(
            "content",
            "If present, text/plain and text/html may only be provided once, text/plain first, then text/html, then other types.",
        ));
    }
}

fn headers(mail: &Value, problems: &mut Vec<Complaint>) {
    for (name, value) in mail["headers"].as_object().into_iter().flatten() {
        let field = format!("headers.{name}");
        if RESERVED_HEADERS.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
            problems.push(Complaint::of(field, format!("The header {name:?} is reserved and cannot be set.")));
        } else if !value.as_str().is_some_and(|text| text.is_ascii() && !text.contains(['\r', '\n'])) {
            problems.push(Complaint::of(field, "Header values must be strings of ASCII without line breaks."));
        }
    }
}

fn attachments(mail: &Value, problems: &mut Vec<Complaint>) {
    use base64::Engine;
    for (n, file) in list(&mail["attachments"]).iter().enumerate() {
        let content = file["content"].as_str().unwrap_or_default();
        if base64::engine::general_purpose::STANDARD.decode(content).is_err() {
            problems.push(Complaint::of(
                format!("attachments.{n}.content"),
                "The attachment content must be base64 encoded.",
            ));
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mail() -> Value {
        json!({
            "from": {"email": "billing@mail.surv.example"}, "subject": "Hello",
            "personalizations": [{"to": [{"email": "pat@example.com"}], "custom_args": {"message": "1"}}],
            "content": [{"type": "text/plain", "value": "Hi"}, {"type": "text/html", "value": "<p>Hi"}],
        })
    }

    fn fields(pointer: &str, value: Value) -> Vec<String> {
        let mut mail = mail();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        mail.pointer_mut(parent).expect("a parent")[name] = value;
        problems(&mail).into_iter().map(|problem| problem.field.unwrap_or_default()).collect()
    }

    #[test]
    fn a_plain_mail_is_taken() {
        assert_eq!(problems(&mail()), []);
    }

    #[test]
    fn each_rule_of_the_vendor_names_its_field() {
        for (pointer, value, field) in [
            ("/from", json!({"name": "x"}), "from.email"),
            ("/from", json!({"email": "nobody"}), "from.email"),
            ("/subject", json!(null), "subject"),
            ("/personalizations", json!([]), "personalizations"),
            ("/personalizations", json!([{"to": []}]), "personalizations.0.to"),
            ("/personalizations", json!([{"to": [{"email": "a@b.c"}, {"email": "A@b.c"}]}]), "personalizations.0"),
            (
                "/personalizations",
                json!([{"to": [{"email": "a@b.c"}], "custom_args": {"a": 1}}]),
                "personalizations.0.custom_args",
            ),
            ("/content", json!([]), "content"),
            ("/content", json!([{"type": "text/html", "value": "x"}, {"type": "text/plain", "value": "x"}]), "content"),
            ("/content", json!([{"type": "text/plain", "value": ""}]), "content.0.value"),
            ("/headers", json!({"Bcc": "x@y.z"}), "headers.Bcc"),
            ("/headers", json!({"X-A": "a\r\nBcc: x"}), "headers.X-A"),
            ("/attachments", json!([{"content": "%%%", "filename": "a"}]), "attachments.0.content"),
            ("/categories", json!(["a", "a"]), "categories"),
        ] {
            assert_eq!(fields(pointer, value.clone()), [field], "{pointer} {value}");
        }
    }
}
