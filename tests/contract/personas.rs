//! What narrower personas see and may do: nothing internal in what they are told, nothing of others changed by them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use surv_tests::{Company, TestApp, Who};

use crate::{
    operations::{Faults, Operation, all, answer_of, ids_of},
    schemas::resolved,
};

const ACME: Company = Company::ACME;

/// Properties that are for the office alone, wherever they stand.
const INTERNAL: &[&str] =
    &["office_notes", "denied", "author_id", "created_by", "invited_by", "cost", "margin", "actor_id", "changes"];
/// And these technicians see, customers don't.
const OF_THE_FIELD: &[&str] =
    &["access_notes", "customer_phone", "technician_id", "starts_at", "ends_at", "open_visits", "open_assignments"];
/// Shared by all personas: for these the row decides, and the property is left out.
const SHARED: &[(&str, &str)] = &[
    ("Event", "the stream is one; actor and changes are null for everybody but the office (`no_answer_holds…` below)"),
    ("CompanyPatch", "a request"),
];

/// Names of properties that an operation's answers have in the document, by their schema.
fn properties(operation: &Operation) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let responses = operation.text["responses"].as_object().into_iter().flatten();
    for (_, response) in responses.filter(|(status, _)| status.starts_with('2')) {
        for (_, media) in response["content"].as_object().into_iter().flatten() {
            collect(&operation.document, &media["schema"], "", &mut found);
        }
    }
    found
}

fn collect(document: &Value, schema: &Value, name: &str, found: &mut BTreeSet<(String, String)>) {
    let reference = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or(name);
    let schema = resolved(document, schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(document, part, reference, found);
    }
    if schema.get("items").is_some() {
        collect(document, &schema["items"], reference, found);
    }
    for (property, inner) in schema["properties"].as_object().into_iter().flatten() {
        found.insert((reference.to_owned(), property.clone()));
        collect(document, inner, reference, found);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_to_a_technician_or_customer_has_an_internal_property_in_the_document() {
    let app = TestApp::start("contract").await;
    let table = include_str!("roles.expected");
    let mut faults = Faults::default();
    let mut looked = 0;
    for operation in all(&app).iter().filter(|operation| operation.secured) {
        let line = table.lines().find(|line| line.split_whitespace().next() == Some(&operation.id));
        let line = line.unwrap_or_else(|| panic!("{} is not in roles.expected", operation.id));
        for (role, hidden) in [("technician", INTERNAL.to_vec()), ("customer", [INTERNAL, OF_THE_FIELD].concat())] {
            // Barred and refused ones answer nothing.
            if !line.contains(&format!("{role}:yes")) {
                continue;
            }
            looked += 1;
            for (schema, property) in properties(operation) {
                let is_shared = SHARED.iter().any(|(name, _)| *name == schema);
                let is_internal = !is_shared && hidden.contains(&property.as_str());
                faults.unless(!is_internal, || format!("{} tells a {role} {schema}.{property}", operation.id));
            }
        }
    }
    faults.end();
    assert!(looked > 20, "only {looked} operations");
}

/// Each internal column holds its own word in the seed, or one that is put there.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_holds_what_is_internal() {
    let app = TestApp::start("contract_personas").await;
    let mut superuser = app.database.superuser().await;
    for statement in [
        "UPDATE customers SET office_notes = 'canary-office-customer'",
        "UPDATE jobs SET office_notes = 'canary-office-job'",
        "UPDATE properties SET access_notes = 'canary-field-access'",
        "UPDATE customers SET phone = '+4310000001'",
        "UPDATE notes SET body = 'canary-' || visibility || '-note'",
        r#"UPDATE events SET changes = '{"office_notes": ["canary-office-before", "canary-office-after"]}'"#,
    ] {
        sqlx::query(statement).execute(&mut superuser).await.expect("the database answers");
    }
    let mut faults = Faults::default();
    let mut seen: BTreeMap<Who, String> = BTreeMap::new();
    for operation in all(&app).iter().filter(|o| o.secured && o.method == "GET" && !o.is_stream()) {
        for who in Who::ALL {
            let answer = operation.call(&app, &ids_of(ACME)).token(&app.token(ACME, who)).send().await;
            let text = &answer.text;
            let hidden: &[&str] = match who {
                _ if TestApp::is_office(who) => &[],
                Who::Technician1 | Who::Technician2 | Who::TechnicianOfBoth => &["canary-office"],
                _ => &["canary-office", "canary-field", "+4310000001", "@company1.example", "access_notes"],
            };
            for canary in hidden {
                // Everybody sees their own log-in's address.
                faults.unless(!text.contains(canary), || format!("{} {who:?} reads {canary}: {text}", operation.id));
            }
            seen.entry(who).or_default().push_str(text);
        }
    }
    faults.end();
    // The canaries sing where they should: or nothing was looked at.
    for canary in ["canary-office-customer", "canary-office-job", "canary-office-after", "canary-field-access"] {
        assert!(seen[&Who::Admin].contains(canary), "the office reads {canary}");
    }
    assert!(seen[&Who::Technician1].contains("canary-field-access"), "a technician reads how to get in");
    assert!(seen[&Who::Customer1].contains("canary-customer-note"), "a customer reads what is for customers");
}

/// Every change with the ids of somebody else's work in the own company.
#[tokio::test(flavor = "multi_thread")]
async fn a_technician_or_customer_changes_nothing_that_is_not_theirs() {
    let app = TestApp::start("contract_personas_writes").await;
    let mut superuser = app.database.superuser().await;
    let before = rows(&mut superuser).await;
    let mut faults = Faults::default();
    let others = |name: &str| match name {
        "technician_id" | "member_id" => ACME.user(Who::Technician2),
        "user_id" => ACME.user(Who::Customer2),
        "session_id" => ACME.id("session", Who::Customer2.number()),
        "link_id" => ACME.id("session", 9),
        "challenge_id" => ACME.id("challenge", 2),
        "logo_file_id" => ACME.id("file", 99),
        _ => ACME.id(name.trim_end_matches("_id"), 2),
    };
    let mut tried = 0;
    for operation in all(&app).iter().filter(|operation| operation.secured && operation.method != "GET") {
        // The own log-ins have no ids but the one in the address.
        let is_own = operation.path.starts_with("/v1/sessions") && operation.path_parameters.is_empty();
        for who in [Who::Technician1, Who::Customer1].into_iter().filter(|_| !is_own) {
            let token = app.token(ACME, who);
            let etag = operation.etag(&app, &app.token(ACME, Who::Admin), &others).await;
            let call = operation.at_version(&app, &others, &etag).token(&token);
            let call = if let Some(sample) = operation.sample(&others) { call.json(&sample) } else { call };
            let answer = answer_of(operation, call).await;
            faults.check(operation, &answer, "on another's");
            let (id, status) = (&operation.id, answer.status);
            // A thing named in the body that is not there for the caller is a wrong field.
            let is_nothing = status == 422 && id == "createFile" && answer.text.contains("there is no such job");
            faults.unless(matches!(status, 403 | 404) || is_nothing, || {
                format!("{id} {who:?}: {status} {}", answer.text)
            });
            tried += 1;
        }
    }
    faults.end();
    assert!(tried > 60, "only {tried}");
    assert_eq!(rows(&mut superuser).await, before, "everything is as it was");
}

/// Count and checksum of each table.
#[allow(clippy::disallowed_methods, reason = "names of tables come from the catalogue")]
async fn rows(superuser: &mut PgConnection) -> BTreeMap<String, (i64, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT oid::regclass::text FROM pg_class
          WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'sessions' ORDER BY 1",
    )
    .fetch_all(&mut *superuser)
    .await
    .expect("the catalogue answers");
    let mut rows = BTreeMap::new();
    for table in tables {
        let query =
            format!("SELECT count(*), md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {table} t");
        let counted = sqlx::query_as(AssertSqlSafe(query)).fetch_one(&mut *superuser).await;
        rows.insert(table, counted.expect("the table answers"));
    }
    rows
}
