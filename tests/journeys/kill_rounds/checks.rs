//! What must hold once all is quiet: the database against what was acknowledged, and against itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, Row as _};
use surv_tenancy::Actor;
use surv_workers::audit_chain;
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use crate::stack::{Person, Stack, text};

/// What the demo did before the clients is of transactions up to this one.
pub async fn last_transaction(db: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT max(txid) FROM events").fetch_one(db).await.expect("the database answers")
}

/// Everything that was acknowledged is there once, and nothing else is.
pub async fn database_is_as_acknowledged(db: &mut PgConnection, ledger: &Ledger, since: i64) {
    let deeds = ledger.deeds();
    let kinds: BTreeSet<&str> = deeds.iter().map(|deed| deed.event).collect();
    let mut acknowledged: BTreeMap<(Uuid, String, Uuid), i64> = BTreeMap::new();
    for Deed { tenant_id, event, subject_id, .. } in &deeds {
        *acknowledged.entry((*tenant_id, (*event).to_owned(), *subject_id)).or_default() += 1;
    }

    let kinds: Vec<&str> = kinds.into_iter().collect();
    let events: Vec<(Uuid, String, Uuid, i64)> = sqlx::query_as(
        "SELECT tenant_id, kind, subject_id, count(*) FROM events
          WHERE kind = ANY ($1) AND txid > $2 GROUP BY 1, 2, 3",
    )
    .bind(&kinds)
    .bind(since)
    .fetch_all(&mut *db)
    .await
    .expect("the database answers");
    let events: BTreeMap<_, _> =
        events.into_iter().map(|(tenant, kind, id, count)| ((tenant, kind, id), count)).collect();
    let of = |map: &BTreeMap<(Uuid, String, Uuid), i64>, key: &(Uuid, String, Uuid)| map.get(key).copied().unwrap_or(0);
    for key in acknowledged.keys().chain(events.keys()) {
        assert_eq!(of(&events, key), of(&acknowledged, key), "events of {key:?}: what is there, what was acknowledged");
    }

    for (event, column, table) in MARKED {
        let statement = format!("SELECT tenant_id, {column} FROM {table} WHERE {column} LIKE 'k%-%'");
        let rows: Vec<(Uuid, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_all(&mut *db).await.expect("the database answers");
        let marks = deeds.iter().filter(|deed| deed.event == *event).map(|deed| (deed.tenant_id, deed.mark.clone()));
        assert_eq!(sorted(rows), sorted(marks), "rows of {table}: what is there, what was acknowledged");
    }
}

/// Which rows carry the marks of which deeds.
const MARKED: &[(&str, &str, &str)] = &[
    ("customer.created", "name", "customers"),
    ("job.created", "title", "jobs"),
    ("note.added", "body", "notes"),
    ("invitation.sent", "email", "invitations"),
];

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

/// Each key that a client used is there once with its answer, and no other.
pub async fn keys_are_kept_with_their_answers(db: &mut PgConnection, ledger: &Ledger) {
    let rows: Vec<(Vec<u8>, Option<i32>)> = sqlx::query_as("SELECT key_hash, status FROM idempotency_keys")
        .fetch_all(db)
        .await
        .expect("the database answers");

    assert!(rows.iter().all(|(_, status)| status.is_some()), "a key was committed without its answer");
    let there = sorted(rows.into_iter().map(|(hash, _)| hash));
    let used = sorted(ledger.keys().iter().map(|key| Sha256::digest(key).to_vec()));
    assert!(there == used, "{} keys are there, {} were used", there.len(), used.len());
}

/// Rules that hold in any state of any company. Each answers with what breaks it.
const RULES: &[(&str, &str)] = &[
    (
        "job numbers are counted without gaps",
        "SELECT c.tenant_id::text FROM counters c
           JOIN (SELECT tenant_id, count(*) n, count(DISTINCT number) d, max(number) m FROM jobs GROUP BY 1) j
             USING (tenant_id)
          WHERE c.series = 'job' AND (j.n <> j.d OR j.n <> j.m OR j.m <> c.last_value)",
    ),
    (
        "jobs count their open visits",
        "SELECT j.title FROM jobs j WHERE j.open_visits <>
            (SELECT count(*) FROM visits v WHERE v.tenant_id = j.tenant_id AND v.job_id = j.job_id
                AND v.state NOT IN ('completed', 'cancelled'))",
    ),
    (
        "visits count their open assignments",
        "SELECT v.visit_id::text FROM visits v WHERE v.open_assignments <>
            (SELECT count(*) FROM assignments a WHERE a.tenant_id = v.tenant_id AND a.visit_id = v.visit_id
                AND a.state NOT IN ('completed', 'released'))",
    ),
    (
        "a visit is where its technician is",
        "SELECT v.visit_id::text || ' ' || v.state || ' ' || a.state FROM visits v JOIN assignments a USING (tenant_id, visit_id)
          WHERE a.state <> 'released' AND (v.state, a.state) NOT IN (('scheduled', 'assigned'), ('on_the_way', 'on_the_way'),
                ('in_progress', 'arrived'), ('completed', 'completed'))",
    ),
    (
        "a job is completed with its last visit, and not before",
        "SELECT j.title || ' ' || j.state FROM jobs j WHERE (j.state = 'completed') <>
            (NOT EXISTS (SELECT FROM visits v WHERE v.tenant_id = j.tenant_id AND v.job_id = j.job_id AND v.state <> 'completed'))",
    ),
    (
        "the last event of an assignment is its state",
        "SELECT a.visit_id::text || ' ' || a.state || ' ' || e.kind FROM assignments a
           JOIN LATERAL (SELECT kind FROM events e WHERE e.tenant_id = a.tenant_id AND e.visit_id = a.visit_id
                            AND e.technician_id = a.technician_id AND e.kind LIKE 'assignment.%'
                          ORDER BY txid DESC, event_id DESC LIMIT 1) e ON true
          WHERE e.kind <> 'assignment.' || a.state",
    ),
    (
        "every event is in the audit log once",
        "SELECT e.kind FROM events e LEFT JOIN audit_entries a USING (tenant_id, txid, event_id)
          GROUP BY e.tenant_id, e.txid, e.event_id, e.kind HAVING count(a.seq) <> 1",
    ),
    ("no task is dead", "SELECT kind || ': ' || coalesce(last_error, '') FROM tasks WHERE state = 'dead'"),
    ("every stored event of SendGrid is applied", "SELECT event_ref FROM webhook_inbox WHERE done_at IS NULL"),
];

/// # Panics
/// With the rule that is broken, and by what.
pub async fn rules_hold(db: &mut PgConnection) {
    for (rule, statement) in RULES {
        let rows = sqlx::query(*statement).fetch_all(&mut *db).await.expect("the database answers");
        let broken: Vec<Option<String>> = rows.iter().map(|row| row.get(0)).collect();
        assert!(broken.is_empty(), "{rule}: {broken:?}");
    }
}

/// Every entry of both companies' audit logs, computed again.
pub async fn audit_logs_verify(stack: &Stack, companies: &[Uuid]) {
    let tenants = stack.tenants();
    for tenant_id in companies {
        let mut tx = tenants.read(&Actor::worker((*tenant_id).into(), None)).await.expect("the database answers");
        let verdict = audit_chain::verify(&mut tx).await.expect("the database answers");
        assert_eq!(verdict.first_bad, None, "{verdict:?}");
        assert!(verdict.entries > 0);
    }
}

/// What the API lists is what was acknowledged: whole pages, nothing twice.
pub async fn the_api_lists_it(office: &Person, ledger: &Ledger) {
    for (path, event, field) in [("/v1/customers", "customer.created", "name"), ("/v1/jobs", "job.created", "title")] {
        let mut listed = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = office.look(&format!("{path}?limit=200{cursor}")).await;
            listed.extend(page["items"].as_array().expect("a page").iter().map(|item| text(&item[field])));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let deeds = ledger.deeds();
        let mine = deeds.iter().filter(|deed| deed.event == event && deed.tenant_id == office.tenant_id);
        let marks = sorted(mine.map(|deed| deed.mark.clone()));
        // The demo's own are there as well.
        assert_eq!(sorted(listed.into_iter().filter(|name| name.starts_with('k'))), marks, "{path}");
    }
}

/// The feed has told each event once, in the order of the table.
pub async fn feed_was_whole(db: &mut PgConnection, tenant_id: Uuid, seen: &[String]) {
    let all: Vec<(i64, Uuid)> =
        sqlx::query_as("SELECT txid, event_id FROM events WHERE tenant_id = $1 ORDER BY txid, event_id")
            .bind(tenant_id)
            .fetch_all(db)
            .await
            .expect("the database answers");
    let all: Vec<String> = all.into_iter().map(|(txid, event_id)| format!("{txid}-{event_id}")).collect();
    let place: HashMap<&String, usize> = all.iter().enumerate().map(|(place, position)| (position, place)).collect();
    let seen: Vec<_> = seen.iter().map(|position| place.get(position).copied()).collect();
    let whole: Vec<_> = (0..all.len()).map(Some).collect();
    assert_eq!(seen, whole, "places in the table of what the feed has told");
}

/// Metrics grow with operations and statuses, never with customers, ids or requests.
pub async fn metrics_stay_small(stack: &Stack) {
    for role in [&stack.server, &stack.worker] {
        let (status, text) = role.page("/metrics").await.expect("metrics");
        let series: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(status, 200);
        assert!((5..1_500).contains(&series.len()), "{} series", series.len());
        for line in series {
            let value = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
            assert!(value.is_some_and(|value| value >= 0.0), "{line}");
            let has_id = line.split(['"', '/', '=']).any(|part| part.parse::<Uuid>().is_ok());
            assert!(!has_id, "{line}");
        }
    }
}
