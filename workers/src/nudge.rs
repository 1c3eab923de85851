//! "Look now" between processes, over Redis. A hint only: without it work is found at the next poll.
//!
//! Whoever commits a task sends its process's [`Nudge`]; one loop a process publishes it, so that there is never more than
//! one message on its way and no request waits for Redis.

use std::time::Duration;

use deadpool_redis::redis::{self, Client, RedisResult, aio::MultiplexedConnection};
use futures_util::StreamExt as _;
use surv_tenancy::db::Nudge;
use tokio_util::sync::CancellationToken;

use crate::Workers;

/// Where `PUBLISH surv:tasks ''` wakes every worker.
pub const CHANNEL: &str = "surv:tasks";

const PAUSE: Duration = Duration::from_secs(5);
/// Longer than Redis takes; the poll finds what is not heard.
const PATIENCE: Duration = Duration::from_millis(500);

/// Publishes what `nudge` says, for as long as it is polled. What cannot be said is not said again.
pub async fn publish(nudge: Nudge, redis: Client) {
    let mut publisher = Publisher { redis, connection: None };
    loop {
        nudge.received().await;
        publisher.say().await;
    }
}

/// A connection to publish on, made when it is first needed and again when it broke.
struct Publisher {
    redis: Client,
    connection: Option<MultiplexedConnection>,
}

impl Publisher {
    async fn say(&mut self) {
        let said = tokio::time::timeout(PATIENCE, self.try_to_say()).await;
        if !matches!(said, Ok(Ok(()))) {
            self.connection = None;
            tracing::debug!("Redis cannot be reached; workers look at the poll's pace");
        }
    }

    async fn try_to_say(&mut self) -> RedisResult<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.redis.get_multiplexed_async_connection().await?),
        };
        redis::cmd("PUBLISH").arg(CHANNEL).arg("").query_async(connection).await
    }
}

/// Tasks that tasks enqueue: these workers look at once, and others are told.
pub(crate) async fn pass_on(workers: Workers, shutdown: CancellationToken) {
    let mut publisher = workers.deps().redis.clone().map(|redis| Publisher { redis, connection: None });
    let nudge = workers.deps().tenant_db.nudge().clone();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = nudge.received() => workers.nudge(),
        }
        if let Some(publisher) = &mut publisher {
            publisher.say().await;
        }
    }
}

/// Nudges these workers whenever something is published; connects again when Redis returns.
pub(crate) async fn listen(workers: Workers, redis: Client, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = shutdown.cancelled() => return,
            heard = subscribe(&workers, &redis) => if heard.is_err() {
                tracing::debug!("Redis cannot be reached; looking for work at the poll's pace");
            },
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn subscribe(workers: &Workers, redis: &Client) -> RedisResult<()> {
    let mut subscription = redis.get_async_pubsub().await?;
    subscription.subscribe(CHANNEL).await?;
    // Whatever was published while nobody listened.
    workers.nudge();
    let mut messages = subscription.on_message();
    while messages.next().await.is_some() {
        workers.nudge();
    }
    Ok(())
}
