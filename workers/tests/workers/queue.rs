//! The queue as a whole: fairness between companies, every handler twice.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use surv_operations::{
    assignments::NotifyOnTheWay,
    files::{ProcessFile, RemoveFile},
};
use surv_tenancy::{TenantId, mail::EmailTemplate, queue::Task};
use surv_workers::{Done, Handle, Registry, TaskContext, TaskError, Workers};
use tokio_util::sync::CancellationToken;

use crate::{
    files,
    support::{World, event, eventually, storage},
};

#[derive(Debug, Serialize, Deserialize)]
struct Note;

impl Task for Note {
    const KIND: &'static str = "note";
}

static ORDER: Mutex<Vec<TenantId>> = Mutex::new(Vec::new());

impl Handle<Note> for Workers {
    async fn handle(&self, _: Note, ctx: &TaskContext) -> Result<Done, TaskError> {
        ORDER.lock().unwrap().push(ctx.tenant_id());
        tokio::time::sleep(Duration::from_millis(150)).await;
        ctx.finish(ctx.begin().await?).await
    }
}

#[tokio::test]
async fn companies_with_one_task_do_not_wait_for_one_with_thousands() {
    let world = World::new().await;
    let big = world.company().await;
    sqlx::query(
        "INSERT INTO tasks (tenant_id, task_id, kind, payload, actor_id, run_at)
         SELECT $1, gen_random_uuid(), 'note', 'null', '00000000-0000-0000-0000-000000000000', now() - interval '1 hour'
           FROM generate_series(1, 2000)",
    )
    .bind(big.0)
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    let mut small = Vec::new();
    for _ in 0..5 {
        small.push(world.company().await);
        world.enqueue(small[small.len() - 1], &Note).await;
    }
    let workers = world.workers_of(Registry::new().with::<Note>(), |config| {
        (config.concurrency, config.per_tenant) = (8, 2);
    });
    let shutdown = CancellationToken::new();
    let (token, running) = (shutdown.clone(), workers.clone());
    let run = tokio::spawn(async move { running.run(token).await });
    let ours: Vec<TenantId> = small.iter().copied().chain([big]).collect();
    let place =
        |tenant: &TenantId| ORDER.lock().unwrap().iter().filter(|one| ours.contains(one)).position(|one| one == tenant);

    eventually("the small companies' tasks", async || small.iter().all(|tenant| place(tenant).is_some())).await;
    shutdown.cancel();
    run.await.unwrap();

    // Two of the big company fit beside the five into the first eight.
    let last = small.iter().filter_map(place).max().unwrap();
    assert!(last <= 7, "{last} came first");
}

#[tokio::test]
async fn every_handler_twice_and_at_once_ends_as_once() {
    let world = Arc::new(World::new().await);
    let acme = world.company().await;
    let kinds = ["notify_on_the_way", "process_file", "process_sendgrid_events", "remove_file", "send_email"];
    assert_eq!(world.workers().kinds(), kinds, "each kind needs a case here");
    let gone = NotifyOnTheWay { visit_id: uuid::Uuid::nil().into(), technician_id: uuid::Uuid::nil().into() };
    world.enqueue(acme, &gone).await;
    let id = world.mail(acme, EmailTemplate::Invitation, "pat@example.com").await;
    world.receive(acme, &[event("e1", "delivered", acme, id, "sg")]).await;
    let kept = files::uploaded(&world, acme, "uploaded", &files::picture()).await;
    let removed = files::uploaded(&world, acme, "uploaded", &files::picture()).await;
    world.enqueue(acme, &ProcessFile { file_id: kept }).await;
    world.enqueue(acme, &RemoveFile { file_id: removed }).await;
    let mut own = world.superuser().await;
    let copy = "INSERT INTO tasks (tenant_id, task_id, kind, payload, actor_id) SELECT tenant_id, gen_random_uuid(), kind, payload, actor_id FROM tasks";
    sqlx::query(copy).execute(&mut own).await.unwrap();

    let (one, two) = (world.workers(), world.workers());
    let (first, second) = tokio::join!(one.run_until_idle(), two.run_until_idle());
    first.unwrap();
    second.unwrap();
    for _ in 0..3 {
        world.make_due().await;
        world.workers().run_until_idle().await.unwrap();
    }

    assert_eq!(world.message(id).await.0, "delivered");
    assert_eq!(files::events(&world, kept).await, ["file.ready"]);
    assert_eq!(files::objects(&storage(), acme).await, files::images(acme, kept));
    assert!(world.simulators.sendgrid().sent().len() <= 1);
    assert_eq!(world.tasks().await.1, 0);
}

#[tokio::test]
async fn a_nudge_is_faster_than_the_poll() {
    let world = World::new().await;
    let acme = world.company().await;
    let workers = world.workers_of(Registry::new().with::<Note>(), |config| config.poll_ms = 60_000);
    let shutdown = CancellationToken::new();
    let (token, running) = (shutdown.clone(), workers.clone());
    let run = tokio::spawn(async move { running.run(token).await });
    tokio::time::sleep(Duration::from_millis(300)).await;

    world.enqueue(acme, &Note).await;
    workers.nudge();
    eventually("the task's end", async || world.tasks().await == (0, 0)).await;
    shutdown.cancel();
    run.await.unwrap();
}
