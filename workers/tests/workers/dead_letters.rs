//! What becomes of tasks that failed for good, once a person has decided.

use surv_tenancy::{
    TaskId, TenantId,
    inbox::{ProcessSendgridEvents, Provider},
    mail::EmailTemplate,
    tasks,
};
use surv_workers::{Registry, Workers};
use tokio_util::sync::CancellationToken;

use crate::support::{World, eventually};

/// The one task, by its id.
async fn the_task(world: &World) -> (TaskId, String, i32) {
    let row: (uuid::Uuid, String, i32) = sqlx::query_as("SELECT task_id, state, attempts FROM tasks")
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    (TaskId(row.0), row.1, row.2)
}

/// A mail that was being sent when everything stopped, so long ago that a person has to decide.
async fn unanswered(world: &World, tenant_id: TenantId) -> surv_tenancy::MessageId {
    let id = world.mail(tenant_id, EmailTemplate::Invitation, "pat@example.com").await;
    sqlx::query(
        "UPDATE messages SET state = 'unknown', attempts = 2, unknown_attempts = 2, attempted_at = now() - interval '7 hours'",
    )
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    world.workers().run_until_idle().await.unwrap();
    id
}

#[tokio::test]
async fn a_mail_that_did_not_arrive_is_sent_once_more_by_the_same_task() {
    let world = World::new().await;
    let acme = world.company().await;
    let message = unanswered(&world, acme).await;
    let (dead, state, _) = the_task(&world).await;
    assert_eq!((state.as_str(), world.simulators.sendgrid().sent().len()), ("dead", 0));

    let mut tx = world.begin(acme).await;
    let retried = tasks::retry(&mut tx, &world.ids, world.now(), dead).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((retried.task_id, the_task(&world).await), (dead, (dead, "queued".to_owned(), 0)));
    world.workers().run_until_idle().await.unwrap();

    assert_eq!(world.simulators.sendgrid().sent().len(), 1);
    assert_eq!((world.message(message).await.0, world.tasks().await), ("sent".to_owned(), (0, 0)));
}

#[tokio::test]
async fn a_task_that_was_given_up_is_done_by_nobody() {
    let world = World::new().await;
    let acme = world.company().await;
    let message = unanswered(&world, acme).await;
    let (dead, ..) = the_task(&world).await;

    let mut tx = world.begin(acme).await;
    tasks::dismiss(&mut tx, &world.ids, world.now(), dead, "It arrived").await.unwrap();
    tx.commit().await.unwrap();
    world.make_due().await;
    world.workers().run_until_idle().await.unwrap();

    assert_eq!((world.tasks().await, world.simulators.sendgrid().sent().len()), ((0, 0), 0));
    assert_eq!(world.message(message).await.0, "unknown");
}

#[tokio::test]
async fn a_task_that_waits_or_is_of_another_company_cannot_be_handled() {
    let world = World::new().await;
    let (acme, rival) = (world.company().await, world.company().await);
    unanswered(&world, acme).await;
    let (dead, ..) = the_task(&world).await;
    let waits = world.enqueue(rival, &ProcessSendgridEvents { provider: Provider::Sendgrid, event_refs: vec![] }).await;

    let mut tx = world.begin(rival).await;
    let foreign = tasks::retry(&mut tx, &world.ids, world.now(), dead).await;
    let queued = tasks::dismiss(&mut tx, &world.ids, world.now(), waits, "No").await;

    assert!(matches!(foreign, Err(tasks::TaskError::NotFound)), "{foreign:?}");
    assert!(matches!(queued, Err(tasks::TaskError::NotDead)), "{queued:?}");
}

#[tokio::test]
async fn every_kind_of_task_is_said_in_words() {
    let world = World::new().await;

    for kind in world.workers().kinds() {
        assert!(tasks::of_kind(kind).is_some(), "{kind} has no words in tenancy/src/tasks/words.rs");
    }
}

#[tokio::test]
async fn whoever_watches_the_metrics_sees_that_a_task_is_dead() {
    let world = World::new().await;
    let acme = world.company().await;
    unanswered(&world, acme).await;
    let deps = world.deps(|_| {});
    let metrics = deps.metrics.clone();
    let workers = Workers::with_kinds(deps, Registry::new()).unwrap();
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    let running = tokio::spawn(async move { workers.run(token).await });

    eventually("the gauge", async || {
        let text = prometheus::TextEncoder::new().encode_to_string(&metrics.gather()).unwrap();
        text.lines().any(|line| line == "surv_tasks_dead 1")
    })
    .await;
    shutdown.cancel();
    running.await.unwrap();
}
