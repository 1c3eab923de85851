//! The office's live feed, and how late each event came.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::{sync::Notify, time::Instant};

use super::http::Persona;

type Seen = Vec<(String, Value)>;

/// An open stream and what came through it.
pub struct Feed {
    seen: Arc<Mutex<Seen>>,
    news: Arc<Notify>,
}

impl Feed {
    /// Opens the stream; events from now on are kept.
    pub async fn open(office: &Persona) -> anyhow::Result<Self> {
        let mut response = office
            .request("/v1/events/stream")
            .timeout(Duration::from_secs(600))
            .send()
            .await
            .context("opening the live feed")?
            .error_for_status()?;
        let feed = Self { seen: Arc::default(), news: Arc::default() };
        let (seen, news) = (Arc::clone(&feed.seen), Arc::clone(&feed.news));
        tokio::spawn(async move {
            let mut text = String::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                text.push_str(&String::from_utf8_lossy(&chunk));
                while let Some(end) = text.find("\n\n") {
                    let message: String = text.drain(..end + 2).collect();
                    keep(&message, &seen);
                    news.notify_waiters();
                }
            }
        });
        Ok(feed)
    }

    /// Waits for an event of a kind about a subject or visit, and says how long that took.
    pub async fn wait(&self, kind: &str, subject: &str, limit: Duration) -> anyhow::Result<Duration> {
        let start = Instant::now();
        while start.elapsed() < limit {
            let news = self.news.notified();
            if self.has(kind, subject) {
                return Ok(start.elapsed());
            }
            let _ = tokio::time::timeout(Duration::from_millis(50), news).await;
        }
        bail!("the live feed did not show {kind} within {} ms", limit.as_millis())
    }

    fn has(&self, kind: &str, subject: &str) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().any(|(k, event)| k == kind && (event["subject_id"] == subject || event["visit_id"] == subject))
    }
}

fn keep(message: &str, seen: &Mutex<Seen>) {
    let data: String = message.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
    if let Ok(event) = serde_json::from_str::<Value>(&data) {
        let kind = event["kind"].as_str().unwrap_or_default().to_owned();
        seen.lock().unwrap_or_else(PoisonError::into_inner).push((kind, event));
    }
}
