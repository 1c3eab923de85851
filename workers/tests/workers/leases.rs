//! Leases: who may finish a task, and what happens to those whose worker is gone.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use surv_tenancy::queue::{self, LeaseError, Task};
use surv_workers::{Done, Handle, Registry, TaskContext, TaskError, Workers};
use tokio_util::sync::CancellationToken;

use crate::support::{World, eventually};

/// Writes an event; takes its time.
#[derive(Debug, Serialize, Deserialize)]
struct Slow {
    millis: u64,
    name: String,
}

impl Task for Slow {
    const KIND: &'static str = "slow";
}

static STARTED: AtomicUsize = AtomicUsize::new(0);

impl Handle<Slow> for Workers {
    async fn handle(&self, task: Slow, ctx: &TaskContext) -> Result<Done, TaskError> {
        STARTED.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(task.millis)).await;
        let mut tx = ctx.begin().await?;
        let event = surv_tenancy::events::Event::new("thing.made", "thing", ctx.task_id().0);
        surv_tenancy::events::record(&mut tx, &surv_tenancy::Ids::system(), chrono::DateTime::UNIX_EPOCH, event)
            .await?;
        ctx.finish(tx).await
    }
}

fn slow(millis: u64) -> Slow {
    Slow { millis, name: String::new() }
}

async fn made(world: &World) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events WHERE kind = 'thing.made'")
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn whoever_lost_the_lease_cannot_commit() {
    let world = World::new().await;
    let acme = world.company().await;
    world.enqueue(acme, &slow(0)).await;
    let first = world.claim(Duration::from_millis(1)).await.remove(0);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = world.claim(Duration::from_secs(60)).await.remove(0);
    assert_eq!((second.task_id, second.attempts), (first.task_id, 2));

    let mut loser = world.begin(acme).await;
    world.record(&mut loser, "loser").await;
    assert!(matches!(queue::complete(&mut loser, &first).await, Err(LeaseError::Lost)));
    for refused in [
        queue::renew(&mut loser, &first, Duration::from_secs(9)).await,
        queue::postpone(&mut loser, &first, Duration::ZERO, "").await,
        queue::release(&mut loser, &first, Duration::ZERO).await,
        queue::fail(&mut loser, &first, "").await,
    ] {
        assert!(matches!(refused, Err(LeaseError::Lost)));
    }
    drop(loser);
    let mut winner = world.begin(acme).await;
    world.record(&mut winner, "winner").await;
    queue::complete(&mut winner, &second).await.unwrap();
    winner.commit().await.unwrap();

    assert_eq!((made(&world).await, world.tasks().await), (1, (0, 0)));
}

#[tokio::test]
async fn a_handler_that_is_slower_than_its_lease_leaves_nothing_behind() {
    let world = World::new().await;
    let acme = world.company().await;
    world.enqueue(acme, &slow(600)).await;
    let workers = world.workers_of(Registry::new().with::<Slow>(), |_| {});
    let slow_one = tokio::spawn(async move { workers.run_until_idle().await });
    tokio::time::sleep(Duration::from_millis(200)).await;

    // Its lease ends (stopped for long, as by SIGSTOP) and somebody else takes the task.
    world.make_due().await;
    let claims = world.claim(Duration::from_secs(60)).await;
    slow_one.await.unwrap().unwrap();

    assert_eq!((claims.len(), made(&world).await, world.tasks().await), (1, 0, (1, 0)));
}

#[tokio::test]
async fn a_long_task_keeps_its_lease() {
    let world = World::new().await;
    let acme = world.company().await;
    world.enqueue(acme, &slow(2_500)).await;
    let registry = || Registry::new().with::<Slow>();
    let workers = world.workers_of(registry(), |config| config.lease_ms = 1_000);
    let long = tokio::spawn(async move { workers.run_until_idle().await });
    tokio::time::sleep(Duration::from_millis(100)).await;

    for _ in 0..20 {
        assert!(world.claim(Duration::from_secs(1)).await.is_empty(), "nobody else may take it");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    long.await.unwrap().unwrap();

    assert_eq!((made(&world).await, world.tasks().await), (1, (0, 0)));
}

#[tokio::test]
async fn a_killed_workers_task_is_done_by_another() {
    let world = World::new().await;
    let acme = world.company().await;
    world.enqueue(acme, &slow(5_000)).await;
    let workers = world.workers_of(Registry::new().with::<Slow>(), |config| config.lease_ms = 1_000);
    let killed = tokio::spawn(async move { workers.run(CancellationToken::new()).await });
    eventually("the claim", async || {
        STARTED.load(Ordering::SeqCst) > 0 && world.claim(Duration::ZERO).await.is_empty()
    })
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    killed.abort();
    let _ = killed.await;
    sqlx::query("UPDATE tasks SET payload = '{\"millis\": 0, \"name\": \"\"}'")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();

    let second = world.workers_of(Registry::new().with::<Slow>(), |_| {});
    eventually("the second worker's turn", async || {
        second.run_until_idle().await.unwrap();
        world.tasks().await == (0, 0)
    })
    .await;

    assert_eq!(made(&world).await, 1);
}

#[tokio::test]
async fn a_shutdown_waits_and_then_gives_back() {
    let world = World::new().await;
    let acme = world.company().await;
    world.enqueue(acme, &slow(400)).await;
    world.enqueue(acme, &slow(60_000)).await;
    let workers = world.workers_of(Registry::new().with::<Slow>(), |config| config.shutdown_ms = 1_500);
    let shutdown = CancellationToken::new();
    let (token, running) = (shutdown.clone(), workers.clone());
    let run = tokio::spawn(async move { running.run(token).await });
    tokio::time::sleep(Duration::from_millis(250)).await;

    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), run).await.unwrap().unwrap();

    assert_eq!((made(&world).await, world.tasks().await), (1, (1, 0)));
    let claims = world.claim(Duration::from_secs(60)).await;
    assert_eq!(
        (claims.len(), claims[0].attempts),
        (1, 1),
        "it is due at once, and the interrupted attempt does not count"
    );
}
