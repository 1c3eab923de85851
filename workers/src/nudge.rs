//! "Look now" between processes, over Redis. A hint only: without it work is found at the next poll.

use std::time::Duration;

use deadpool_redis::redis::Client;
use futures_util::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::Workers;

/// Where `PUBLISH surv:tasks ''` wakes every worker.
pub const CHANNEL: &str = "surv:tasks";

const PAUSE: Duration = Duration::from_secs(5);

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

async fn subscribe(workers: &Workers, redis: &Client) -> deadpool_redis::redis::RedisResult<()> {
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
