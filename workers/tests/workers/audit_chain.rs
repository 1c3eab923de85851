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
    world.events(acme, 2).await;
    let mut late = world.begin(acme).await;
    world.record(&mut late, "late").await;
    world.events(acme, 5).await;

    assert_eq!(chain(&world, acme, 2).await.first_bad, None);
    world.workers().audit().await.unwrap();
    assert_eq!(verdict(&world, acme).await.entries, 2, "the next one is still on its way");
    late.commit().await.unwrap();

    assert_eq!(chain(&world, acme, 8).await.first_bad, None);
}

#[tokio::test]
async fn every_way_to_tamper_is_found_at_its_place() {
    let world = World::new().await;
    let mut companies = Vec::new();
    for _ in TAMPERINGS {
        companies.push(world.company().await);
        world.events(companies[companies.len() - 1], 10).await;
    }
    for company in &companies {
        assert_eq!(chain(&world, *company, 10).await.first_bad, None);
    }
    for ((statements, place), company) in TAMPERINGS.iter().zip(&companies) {
        for statement in *statements {
            let statement =
                statement.replace("{events}", "(SELECT event_id FROM audit_entries WHERE tenant_id = '{t}' AND seq =");
            tamper(&world, &statement.replace("{t}", &company.to_string())).await;
        }

        assert_eq!(verdict(&world, *company).await.first_bad, Some(*place), "{statements:?}");
    }
}

/// What somebody with all rights may do, and where it shows. `{t}` is the company, `{events} 4)` the fourth event.
const TAMPERINGS: &[(&[&str], i64)] = &[
    (&["UPDATE events SET changes = '{}' WHERE event_id = {events} 4)"], 4),
    (&["UPDATE events SET at = at + interval '1 microsecond' WHERE event_id = {events} 7)"], 7),
    (&["UPDATE events SET actor_id = gen_random_uuid() WHERE event_id = {events} 1)"], 1),
    (&["DELETE FROM events WHERE event_id = {events} 5)"], 5),
    (&["DELETE FROM audit_entries WHERE tenant_id = '{t}' AND seq = 5"], 5),
    (&["DELETE FROM events WHERE event_id = {events} 3)", "DELETE FROM audit_entries WHERE tenant_id = '{t}' AND seq = 3"], 3),
    (
        &[
            "UPDATE audit_entries SET seq = seq + 100 WHERE tenant_id = '{t}' AND seq IN (3, 4)",
            "UPDATE audit_entries SET seq = CASE seq WHEN 103 THEN 4 ELSE 3 END WHERE tenant_id = '{t}' AND seq > 100",
        ],
        3,
    ),
    (&["DELETE FROM audit_entries WHERE tenant_id = '{t}' AND seq > 7"], 8),
    (&["DELETE FROM audit_entries WHERE tenant_id = '{t}'"], 1),
    (&["DELETE FROM audit_heads WHERE tenant_id = '{t}'"], 11),
    (&["UPDATE audit_entries SET hash = sha256('x') WHERE tenant_id = '{t}' AND seq = 10"], 10),
    // Slipped in between the sixth and the seventh.
    (
        &["INSERT INTO events (tenant_id, txid, event_id, at, actor_id, actor_role, kind, subject_kind, subject_id, visibility)
           SELECT tenant_id, txid, 'ffffffff-ffff-ffff-ffff-ffffffffffff', at, actor_id, actor_role, kind, subject_kind,
                  subject_id, visibility
             FROM events WHERE event_id = {events} 6)"],
        7,
    ),
];

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
