//! Every operation that changes something leaves exactly one entry in the audit log: who, in which request, and what
//! was before and after.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::{PgConnection, Row as _};
use surv_tests::{Answer, Company, TestApp, Who};
use uuid::Uuid;

use crate::operations::{Operation, all, answer_of, document, ids_of};

const ACME: Company = Company::ACME;

/// In an order in which each is possible, with the numbers of the seed's things that differ from 1.
const STEPS: &[(&str, &[(&str, u8)])] = &[
    ("goOnTheWay", &[]),
    ("arrive", &[]),
    ("createWorkNote", &[]),
    ("completeVisit", &[]),
    ("createPortalNote", &[]),
    ("createNote", &[]),
    ("updateCompany", &[]),
    ("updateBranding", &[]),
    ("createCustomer", &[]),
    ("updateCustomer", &[]),
    ("updateContact", &[("contact_id", 2)]),
    ("createContact", &[]),
    ("archiveContact", &[("contact_id", 3)]),
    ("restoreContact", &[("contact_id", 3)]),
    ("createProperty", &[]),
    ("updateProperty", &[]),
    ("createCustomerUser", &[]),
    ("updateCustomerUser", &[("customer_id", 2), ("user_id", 6)]),
    ("createJob", &[]),
    ("updateJob", &[]),
    ("createVisit", &[]),
    ("assignTechnician", &[("visit_id", 5)]),
    ("rescheduleVisit", &[("visit_id", 5)]),
    ("cancelVisit", &[("visit_id", 5)]),
    ("releaseTechnician", &[("visit_id", 2), ("technician_id", 4)]),
    ("cancelJob", &[("job_id", 2)]),
    ("archiveJob", &[("job_id", 2)]),
    ("archiveProperty", &[("property_id", 2)]),
    ("restoreProperty", &[("property_id", 2)]),
    ("archiveCustomer", &[("customer_id", 2)]),
    ("restoreCustomer", &[("customer_id", 2)]),
    ("createFile", &[]),
    ("deleteFile", &[]),
    ("createInvitation", &[]),
    ("revokeInvitation", &[]),
    ("updateMember", &[]),
    ("createLink", &[]),
    ("endLink", &[]),
    ("revokeToken", &[]),
];

/// Not walked here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("changePassword", "wants the password: tenancy/tests/identity/sessions.rs"),
    ("beginSecondFactor", "nothing holds before it is confirmed: tenancy/tests/identity/totp.rs"),
    ("confirmSecondFactor", "wants a code: tenancy/tests/identity/totp.rs"),
    ("disableSecondFactor", "wants a code: tenancy/tests/identity/totp.rs"),
    ("endSession", "own log-ins are listed for their owner: tenancy/tests/identity/sessions.rs"),
    ("endOtherSessions", "own log-ins are listed for their owner: tenancy/tests/identity/sessions.rs"),
    ("completeFile", "wants an upload in storage: tests/api/files/uploads.rs"),
    ("retryTask", "wants a task that failed for good: tests/api/tasks.rs"),
    ("dismissTask", "wants a task that failed for good: tests/api/tasks.rs"),
    ("logOut", "own log-ins are listed for their owner: tenancy/tests/identity/sessions.rs"),
];

/// An entry of the audit log.
#[derive(Debug)]
struct Entry {
    kind: String,
    actor_id: Option<Uuid>,
    actor_role: String,
    request_id: Option<Uuid>,
    changes: Value,
}

/// What was recorded since, of both companies.
async fn entries(superuser: &mut PgConnection, seen: &mut BTreeSet<Uuid>) -> Vec<Entry> {
    let rows =
        sqlx::query("SELECT event_id, kind, actor_id, actor_role, request_id, changes FROM events ORDER BY event_id")
            .fetch_all(superuser)
            .await
            .expect("the database answers");
    let new = rows.into_iter().filter(|row| seen.insert(row.get("event_id")));
    let entry = new.map(|row| Entry {
        kind: row.get("kind"),
        actor_id: row.get("actor_id"),
        actor_role: row.get("actor_role"),
        request_id: row.get("request_id"),
        changes: row.get::<Option<Value>, _>("changes").unwrap_or_default(),
    });
    entry.collect()
}

async fn take(app: &TestApp, operation: &Operation, numbers: &[(&str, u8)]) -> Answer {
    let ids = |name: &str| {
        let number = numbers.iter().find(|(given, _)| *given == name).map(|(_, number)| *number);
        match (name, number) {
            (_, None) => ids_of(ACME)(name),
            ("user_id" | "technician_id", Some(number)) => ACME.id("user", number),
            (_, Some(number)) => ACME.id(name.trim_end_matches("_id"), number),
        }
    };
    let token = app.token(ACME, operation.caller());
    let etag = operation.etag(app, &token, &ids).await;
    let mut body = operation.sample(&ids);
    match operation.id.as_str() {
        "updateCustomerUser" => body = Some(json!({ "state": "disabled" })),
        "revokeToken" => body = Some(json!({ "token": app.token(ACME, Who::Technician2) })),
        _ => {}
    }
    let call = operation.at_version(app, &ids, &etag).token(&token);
    answer_of(operation, if let Some(body) = body { call.json(&body) } else { call }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_exactly_one_entry_of_the_audit_log() {
    let app = TestApp::start("contract_audit").await;
    let mut superuser = app.database.superuser().await;
    let operations = all(&app);
    let mut seen = BTreeSet::new();
    entries(&mut superuser, &mut seen).await;
    for (id, numbers) in STEPS {
        let operation = operations.iter().find(|operation| operation.id == *id).unwrap_or_else(|| panic!("no {id}"));
        let answer = take(&app, operation, numbers).await;
        assert!(answer.is_success(), "{id}: {} {}", answer.status, answer.text);
        let entries = entries(&mut superuser, &mut seen).await;
        let [entry] = entries.as_slice() else { panic!("{id} left {entries:?}") };
        let who = operation.caller();
        assert_eq!((entry.actor_id, entry.actor_role.as_str()), (Some(ACME.user(who)), who.role().as_str()), "{id}");
        assert_eq!(entry.request_id.map(|id| id.to_string()).as_deref(), Some(answer.header("x-request-id")), "{id}");
        // What was there before is told, and what is there now.
        let was_there = !id.starts_with("create") && !["assignTechnician", "endLink", "revokeToken"].contains(id);
        let changes = entry.changes.as_object().cloned().unwrap_or_default();
        assert!(!was_there || !changes.is_empty(), "{id} does not say what changed: {entry:?}");
        for (field, change) in &changes {
            let pair = change.as_array().filter(|pair| pair.len() == 2);
            let pair = pair.unwrap_or_else(|| panic!("{id}: {field} is {change}, not before and after"));
            assert_ne!(pair[0], pair[1], "{id}: {field} did not change: {entry:?}");
        }
        let noun = entry.kind.split('.').next().unwrap_or_default();
        assert!(!noun.is_empty() && noun.len() < entry.kind.len(), "{id}: {}", entry.kind);
    }
}

/// A refusal leaves none; nor does a repetition with the same key, nor a read.
#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_leaves_no_entry() {
    let app = TestApp::start("contract_audit_nothing").await;
    let mut superuser = app.database.superuser().await;
    let mut seen = BTreeSet::new();
    entries(&mut superuser, &mut seen).await;
    for operation in all(&app).iter().filter(|operation| operation.secured) {
        let token = app.token(ACME, operation.caller());
        // Reads, versions that are not the current one, and bodies that are nothing.
        let call = operation.bare(&app, &ids_of(ACME)).token(&token);
        let is_read = operation.method == "GET";
        let takes_version = operation.takes("If-Match");
        let call = match operation.sample(&ids_of(ACME)) {
            Some(sample) if takes_version => call.json(&sample),
            Some(_) => call.json(&json!({ "nothing": true })),
            None => call,
        };
        if is_read || takes_version || operation.body.is_some() {
            let answer = answer_of(operation, call).await;
            assert!(is_read || answer.status >= 400, "{}: {} {}", operation.id, answer.status, answer.text);
            let left = entries(&mut superuser, &mut seen).await;
            assert!(left.is_empty(), "{} left {left:?}", operation.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_that_changes_something_is_walked() {
    let app = TestApp::start("contract").await;
    let writing: BTreeSet<String> = all(&app)
        .into_iter()
        .filter(|operation| operation.secured && operation.method != "GET")
        .map(|operation| operation.id)
        .collect();
    let walked = STEPS.iter().map(|(id, _)| *id).chain(ELSEWHERE.iter().map(|(id, _)| *id));
    assert_eq!(walked.map(str::to_owned).collect::<BTreeSet<_>>(), writing);
    assert!(ELSEWHERE.iter().all(|(_, reason)| !reason.is_empty()));
    assert!(document(&app)["paths"].as_object().is_some_and(|paths| paths.len() > 40));
}
