//! Who may call what: nobody without a token, and each role and kind of token what `roles.expected` says.

use std::fmt::Write as _;

use surv_tenancy::token::{TokenKind, TokenSpec};
use surv_tests::{Company, TestApp, Who};

use crate::operations::{Faults, Operation, all, answer_of, ids_of};

const ACME: Company = Company::ACME;

/// Tokens that are not of ours, not for us, too old, or of a session that isn't the person's.
fn bad_tokens(app: &TestApp, who: Who) -> Vec<(&'static str, String)> {
    let token = app.token(ACME, who);
    let mut flipped = token.clone();
    let middle = token.len() / 2;
    flipped.replace_range(middle..=middle, if token[middle..].starts_with('A') { "B" } else { "A" });
    let spec = app.spec(ACME, who);
    let other = if who == Who::Admin { Who::Manager } else { Who::Admin };
    let nothing = uuid::Uuid::from_u128(7).into();
    let with = |change: &dyn Fn(&mut TokenSpec)| {
        let mut spec = spec.clone();
        change(&mut spec);
        app.minted(&spec)
    };
    vec![
        ("garbage", "garbage".to_owned()),
        ("a long one", "x".repeat(50_000)),
        ("a flipped letter", flipped),
        ("a half", token[..middle].to_owned()),
        ("another audience", with(&|spec| spec.audience = "surv:other".to_owned())),
        ("an old one", with(&|spec| spec.expires_at -= chrono::TimeDelta::hours(1))),
        ("no session", with(&|spec| spec.session_id = nothing)),
        ("another's session", with(&|spec| spec.session_id = ACME.id("session", other.number()).into())),
        ("another company", with(&|spec| spec.tenant_id = Company::RIVAL.tenant_id().into())),
        ("a role that was never had", with(&|spec| spec.role = other.role())),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_token_of_ours() {
    let app = TestApp::start("contract_callers").await;
    let mut faults = Faults::default();
    for operation in all(&app).iter().filter(|operation| operation.secured) {
        let id = &operation.id;
        let call = || operation.call(&app, &ids_of(ACME));
        let answer = answer_of(operation, call()).await;
        faults.check(operation, &answer, "without a token");
        faults.unless(answer.slug() == "unauthenticated", || format!("{id} without a token: {}", answer.text));
        faults.unless(!answer.header("www-authenticate").is_empty(), || format!("{id} does not ask for a token"));
        for (what, token) in bad_tokens(&app, operation.caller()) {
            let answer = answer_of(operation, call().token(&token)).await;
            // The own account is the person's, whatever the role.
            let is_own = what == "a role that was never had" && operation.path.starts_with("/v1/sessions");
            faults.unless(is_own || answer.status == 401, || {
                format!("{id} with {what}: {} {}", answer.status, answer.text)
            });
        }
        let basic = format!("Basic {}", app.token(ACME, operation.caller()));
        let answer = answer_of(operation, call().header("authorization", &basic)).await;
        faults.unless(answer.status == 401, || format!("{id} with Basic: {}", answer.text));
    }
    faults.end();
}

/// One line an operation: what each role, and the link of a job, gets for its own company's ids.
#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_call_what_the_table_says() {
    let app = TestApp::start("contract_roles").await;
    let roles = [Who::Customer1, Who::Technician1, Who::Manager, Who::Admin];
    let mut faults = Faults::default();
    let mut table = String::from(
        "# yes, no (403), hidden (404) or barred (401: not with this kind of token). UPDATE_EXPECTED=1 writes this file anew.\n",
    );
    let mut operations = all(&app);
    operations.retain(|operation| operation.secured);
    // Work first, while the office has not yet taken it away.
    operations.sort_by_key(|operation| !operation.path.starts_with("/v1/work"));
    for operation in &operations {
        let _ = write!(table, "{:24}", operation.id);
        let link = app.link(ACME, ACME.id("job", 1)).await;
        let _ = write!(table, " link:{:7}", verdict(&mut faults, &app, operation, &link).await);
        for who in roles {
            let token = app.token_of_new_session(ACME, who).await;
            let _ = write!(table, " {}:{:7}", who.role().as_str(), verdict(&mut faults, &app, operation, &token).await);
        }
        table.truncate(table.trim_end().len());
        table.push('\n');
    }
    faults.end();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/contract/roles.expected");
    if is_update() {
        std::fs::write(path, &table).expect("the table can be written");
    }
    let expected = std::fs::read_to_string(path).expect("the table can be read");
    let differences: Vec<_> = table.lines().filter(|line| !expected.lines().any(|other| other == *line)).collect();
    assert_eq!(table, expected, "differs in:\n{}", differences.join("\n"));
}

async fn verdict(faults: &mut Faults, app: &TestApp, operation: &Operation, token: &str) -> &'static str {
    let answer = answer_of(operation, operation.call(app, &ids_of(ACME)).token(token)).await;
    faults.check(operation, &answer, "as some role");
    match (answer.status, answer.slug().as_str()) {
        (401, slug) if slug != "wrong-credentials" => "barred",
        (403, _) => "no",
        (404, _) => "hidden",
        _ => "yes",
    }
}

/// A cookie is sent by the browser whoever asks: alone it changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn no_change_is_made_by_a_cookie_alone() {
    let app = TestApp::start("contract_callers").await;
    let mut faults = Faults::default();
    for operation in all(&app).iter().filter(|operation| operation.secured && operation.method != "GET") {
        let cookie = format!("__Host-surv_access={}", app.token(ACME, operation.caller()));
        for (name, value) in [("accept", "*/*"), ("origin", "null"), ("origin", "https://evil.example")] {
            let call = operation.call(&app, &ids_of(ACME)).header("cookie", &cookie).header(name, value);
            let answer = answer_of(operation, call).await;
            let is_refused = answer.status == 403 && answer.slug() == "cross-site";
            faults.unless(is_refused, || format!("{} {name} {value}: {}", operation.id, answer.text));
        }
    }
    faults.end();
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
        let by_people = !["/v1/portal", "/v1/events"].iter().any(|p| operation.path.starts_with(p));
        let by_people = by_people && !(operation.path.starts_with("/v1/files") && operation.method == "GET");
        if by_people {
            let answer = answer_of(operation, operation.call(&app, &ids_of(ACME)).token(&wide_link)).await;
            assert!(matches!(answer.status, 401 | 403), "{}: {} {}", operation.id, answer.status, answer.text);
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "set by whoever changes what roles may do")]
pub(crate) fn is_update() -> bool {
    std::env::var("UPDATE_EXPECTED").is_ok()
}
