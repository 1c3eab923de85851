//! The biscuit project's own samples, through this crate's gate, signature check and limits.

use std::{collections::HashMap, fmt::Write as _, fs, path::PathBuf, sync::Arc};

use biscuit_auth::{
    Algorithm, AuthorizerBuilder, Biscuit, PublicKey,
    builder::Term,
    datalog::ExternFunc,
    error::{Execution, FailedCheck, Logic, Token},
};
use serde_json::Value;

use super::support::*;
use crate::token::{authorizer, error::TokenError, gate, verify::check_signatures};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/biscuit")
}

#[test]
fn samples_have_the_expected_outcome() {
    let samples = fs::read_to_string(folder().join("samples/samples.json")).unwrap();
    let samples: Value = serde_json::from_str(&samples).unwrap();
    let root = PublicKey::from_bytes_hex(samples["root_public_key"].as_str().unwrap(), Algorithm::Ed25519).unwrap();
    let mut report = String::new();

    let cases = samples["testcases"].as_array().unwrap();
    for case in cases {
        let name = case["filename"].as_str().unwrap();
        let bytes = fs::read(folder().join("samples").join(name)).unwrap();
        assert!(verifier().open(&text(&bytes)).is_err(), "{name} is not a token of ours");
        writeln!(report, "{name}\n  gate: {}", gate_says(&bytes)).unwrap();
        for (label, validation) in case["validations"].as_object().unwrap() {
            let published = published(&validation["result"]);
            let found = behind_the_gate(&bytes, &root, validation["authorizer_code"].as_str().unwrap());
            assert_eq!(found, published, "{name} {label}");
            assert_eq!(revocation_ids(&bytes, &root), validation["revocation_ids"], "{name} {label}");
            writeln!(report, "  behind it{}: {found}, as published", spaced(label)).unwrap();
        }
    }

    assert_eq!(cases.len(), 38);
    compare_with_expected(&report);
}

fn compare_with_expected(report: &str) {
    let file = folder().join("samples.expected");
    #[allow(clippy::disallowed_methods, reason = "a switch of this test alone")]
    if std::env::var("UPDATE_EXPECTED").is_ok() {
        fs::write(&file, report).unwrap();
    }
    assert_eq!(report, fs::read_to_string(&file).unwrap(), "see tests/biscuit/README.md");
}

fn gate_says(bytes: &[u8]) -> String {
    match gate::admit_bytes(bytes.to_vec()) {
        Ok(_) => "passes".to_owned(),
        Err(TokenError::Refused(reason)) => format!("refused, {reason}"),
        Err(error) => format!("refused, {error}"),
    }
}

/// The outcome of signatures and Datalog, in the words of [`published`].
fn behind_the_gate(bytes: &[u8], root: &PublicKey, code: &str) -> String {
    match check_signatures(bytes, root) {
        Ok(biscuit) => authorize(&biscuit, code).map_or_else(outcome, |policy| format!("allowed by policy {policy}")),
        Err(TokenError::BadSignature) => "Format".to_owned(),
        Err(other) => panic!("{other:?}"),
    }
}

fn revocation_ids(bytes: &[u8], root: &PublicKey) -> Value {
    let ids = check_signatures(bytes, root).map(|biscuit| biscuit.revocation_identifiers());
    ids.unwrap_or_default().iter().map(hex::encode).collect()
}

fn authorize(biscuit: &Biscuit, code: &str) -> Result<usize, Token> {
    let equal = ExternFunc::new(Arc::new(|left, right| match (left, right) {
        (left, None) => Ok(left),
        (left, Some(right)) if left == right => Ok(Term::Str("equal strings".to_owned())),
        _ => Ok(Term::Str("different strings".to_owned())),
    }));
    let builder = AuthorizerBuilder::new().set_extern_funcs(HashMap::from([("test".to_owned(), equal)]));
    builder.set_limits(authorizer::limits()).code(code)?.build(biscuit)?.authorize()
}

fn outcome(error: Token) -> String {
    match error {
        Token::FailedLogic(Logic::Unauthorized { checks, .. }) => {
            let checks: Vec<_> = checks.iter().map(failed).collect();
            format!("failed checks {}", checks.join(" "))
        }
        Token::FailedLogic(Logic::InvalidBlockRule(..)) => "InvalidBlockRule".to_owned(),
        Token::Execution(error) => format!("Execution {:?}", Execution::Expression(error)),
        other => panic!("{other:?}"),
    }
}

fn failed(check: &FailedCheck) -> String {
    match check {
        FailedCheck::Block(check) => format!("{}.{}", check.block_id, check.check_id),
        FailedCheck::Authorizer(check) => format!("authorizer.{}", check.check_id),
    }
}

/// A result of samples.json: `{"Ok": policy}` or `{"Err": {…}}`.
fn published(result: &Value) -> String {
    if let Some(policy) = result["Ok"].as_u64() {
        return format!("allowed by policy {policy}");
    }
    let error = &result["Err"];
    if let Some(checks) = error["FailedLogic"]["Unauthorized"]["checks"].as_array() {
        let position = |check: &Value| match (&check["Block"], &check["Authorizer"]) {
            (Value::Null, authorizer) => format!("authorizer.{}", authorizer["check_id"]),
            (block, _) => format!("{}.{}", block["block_id"], block["check_id"]),
        };
        let checks: Vec<_> = checks.iter().map(position).collect();
        return format!("failed checks {}", checks.join(" "));
    }
    match error.as_object().and_then(|error| error.iter().next()) {
        Some((kind, what)) if kind == "Execution" => format!("Execution Expression({})", what.as_str().unwrap()),
        Some((_, what)) if what.get("InvalidBlockRule").is_some() => "InvalidBlockRule".to_owned(),
        Some((kind, _)) => kind.clone(),
        None => panic!("{result}"),
    }
}

fn spaced(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!(" ({label})") }
}
