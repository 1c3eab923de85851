//! "Look now": tells streams that something of a company changed.
//!
//! Carries no data. A stream that is nudged reads the events under its own rights; one that is not, because Redis is
//! gone, looks by itself every second.

use std::time::Duration;

use surv_tenancy::TenantId;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

const CHANNEL: &str = "surv:live";

/// Hands nudges to the streams of this process, and through Redis to those of others. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    here: broadcast::Sender<TenantId>,
    redis: Option<redis::aio::ConnectionManager>,
    closing: CancellationToken,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("shared", &self.redis.is_some()).finish_non_exhaustive()
    }
}

impl Live {
    /// Nudges within this process only.
    pub fn local() -> Self {
        Self { here: broadcast::channel(1024).0, redis: None, closing: CancellationToken::new() }
    }

    /// Nudges across processes. Listens in the background for as long as the runtime lives.
    pub fn shared(client: redis::Client, connection: redis::aio::ConnectionManager) -> Self {
        let here = broadcast::channel(1024).0;
        tokio::spawn(listen(client, here.clone()));
        Self { here, redis: Some(connection), closing: CancellationToken::new() }
    }

    /// Says that something of the company changed.
    pub fn nudge(&self, tenant_id: TenantId) {
        // Nobody listening is fine.
        let _ = self.here.send(tenant_id);
        if let Some(mut redis) = self.redis.clone() {
            tokio::spawn(async move {
                let mut publish = redis::cmd("PUBLISH");
                publish.arg(CHANNEL).arg(tenant_id.to_string());
                let published = publish.query_async::<()>(&mut redis);
                // Lost nudges cost others a second, no more.
                let _ = tokio::time::timeout(Duration::from_millis(500), published).await;
            });
        }
    }

    /// Waits for a nudge of the company, or for `at_most`.
    pub async fn changed(receiver: &mut broadcast::Receiver<TenantId>, tenant_id: TenantId, at_most: Duration) {
        let nudged = async {
            loop {
                match receiver.recv().await {
                    Ok(id) if id != tenant_id => {}
                    // Lagging behind means that something was missed: look.
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let _ = tokio::time::timeout(at_most, nudged).await;
    }

    /// Ends all streams at their next look: the process is going.
    pub fn close(&self) {
        self.closing.cancel();
    }

    pub fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    pub fn subscribe(&self) -> broadcast::Receiver<TenantId> {
        self.here.subscribe()
    }
}

/// Passes on what other processes publish; connects again when Redis comes back.
async fn listen(client: redis::Client, here: broadcast::Sender<TenantId>) {
    use futures_util::StreamExt as _;
    loop {
        if let Ok(mut subscription) = client.get_async_pubsub().await
            && subscription.subscribe(CHANNEL).await.is_ok()
        {
            let mut messages = subscription.on_message();
            while let Some(message) = messages.next().await {
                if let Some(id) = message.get_payload::<String>().ok().and_then(|text| text.parse().ok()) {
                    let _ = here.send(id);
                }
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
