//! web-kit/tokens narrows as this crate does: minted here, narrowed by Node, verified here.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde::Deserialize;
use serde_json::json;

use super::support::*;
use crate::token::{Attenuation, Operation, Subject, TokenKind, TokenSpec, attenuate, mint};

#[derive(Deserialize)]
struct Answer {
    tokens: Vec<String>,
    operations: Vec<Operation>,
    subjects: Vec<Subject>,
}

/// What Node makes of each token and chain, or `None` where the run does without Node on purpose.
fn node(cases: &[(String, Vec<Attenuation>)]) -> Option<Answer> {
    #[allow(clippy::disallowed_methods, reason = "a switch of this test alone")]
    if std::env::var("SURV_WITHOUT_NODE").is_ok_and(|value| value == "1") {
        return None;
    }
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../web-kit/tokens");
    let installed = "node_modules/@biscuit-auth/biscuit-wasm";
    assert!(
        package.ancestors().any(|folder| folder.join(installed).exists()),
        "run `npm ci` in web-kit/tokens first, or set SURV_WITHOUT_NODE=1"
    );
    let keys: BTreeMap<_, _> = KEYS.public_keys().collect();
    let cases: Vec<_> =
        cases.iter().map(|(token, chain)| json!({"token": token, "chain": chain_json(chain)})).collect();
    let mut child = Command::new("node")
        .arg(package.join("conformance/narrow.js"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node is not on the PATH: install it, or set SURV_WITHOUT_NODE=1");
    let input = json!({"rootKeys": keys, "cases": cases}).to_string();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "node failed");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn chain_json(chain: &[Attenuation]) -> Vec<serde_json::Value> {
    let one = |to: &Attenuation| {
        let mut narrowing = json!({
            "jobs": to.jobs, "invoices": to.invoices, "customers": to.customers,
            "operations": to.operations, "subjects": to.subjects,
        });
        if let Some(at) = to.expires_at {
            narrowing["expiresAt"] = json!(at.to_rfc3339());
        }
        narrowing
    };
    chain.iter().map(one).collect()
}

fn chains() -> Vec<Vec<Attenuation>> {
    let jobs = |numbers: &[u128]| Attenuation { jobs: numbers.iter().map(|n| id(*n)).collect(), ..Default::default() };
    let mixed = Attenuation { invoices: vec![id(5)], customers: vec![id(6)], ..jobs(&[4]) };
    let reads = Attenuation { operations: vec![Operation::Read], ..Default::default() };
    let writes = Attenuation { operations: vec![Operation::Write], ..Default::default() };
    let visits = Attenuation { subjects: vec![Subject::Visits, Subject::Notes], ..Default::default() };
    let all =
        Attenuation { subjects: Subject::ALL.to_vec(), operations: Operation::ALL.to_vec(), ..Default::default() };
    let soon = Attenuation { expires_at: Some(in_minutes(5)), ..jobs(&[1, 2]) };
    let over = Attenuation { expires_at: Some(in_minutes(-5)), ..Default::default() };
    vec![
        vec![jobs(&[1])],
        vec![jobs(&[1, 2, 3]), jobs(&[3, 4])],
        vec![jobs(&[1]), jobs(&[2])],
        vec![mixed.clone()],
        vec![mixed, jobs(&[4])],
        vec![reads.clone()],
        vec![writes],
        vec![visits],
        vec![all, reads, soon.clone(), jobs(&[2])],
        vec![soon],
        vec![over],
    ]
}

#[test]
fn node_narrows_as_rust_does() {
    let link = TokenSpec { kind: TokenKind::Link, confined_to: Some(jobs(&[2, 3])), ..spec() };
    let link = mint(&KEYS, &link).unwrap().token;
    let cases: Vec<_> = [token(), link]
        .iter()
        .flat_map(|token| chains().into_iter().map(move |chain| (token.clone(), chain)))
        .collect();
    let Some(answer) = node(&cases) else { return };

    for ((token, chain), from_node) in cases.iter().zip(&answer.tokens) {
        let narrow = |token: String, to: &Attenuation| attenuate(&token, to).unwrap();
        let from_rust = chain.iter().fold(token.clone(), narrow);
        let (node, rust) = (verifier().open(from_node).unwrap(), verifier().open(&from_rust).unwrap());
        assert_eq!(node.claims(), rust.claims(), "{chain:?}");
        for need in [read_jobs(), write_jobs(), need(crate::Capability::JobsRead, Subject::Visits)] {
            let confinement =
                |opened: &crate::token::OpenedToken| opened.authorize(&need, now()).map(|v| v.confinement);
            assert_eq!(confinement(&node), confinement(&rust), "{chain:?} {need:?}");
        }
        // And Rust goes on where Node stopped, if there is room for another block.
        if chain.len() < 4 {
            let more = Attenuation { jobs: vec![id(3)], ..Default::default() };
            assert!(verifier().open(&attenuate(from_node, &more).unwrap()).is_ok());
        }
    }
    assert_eq!(answer.tokens.len(), cases.len());
}

#[test]
fn node_knows_the_same_words() {
    let Some(answer) = node(&[]) else { return };

    assert_eq!(answer.operations, Operation::ALL);
    assert_eq!(answer.subjects, Subject::ALL);
}
