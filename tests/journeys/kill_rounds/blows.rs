//! What is done to a stack while clients write to it.

use std::time::{Duration, Instant};

use rand::{Rng as _, rngs::StdRng, seq::SliceRandom as _};
use sqlx::{Connection as _, PgConnection};
use surv_simulators::sendgrid::{Fault, FaultKind};

use super::ledger::Ledger;
use crate::stack::{Role, Stack, wait_until};

/// So many deeds are acknowledged between two blows: the stack serves again.
const BETWEEN: u64 = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    Server,
    Worker,
    Postgres,
    /// An administrator's shutdown instead: open statements are told that the server goes.
    PostgresStopped,
    Redis,
    /// Both at the same instant.
    ServerAndPostgres,
    /// A worker is stopped for longer than its leases, another one takes over, then the first goes on.
    FrozenWorker,
}

impl Blow {
    pub const ALL: [Self; 7] = [
        Self::Server,
        Self::Worker,
        Self::Postgres,
        Self::PostgresStopped,
        Self::Redis,
        Self::ServerAndPostgres,
        Self::FrozenWorker,
    ];
}

/// Every blow once, in some order, each in the middle of work.
///
/// # Panics
/// When the stack does not serve again.
pub async fn round(stack: &mut Stack, second: &mut Role, ledger: &Ledger, random: &mut StdRng) {
    let mut blows = Blow::ALL;
    blows.shuffle(random);
    for blow in blows {
        let before = ledger.acknowledged();
        let what = format!("clients are answered before {blow:?}");
        wait_until(&what, Duration::from_secs(20), async || ledger.acknowledged() >= before + BETWEEN).await;
        pause(random).await;
        strike(stack, second, blow, random).await;
    }
}

async fn strike(stack: &mut Stack, second: &mut Role, blow: Blow, random: &mut StdRng) {
    trouble_the_mail(stack);
    match blow {
        Blow::Server => {
            stack.server.kill();
            stack.server.start();
        }
        Blow::Worker => {
            stack.worker.kill();
            pause(random).await;
            stack.worker.start();
            stack.worker.ready().await;
        }
        Blow::Postgres => {
            stack.postgres.kill();
            pause(random).await;
            stack.postgres.start_again();
        }
        Blow::PostgresStopped => {
            stack.postgres.stop().await;
            pause(random).await;
            stack.postgres.start_again();
        }
        Blow::Redis => {
            stack.redis.kill();
            pause(random).await;
            stack.redis.start_again().await;
        }
        Blow::ServerAndPostgres => {
            stack.server.kill();
            stack.postgres.kill();
            stack.postgres.start_again();
            stack.postgres.answers(Duration::from_secs(10)).await;
            stack.server.start();
        }
        Blow::FrozenWorker => {
            freeze_in_a_task(stack, second).await;
            stack.worker.ready().await;
            second.kill();
        }
    }
    let took = stack.server.ready().await;
    println!("  {blow:?}: serves after {} ms", took.as_millis());
}

/// Stops the worker while a handler has written and not committed: what it writes is held up until the worker is frozen.
/// If no handler comes along, it is frozen wherever it is.
async fn freeze_in_a_task(stack: &Stack, second: &mut Role) {
    let (mut holder, mut watcher) = (stack.superuser().await, stack.superuser().await);
    let mut lock = holder.begin().await.expect("the database answers");
    let held = sqlx::query("LOCK TABLE messages IN SHARE ROW EXCLUSIVE MODE").execute(&mut *lock).await;
    held.expect("the lock is had within the pause of a mail");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) && !a_handler_writes(&mut watcher).await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stack.worker.signal("STOP");
    lock.rollback().await.expect("the database answers");
    second.start();
    second.ready().await;
    tokio::time::sleep(super::LEASE + Duration::from_secs(1)).await;
    stack.worker.signal("CONT");
}

async fn a_handler_writes(watcher: &mut PgConnection) -> bool {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_stat_activity
                         WHERE wait_event_type = 'Lock' AND usename = 'surv_worker_login' AND query LIKE 'INSERT INTO messages%')",
    )
    .fetch_one(watcher)
    .await
    .expect("the database answers")
}

/// SendGrid is slow, so that a kill falls between a call and what is stored of its answer, and hangs up on one mail that
/// it takes over and on one that it does not.
fn trouble_the_mail(stack: &Stack) {
    let sendgrid = stack.vendors.sendgrid();
    sendgrid.clear_faults();
    let fault = |kind, times, done| Fault { times, done, delay_ms: Some(300), ..Fault::once(kind) };
    sendgrid.fault(fault(FaultKind::CutConnection, 1, true));
    sendgrid.fault(fault(FaultKind::CutConnection, 1, false));
    sendgrid.fault(fault(FaultKind::Slow, 20, false));
}

async fn pause(random: &mut StdRng) {
    tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
}
