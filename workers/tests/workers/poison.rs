//! Tasks that misbehave are parked; the others run on.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use surv_tenancy::{TenantId, queue::Task};
use surv_workers::{Done, Handle, Limits, Registry, TaskContext, TaskError, Workers};

use crate::support::World;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Poison {
    Panic,
    NeverEnds,
    /// Without an await: cannot be stopped from outside.
    Spins,
    GivesUp,
    Harmless,
}

impl Task for Poison {
    const KIND: &'static str = "poison";
}

static STOP_SPINNING: AtomicBool = AtomicBool::new(false);

impl Handle<Poison> for Workers {
    const LIMITS: Limits = Limits { max_attempts: 3, time_limit: Duration::from_millis(200) };

    async fn handle(&self, task: Poison, ctx: &TaskContext) -> Result<Done, TaskError> {
        match task {
            Poison::Panic => panic!("poison"),
            Poison::NeverEnds => std::future::pending().await,
            Poison::Spins => {
                while !STOP_SPINNING.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                Err(TaskError::retry("spun"))
            }
            Poison::GivesUp => Err(TaskError::give_up("no use")),
            Poison::Harmless => ctx.finish(ctx.begin().await?).await,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct OfNextRelease;

impl Task for OfNextRelease {
    const KIND: &'static str = "of_next_release";
}

async fn dead(world: &World, tenant_id: TenantId) -> Vec<(String, i32)> {
    sqlx::query_as("SELECT last_error, attempts FROM tasks WHERE tenant_id = $1 AND state = 'dead' ORDER BY last_error")
        .bind(tenant_id.0)
        .fetch_all(&mut world.superuser().await)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn panics_and_endless_loops_are_parked_after_bounded_attempts_while_others_run() {
    let world = World::new().await;
    let acme = world.company().await;
    for task in [Poison::Panic, Poison::NeverEnds, Poison::Spins, Poison::GivesUp] {
        world.enqueue(acme, &task).await;
    }
    for _ in 0..20 {
        world.enqueue(acme, &Poison::Harmless).await;
    }
    let workers = world.workers_of(Registry::new().with::<Poison>(), |_| {});

    workers.run_until_idle().await.unwrap();
    assert_eq!(world.tasks().await, (2, 2), "the harmless are done; panic and endless wait for their next attempt");
    for _ in 0..4 {
        world.make_due().await;
        workers.run_until_idle().await.unwrap();
    }
    STOP_SPINNING.store(true, Ordering::Relaxed);

    let expected = [
        ("no use", 1),
        ("the attempt took too long", 3),
        ("the handler panicked", 3),
        ("the handler ran on after it was stopped", 1),
    ];
    assert_eq!(dead(&world, acme).await, expected.map(|(why, attempts)| (why.to_owned(), attempts)));
}

#[tokio::test]
async fn a_task_that_takes_its_process_along_is_parked_too() {
    let world = World::new().await;
    let acme = world.company().await;
    world.enqueue(acme, &Poison::Harmless).await;
    for _ in 0..3 {
        // Claimed, and never heard of again.
        assert_eq!(world.claim(Duration::ZERO).await.len(), 1);
    }

    world.workers_of(Registry::new().with::<Poison>(), |_| {}).run_until_idle().await.unwrap();

    assert_eq!(dead(&world, acme).await, [("every attempt ended without an answer".to_owned(), 4)]);
}

#[tokio::test]
async fn a_kind_of_a_newer_release_waits_without_losing_attempts() {
    let world = World::new().await;
    let acme = world.company().await;
    world.enqueue(acme, &OfNextRelease).await;

    for _ in 0..20 {
        world.workers_of(Registry::new().with::<Poison>(), |_| {}).run_until_idle().await.unwrap();
        world.make_due().await;
    }

    assert_eq!(world.tasks().await, (1, 0));
    assert_eq!(world.claim(Duration::from_secs(1)).await[0].attempts, 1);
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_a_dead_letter_that_quotes_nothing() {
    let world = World::new().await;
    let acme = world.company().await;
    world.enqueue(acme, &Poison::Harmless).await;
    sqlx::query("UPDATE tasks SET payload = '\"s3cret\"'").execute(&mut world.superuser().await).await.unwrap();

    world.workers_of(Registry::new().with::<Poison>(), |_| {}).run_until_idle().await.unwrap();

    assert_eq!(dead(&world, acme).await, [("the payload cannot be read".to_owned(), 1)]);
}
