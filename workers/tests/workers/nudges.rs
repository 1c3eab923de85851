//! How soon a committed task starts: at once with Redis, at the next poll without.

#![allow(clippy::print_stdout, reason = "the times are worth reading")]

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use deadpool_redis::redis::Client;
use serde::{Deserialize, Serialize};
use surv_tenancy::{TaskId, TenantId, db::TenantDb, queue, queue::Task};
use surv_workers::{Done, Handle, Registry, TaskContext, TaskError, Workers, nudge};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::support::{World, eventually};

#[derive(Debug, Serialize, Deserialize)]
struct Stamp {
    /// Causes another one, as a task may.
    chain: bool,
}

impl Task for Stamp {
    const KIND: &'static str = "stamp";
}

static STARTED: Mutex<Vec<(TaskId, Instant)>> = Mutex::new(Vec::new());

impl Handle<Stamp> for Workers {
    async fn handle(&self, task: Stamp, ctx: &TaskContext) -> Result<Done, TaskError> {
        STARTED.lock().unwrap().push((ctx.task_id(), Instant::now()));
        let mut tx = ctx.begin().await?;
        if task.chain {
            let ids = surv_tenancy::Ids::system();
            queue::enqueue(&mut tx, &ids, chrono::DateTime::UNIX_EPOCH, &Stamp { chain: false }).await?;
        }
        ctx.finish(tx).await
    }
}

fn started(id: TaskId) -> Option<Instant> {
    STARTED.lock().unwrap().iter().find(|(other, _)| *other == id).map(|(_, at)| *at)
}

/// The one of the environment.
#[allow(clippy::disallowed_methods, reason = "tests are told by the environment where Redis is")]
fn redis() -> Client {
    let url = std::env::var("SURV_TEST_REDIS_URL").expect("set SURV_TEST_REDIS_URL, or run ./dev test");
    Client::open(url).unwrap()
}

/// A worker as another process would be: it shares no nudge with whoever enqueues.
fn run(world: &World, redis: Option<Client>, poll_ms: u64) -> (JoinHandle<()>, CancellationToken) {
    let mut deps = world.deps(|config| config.poll_ms = poll_ms);
    (deps.redis, deps.tenant_db) = (redis, world.another_door());
    let workers = Workers::with_kinds(deps, Registry::new().with::<Stamp>()).unwrap();
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    (tokio::spawn(async move { workers.run(token).await }), shutdown)
}

/// Enqueues through `door` and waits for the start; how long that took since the commit.
async fn time_to_start(world: &World, door: &TenantDb, tenant_id: TenantId, chain: bool) -> Duration {
    let mut tx = door.begin(&surv_tenancy::Actor::worker(tenant_id, None)).await.unwrap();
    let id = queue::enqueue(&mut tx, &world.ids, world.now(), &Stamp { chain }).await.unwrap();
    tx.commit().await.unwrap();
    let committed = Instant::now();
    eventually("the start", async || started(id).is_some()).await;
    started(id).unwrap().saturating_duration_since(committed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_starts_at_once_and_not_at_the_next_poll() {
    let world = World::new().await;
    let acme = world.company().await;
    let (running, shutdown) = run(&world, Some(redis()), 60_000);
    let door = world.another_door();
    let publisher = tokio::spawn(nudge::publish(door.nudge().clone(), redis()));
    // What was there before the worker heard anything is found by its first looks.
    time_to_start(&world, &door, acme, false).await;

    let mut times = Vec::new();
    for _ in 0..20 {
        times.push(time_to_start(&world, &door, acme, false).await);
    }
    times.sort_unstable();
    println!("from commit to start: median {:?}, slowest {:?}", times[10], times[19]);
    assert!(times[19] < Duration::from_secs(10), "the poll is every minute: {times:?}");

    time_to_start(&world, &door, acme, true).await;
    eventually("the task that a task caused", async || world.tasks().await == (0, 0)).await;
    publisher.abort();
    shutdown.cancel();
    running.await.unwrap();
}

/// Redis that refuses, and Redis that takes connections and never says a word.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_task_starts_by_the_poll_and_no_commit_waits() {
    let world = World::new().await;
    let acme = world.company().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("redis://{}/", silent.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = silent.accept().await {
            held.push(connection);
        }
    });
    for url in ["redis://127.0.0.1:1/", &silent_url] {
        let client = Client::open(url).unwrap();
        let (running, shutdown) = run(&world, Some(client.clone()), 200);
        let door = world.another_door();
        let publisher = tokio::spawn(nudge::publish(door.nudge().clone(), client));

        let began = Instant::now();
        let mut tx = door.begin(&surv_tenancy::Actor::worker(acme, None)).await.unwrap();
        queue::enqueue(&mut tx, &world.ids, world.now(), &Stamp { chain: false }).await.unwrap();
        tx.commit().await.unwrap();
        let taken = began.elapsed();
        let started = time_to_start(&world, &door, acme, true).await;

        println!("{url}: committed in {taken:?}, started after {started:?}");
        assert!(taken < Duration::from_millis(400), "a commit waited for Redis: {taken:?}");
        eventually("all tasks", async || world.tasks().await == (0, 0)).await;
        publisher.abort();
        shutdown.cancel();
        running.await.unwrap();
    }
    held.abort();
}

#[tokio::test]
async fn only_a_commit_that_left_tasks_nudges() {
    let world = World::new().await;
    let acme = world.company().await;
    let door = world.another_door();
    let actor = surv_tenancy::Actor::worker(acme, None);
    let nudged = async || tokio::time::timeout(Duration::from_millis(200), door.nudge().received()).await.is_ok();

    let mut without = door.begin(&actor).await.unwrap();
    world.record(&mut without, "thing").await;
    without.commit().await.unwrap();
    assert!(!nudged().await, "nothing was enqueued");

    let mut given_up = door.begin(&actor).await.unwrap();
    queue::enqueue(&mut given_up, &world.ids, world.now(), &Stamp { chain: false }).await.unwrap();
    drop(given_up);
    assert!(!nudged().await, "it was rolled back");

    for _ in 0..3 {
        let mut with = door.begin(&actor).await.unwrap();
        queue::enqueue(&mut with, &world.ids, world.now(), &Stamp { chain: false }).await.unwrap();
        with.commit().await.unwrap();
    }
    assert!(nudged().await);
    assert!(!nudged().await, "three commits that nobody looked at are one nudge");
}
