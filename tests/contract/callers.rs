//! Who may call what: nobody without a token, and each role and kind of token what `roles.expected` says.

use std::fmt::Write as _;

use surv_tenancy::token::{TokenKind, TokenSpec};
use surv_tests::{Company, TestApp, Who};

use crate::operations::{Operation, all, answer_of, ids_of};

const ACME: Company = Company::ACME;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_token_of_ours() {
    let app = TestApp::start("contract_callers").await;
    let token = app.token(ACME, Who::Admin);
    let mut flipped = token.clone().into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    let spec = app.spec(ACME, Who::Admin);
    let bad = [
        "garbage".to_owned(),
        "x".repeat(50_000),
        String::from_utf8(flipped).expect("still text"),
        token[..token.len() / 2].to_owned(),
        app.minted(&TokenSpec { audience: "surv:other".to_owned(), ..spec.clone() }),
        app.minted(&TokenSpec { expires_at: app.now() - chrono::TimeDelta::minutes(1), ..spec.clone() }),
        app.minted(&TokenSpec { session_id: uuid::Uuid::from_u128(7).into(), ..spec.clone() }),
        // Somebody else's session, or one of the other company.
        app.minted(&TokenSpec { session_id: ACME.id("session", 2).into(), ..spec.clone() }),
        app.minted(&TokenSpec { tenant_id: Company::RIVAL.tenant_id().into(), ..spec }),
    ];
    for operation in all(&app).iter().filter(|operation| operation.secured) {
        let answer = answer_of(operation, operation.call(&app, &ids_of(ACME))).await;
        operation.check(&answer, "without a token");
        answer.assert_problem(401, "unauthenticated");
        assert!(!answer.header("www-authenticate").is_empty(), "{}", operation.id);
        for (number, token) in bad.iter().enumerate() {
            // More than a header may hold is refused before anything is read.
            let call = operation.call(&app, &ids_of(ACME)).token(token);
            let answer = answer_of(operation, call).await;
            assert!(matches!(answer.status, 401 | 431), "{} with bad token {number}: {}", operation.id, answer.text);
        }
        let call = operation.call(&app, &ids_of(ACME)).header("authorization", &format!("Basic {token}"));
        answer_of(operation, call).await.assert_problem(401, "unauthenticated");
    }
}

/// One line an operation: what each role, and the link of a job, gets for its own company's ids.
#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_call_what_the_table_says() {
    let app = TestApp::start("contract_roles").await;
    let roles = [Who::Customer1, Who::Technician1, Who::Manager, Who::Admin];
    let mut table = String::from("# yes, no (403) or hidden (404). UPDATE_EXPECTED=1 writes this file anew.\n");
    for operation in all(&app).iter().filter(|operation| operation.secured) {
        let _ = write!(table, "{:24}", operation.id);
        let link = app.link(ACME, ACME.id("job", 1));
        let _ = write!(table, " link:{:6}", verdict(&app, operation, &link).await);
        for who in roles {
            let token = app.token_of_new_session(ACME, who).await;
            let _ = write!(table, " {}:{:6}", who.role().as_str(), verdict(&app, operation, &token).await);
        }
        table.truncate(table.trim_end().len());
        table.push('\n');
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/contract/roles.expected");
    if is_update() {
        std::fs::write(path, &table).expect("the table can be written");
    }
    let expected = std::fs::read_to_string(path).expect("the table can be read");
    let differences: Vec<_> = table.lines().filter(|line| !expected.lines().any(|other| other == *line)).collect();
    assert_eq!(table, expected, "differs in:\n{}", differences.join("\n"));
}

async fn verdict(app: &TestApp, operation: &Operation, token: &str) -> &'static str {
    let answer = answer_of(operation, operation.call(app, &ids_of(ACME)).token(token)).await;
    operation.check(&answer, "as some role");
    match (answer.status, answer.slug().as_str()) {
        (401, slug) => panic!("{}: {slug}, so the table would say nothing", operation.id),
        (403, _) => "no",
        (404, _) => "hidden",
        _ => "yes",
    }
}

/// A link is for the portal alone, and is read-only whatever it says.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_kind_gets_nowhere_else() {
    let app = TestApp::start("contract_callers").await;
    let spec = app.spec(ACME, Who::Admin);
    let wide_link = app.minted(&TokenSpec {
        kind: TokenKind::Link,
        confined_to: Some([(surv_tenancy::confinement::ConfinedKind::Job, ACME.id("job", 1))].into()),
        ..spec
    });
    for operation in all(&app).iter().filter(|operation| operation.secured) {
        let by_people = !["/v1/portal", "/v1/events", "/v1/sessions"].iter().any(|p| operation.path.starts_with(p));
        if by_people {
            let answer = answer_of(operation, operation.call(&app, &ids_of(ACME)).token(&wide_link)).await;
            assert!(matches!(answer.status, 401 | 403), "{}: {} {}", operation.id, answer.status, answer.text);
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "set by whoever changes what roles may do")]
fn is_update() -> bool {
    std::env::var("UPDATE_EXPECTED").is_ok()
}
