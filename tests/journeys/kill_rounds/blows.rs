//! What is done to a stack while clients write to it.

use std::time::Duration;

use rand::{Rng as _, rngs::StdRng, seq::SliceRandom as _};
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
            second.start();
            second.ready().await;
            stack.worker.signal("STOP");
            tokio::time::sleep(super::LEASE + Duration::from_secs(1)).await;
            stack.worker.signal("CONT");
            stack.worker.ready().await;
            second.kill();
        }
    }
    let took = stack.server.ready().await;
    println!("  {blow:?}: serves after {} ms", took.as_millis());
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
