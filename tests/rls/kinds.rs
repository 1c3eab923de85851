//! Which kinds of events and tasks each persona may write: what their use cases cause, in their own name and role.
//!
//! All kinds are read from the sources, so one that is new is tried by itself.

use std::{collections::BTreeSet, fs, path::Path};

use sqlx::{AssertSqlSafe, Executor as _};
use surv_operations::files::{ProcessFile, RemoveFile};
use surv_tenancy::{db::TenantTx, inbox::ProcessSendgridEvents, mail::SendEmail, queue::Task};
use surv_tests::{Company, TestDatabase, Who};

const ACME: Company = Company::ACME;
const ON_THE_WAY: &str = "notify_on_the_way";

/// The narrowed personas, the kinds of events that they may write, and those of tasks.
const MAY: &[(Who, &[&str], &[&str])] = &[
    (
        Who::Technician1,
        &[
            "assignment.arrived",
            "assignment.completed",
            "assignment.on_the_way",
            "file.created",
            "file.deleted",
            "file.uploaded",
            "note.added",
        ],
        &[ON_THE_WAY, ProcessFile::KIND, RemoveFile::KIND],
    ),
    (
        Who::Customer1,
        &["file.created", "file.deleted", "file.uploaded", "note.added"],
        &[ProcessFile::KIND, RemoveFile::KIND],
    ),
];

const TASKS: &[&str] = &[
    ON_THE_WAY,
    ProcessFile::KIND,
    RemoveFile::KIND,
    ProcessSendgridEvents::KIND,
    SendEmail::KIND,
    "kind_of_tomorrow",
];

/// Every word in the sources of the use cases that has the form of an event's kind.
fn kinds_in_sources() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut kinds = BTreeSet::new();
    let mut folders = vec![root.join("tenancy/src"), root.join("operations/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(path).unwrap();
                kinds.extend(text.split('"').filter(|word| is_kind(word)).map(str::to_owned));
            }
        }
    }
    assert!(kinds.len() > 30 && kinds.contains("job.created"), "{kinds:?}");
    kinds
}

fn is_kind(word: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    word.split_once('.').is_some_and(|(noun, verb)| is_part(noun) && is_part(verb))
}

/// Whether the row may be written; it is taken back. Every refusal is one of rights.
async fn may(tx: &mut TenantTx, insert: &str) -> bool {
    tx.conn().execute("SAVEPOINT attempt").await.unwrap();
    let statement = AssertSqlSafe(format!("INSERT INTO {insert}"));
    let answer = sqlx::query(statement).persistent(false).execute(tx.conn()).await;
    tx.conn().execute("ROLLBACK TO attempt").await.unwrap();
    match answer {
        Ok(_) => true,
        Err(error) => {
            let code = error.as_database_error().and_then(|error| error.code());
            assert_eq!(code.as_deref(), Some("42501"), "{insert}: {error}");
            false
        }
    }
}

/// An event as that person; `actor` and `role` say who did it, `more` is a column and its value.
fn event(kind: &str, actor: Who, role: &str, more: (&str, &str)) -> String {
    let (tenant, user, job) = (ACME.tenant_id(), ACME.user(actor), ACME.id("job", 1));
    let (column, value) = more;
    format!(
        "events (tenant_id, event_id, at, actor_id, actor_role, kind, subject_kind, subject_id, visibility{column})
         VALUES ('{tenant}', gen_random_uuid(), now(), '{user}', '{role}', '{kind}', 'job', '{job}', 'office'{value})"
    )
}

fn task(kind: &str, actor: Who, more: (&str, &str)) -> String {
    let (tenant, user) = (ACME.tenant_id(), ACME.user(actor));
    let (column, value) = more;
    format!(
        "tasks (tenant_id, task_id, kind, payload, actor_id{column})
         VALUES ('{tenant}', gen_random_uuid(), '{kind}', '{{}}', '{user}'{value})"
    )
}

const NOTHING_MORE: (&str, &str) = ("", "");

#[tokio::test]
async fn a_narrowed_persona_writes_what_its_use_cases_cause_and_nothing_else() {
    let tenants = TestDatabase::shared().await.tenants();
    let kinds = kinds_in_sources();
    for (who, events, tasks) in MAY {
        let mut tx = tenants.begin(&ACME.actor(*who)).await.unwrap();
        let mut written = Vec::new();
        for kind in &kinds {
            if may(&mut tx, &event(kind, *who, who.role().as_str(), NOTHING_MORE)).await {
                written.push(kind.as_str());
            }
        }
        assert_eq!(written, *events, "{who:?}");
        let mut enqueued = Vec::new();
        for kind in TASKS {
            if may(&mut tx, &task(kind, *who, NOTHING_MORE)).await {
                enqueued.push(*kind);
            }
        }
        assert_eq!(enqueued, *tasks, "{who:?}");
    }
}

#[tokio::test]
async fn nobody_writes_in_anothers_name_or_role_or_chooses_the_place_in_the_stream() {
    let tenants = TestDatabase::shared().await.tenants();
    for (who, other) in [
        (Who::Admin, Who::Manager),
        (Who::Manager, Who::Admin),
        (Who::Technician1, Who::Technician2),
        (Who::Customer1, Who::Customer2),
    ] {
        let mut tx = tenants.begin(&ACME.actor(who)).await.unwrap();
        let own = who.role().as_str();
        assert!(may(&mut tx, &event("note.added", who, own, NOTHING_MORE)).await, "{who:?}");
        assert!(!may(&mut tx, &event("note.added", other, own, NOTHING_MORE)).await, "{who:?}: another's name");
        for role in ["admin", "manager", "technician", "customer", "worker", "operator", "identity"] {
            let may = may(&mut tx, &event("note.added", who, role, NOTHING_MORE)).await;
            assert_eq!(may, role == own, "{who:?} as {role}");
        }
        for more in [(", txid", ", 1"), (", txid", ", 9223372036854775807")] {
            assert!(!may(&mut tx, &event("note.added", who, own, more)).await, "{who:?} {more:?}");
        }
        let kind = ON_THE_WAY;
        assert!(!may(&mut tx, &task(kind, other, NOTHING_MORE)).await, "{who:?}: another's task");
        for more in [(", state", ", 'dead'"), (", attempts", ", 7"), (", lease_token", ", gen_random_uuid()")] {
            assert!(!may(&mut tx, &task(kind, who, more)).await, "{who:?} {more:?}");
        }
    }
}
