//! One attempt at one claimed task: run it, keep the lease, write down how it ended.

use std::time::{Duration, Instant};

use surv_tenancy::{
    Actor,
    db::TenantTx,
    queue::{self, Claim, LeaseError},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument as _;

use crate::{Done, TaskContext, TaskError, Workers, metrics::Outcome, registry::Kind, retry};

/// How long a task of an unknown kind waits: a release that knows it is on its way.
const UNKNOWN_KIND_WAIT: Duration = Duration::from_secs(60);
/// How long a handler may take to notice that it was stopped.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// How a handler ended.
enum End {
    Answered(Result<Done, TaskError>),
    Panicked,
    TooLong,
    /// It ran on after it was told to stop: a loop without an await.
    WouldNotStop,
    /// The process shuts down.
    Interrupted,
    LeaseLost,
}

/// Makes the attempt. Never fails: what cannot be written down is found again when the lease ends.
pub(crate) async fn make(workers: Workers, claim: Claim, give_back: CancellationToken) {
    let span = tracing::info_span!("task", task.id = %claim.task_id, tenant.id = %claim.tenant_id, kind = %claim.kind,
        attempt = claim.attempts);
    async {
        let began = Instant::now();
        workers.0.metrics.running.inc();
        let outcome = attempt(&workers, &claim, &give_back).await;
        workers.0.metrics.running.dec();
        let kind = workers.0.registry.find(&claim.kind).map_or("unknown", |kind| kind.name);
        match outcome {
            Ok(outcome) => workers.0.metrics.ended(kind, outcome, began.elapsed()),
            Err(LeaseError::Lost) => workers.0.metrics.ended(kind, Outcome::Lost, began.elapsed()),
            Err(LeaseError::Db(error)) => tracing::warn!(%error, "an attempt's end could not be stored"),
        }
    }
    .instrument(span)
    .await;
}

async fn attempt(workers: &Workers, claim: &Claim, give_back: &CancellationToken) -> Result<Outcome, LeaseError> {
    let Some(kind) = workers.0.registry.find(&claim.kind) else {
        let mut tx = begin(workers, claim).await?;
        queue::release(&mut tx, claim, UNKNOWN_KIND_WAIT).await?;
        tx.commit().await?;
        return Ok(Outcome::Returned);
    };
    if claim.attempts > kind.limits.max_attempts {
        // Nobody wrote down how the last one ended: it took the process with it.
        return bury(workers, claim, "every attempt ended without an answer").await;
    }
    let mut tx = begin(workers, claim).await?;
    let Some((payload, user_id)) = claim.read(&mut tx).await? else { return Err(LeaseError::Lost) };
    drop(tx);
    let actor = Actor::worker(claim.tenant_id, user_id);
    let ctx = TaskContext { workers: workers.clone(), claim: claim.clone(), actor };
    let handler = AbortOnDropHandle::new(tokio::spawn(kind.run(ctx, payload).in_current_span()));
    let end = watch(workers, claim, kind, handler, give_back).await;
    settle(workers, claim, kind, end).await
}

/// Waits for the handler, renewing the lease, until it ends or must be stopped.
async fn watch(
    workers: &Workers,
    claim: &Claim,
    kind: &Kind,
    mut handler: AbortOnDropHandle<Result<Done, TaskError>>,
    give_back: &CancellationToken,
) -> End {
    let limit = tokio::time::sleep(kind.limits.time_limit);
    tokio::pin!(limit);
    let half = workers.deps().config.lease() / 2;
    let why = loop {
        tokio::select! {
            ended = &mut handler => return ended.map_or(End::Panicked, End::Answered),
            () = &mut limit => break End::TooLong,
            () = give_back.cancelled() => break End::Interrupted,
            () = tokio::time::sleep(half) => match renew(workers, claim).await {
                Err(LeaseError::Lost) if !handler.is_finished() => break End::LeaseLost,
                // If the database is away, the lease may end; then the handler's own commit will be refused.
                Ok(()) | Err(LeaseError::Lost | LeaseError::Db(_)) => {}
            },
        }
    };
    handler.abort();
    match tokio::time::timeout(STOP_GRACE, &mut handler).await {
        // It ended while it was being stopped.
        Ok(Ok(answer)) => End::Answered(answer),
        Ok(Err(_)) => why,
        Err(_) => End::WouldNotStop,
    }
}

async fn settle(workers: &Workers, claim: &Claim, kind: &Kind, end: End) -> Result<Outcome, LeaseError> {
    match end {
        End::Answered(Ok(Done { .. })) => Ok(Outcome::Done),
        End::Answered(Err(TaskError::LeaseLost)) | End::LeaseLost => Err(LeaseError::Lost),
        End::Answered(Err(TaskError::GiveUp { reason })) => bury(workers, claim, &reason).await,
        End::Answered(Err(TaskError::Retry { reason, after })) => later(workers, claim, kind, &reason, after).await,
        End::Panicked => later(workers, claim, kind, "the handler panicked", None).await,
        End::TooLong => later(workers, claim, kind, "the attempt took too long", None).await,
        End::WouldNotStop => {
            // Trying again would cost another thread each time.
            workers.0.metrics.stuck.inc();
            tracing::error!("a handler does not stop; restart this process");
            bury(workers, claim, "the handler ran on after it was stopped").await
        }
        End::Interrupted => {
            let mut tx = begin(workers, claim).await?;
            queue::release(&mut tx, claim, Duration::ZERO).await?;
            tx.commit().await?;
            Ok(Outcome::Returned)
        }
    }
}

async fn later(
    workers: &Workers,
    claim: &Claim,
    kind: &Kind,
    reason: &str,
    after: Option<Duration>,
) -> Result<Outcome, LeaseError> {
    if claim.attempts >= kind.limits.max_attempts {
        return bury(workers, claim, reason).await;
    }
    let wait = after.unwrap_or_else(|| retry::wait_after(claim.attempts));
    tracing::info!(reason, wait_ms = wait.as_millis(), "a task is tried again later");
    let mut tx = begin(workers, claim).await?;
    queue::postpone(&mut tx, claim, wait, reason).await?;
    tx.commit().await?;
    Ok(Outcome::Retry)
}

async fn bury(workers: &Workers, claim: &Claim, reason: &str) -> Result<Outcome, LeaseError> {
    tracing::error!(reason, "a task is dead");
    let mut tx = begin(workers, claim).await?;
    queue::fail(&mut tx, claim, reason).await?;
    tx.commit().await?;
    Ok(Outcome::Dead)
}

async fn renew(workers: &Workers, claim: &Claim) -> Result<(), LeaseError> {
    let mut tx = begin(workers, claim).await?;
    queue::renew(&mut tx, claim, workers.deps().config.lease()).await?;
    Ok(tx.commit().await?)
}

async fn begin(workers: &Workers, claim: &Claim) -> Result<TenantTx, LeaseError> {
    Ok(workers.deps().tenant_db.begin(&Actor::worker(claim.tenant_id, None)).await?)
}
