//! The audit chain: complete, in order, and no change of it passes.

use sqlx::{AssertSqlSafe, Executor as _};
use surv_tenancy::TenantId;
use surv_workers::audit_chain::{Anchor, Verdict, verify, verify_against};

use crate::support::{World, eventually};

async fn verdict(world: &World, tenant_id: TenantId) -> Verdict {
    verify(&mut world.begin(tenant_id).await).await.unwrap()
}

/// Chains until so many entries are there: other tests' transactions hold the horizon back.
async fn chain(world: &World, tenant_id: TenantId, entries: i64) -> Verdict {
    let workers = world.workers();
    eventually("the chain", async || {
        workers.audit().await.unwrap();
        verdict(world, tenant_id).await.entries == entries
    })
    .await;
    verdict(world, tenant_id).await
}

async fn tamper(world: &World, statement: &str) {
    let mut own = world.superuser().await;
    own.execute("SET session_replication_role = replica").await.unwrap();
    let done = own.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement}");
}

#[tokio::test]
async fn each_event_is_chained_once_in_order() {
    let world = World::new().await;
    let (acme, other) = (world.company().await, world.company().await);
    world.events(acme, 30).await;
    world.events(other, 3).await;

    let found = chain(&world, acme, 30).await;
    assert_eq!(found.first_bad, None);
    assert_eq!(chain(&world, other, 3).await.first_bad, None);
    assert_eq!(world.workers().audit().await.unwrap(), 0);

    world.events(acme, 600).await;
    assert_eq!(chain(&world, acme, 630).await.first_bad, None);
    let mut tx = world.begin(acme).await;
    assert_eq!(verify_against(&mut tx, Some(found.end)).await.unwrap().first_bad, None);
}

#[tokio::test]
async fn two_workers_at_once_make_one_chain() {
    let world = World::new().await;
    let acme = world.company().await;
    world.events(acme, 50).await;
    let (one, two) = (world.workers(), world.workers());

    let (first, second) = tokio::join!(one.audit(), two.audit());
    first.unwrap();
    second.unwrap();

    assert_eq!(chain(&world, acme, 50).await.first_bad, None);
}

#[tokio::test]
async fn an_event_that_commits_late_is_not_skipped() {
    let world = World::new().await;
    let acme = world.company().await;
    let mut late = world.begin(acme).await;
    world.record(&mut late, "late").await;
    world.events(acme, 5).await;
    let workers = world.workers();

    workers.audit().await.unwrap();
    assert_eq!(verdict(&world, acme).await.entries, 0, "the first one is still on its way");
    late.commit().await.unwrap();

    assert_eq!(chain(&world, acme, 6).await.first_bad, None);
}

#[tokio::test]
async fn every_way_to_tamper_is_found_at_its_place() {
    let at = |seq: i64| format!("(SELECT event_id FROM audit_entries WHERE seq = {seq})");
    let cases = [
        ("edit", format!("UPDATE events SET changes = '{{}}' WHERE event_id = {}", at(4)), 4),
        ("edit the time", format!("UPDATE events SET at = at + interval '1 microsecond' WHERE event_id = {}", at(7)), 7),
        ("edit the author", format!("UPDATE events SET actor_id = gen_random_uuid() WHERE event_id = {}", at(1)), 1),
        ("delete the event", format!("DELETE FROM events WHERE event_id = {}", at(5)), 5),
        ("delete the entry", "DELETE FROM audit_entries WHERE seq = 5".to_owned(), 5),
        ("delete both", "WITH gone AS (DELETE FROM audit_entries WHERE seq = 3 RETURNING event_id)
            DELETE FROM events WHERE event_id IN (SELECT event_id FROM gone)".to_owned(), 3),
        ("reorder", "UPDATE audit_entries SET seq = CASE seq WHEN 103 THEN 4 ELSE 3 END WHERE seq IN (103, 104)".to_owned(), 3),
        ("truncate", "DELETE FROM audit_entries WHERE seq > 7".to_owned(), 8),
        ("truncate all", "DELETE FROM audit_entries".to_owned(), 1),
        ("take the head away", "DELETE FROM audit_heads".to_owned(), 11),
        ("forge the hash", "UPDATE audit_entries SET hash = sha256('x') WHERE seq = 10".to_owned(), 10),
        ("slip in", format!("INSERT INTO events SELECT tenant_id, txid, 'ffffffff-ffff-ffff-ffff-ffffffffffff', at, actor_id, actor_role,
            session_id, request_id, kind, subject_kind, subject_id, job_id, visit_id, customer_id, technician_id, visibility, changes
            FROM events WHERE event_id = {}", at(6)), 7),
    ];
    for (name, statement, place) in cases {
        let world = World::new().await;
        let acme = world.company().await;
        world.events(acme, 10).await;
        assert_eq!(chain(&world, acme, 10).await.first_bad, None);
        if name == "reorder" {
            tamper(&world, "UPDATE audit_entries SET seq = seq + 100 WHERE seq IN (3, 4)").await;
        }

        tamper(&world, &statement).await;

        assert_eq!(verdict(&world, acme).await.first_bad, Some(place), "{name}");
    }
}

#[tokio::test]
async fn a_chain_that_was_cut_back_with_its_head_and_events_shows_against_an_anchor() {
    let world = World::new().await;
    let acme = world.company().await;
    world.events(acme, 10).await;
    let anchor: Anchor = chain(&world, acme, 10).await.end;

    tamper(&world, "DELETE FROM events WHERE event_id IN (SELECT event_id FROM audit_entries WHERE seq > 7)").await;
    tamper(&world, "DELETE FROM audit_entries WHERE seq > 7").await;
    tamper(&world, "UPDATE audit_heads h SET seq = 7, txid = e.txid, event_id = e.event_id, hash = e.hash FROM audit_entries e WHERE e.seq = 7").await;

    assert_eq!(verdict(&world, acme).await.first_bad, None, "from inside nothing is missing");
    let mut tx = world.begin(acme).await;
    assert_eq!(verify_against(&mut tx, Some(anchor)).await.unwrap().first_bad, Some(8));
}

#[tokio::test]
async fn the_applications_roles_cannot_change_the_chain() {
    let world = World::new().await;
    let acme = world.company().await;
    world.events(acme, 3).await;
    chain(&world, acme, 3).await;

    for statement in [
        "UPDATE audit_entries SET seq = 9",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_heads",
        "UPDATE events SET kind = 'x.y'",
        "DELETE FROM events",
    ] {
        let mut tx = world.begin(acme).await;
        let refused = sqlx::query(AssertSqlSafe(statement)).execute(tx.conn()).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"), "{statement}");
    }
}
