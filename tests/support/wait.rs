//! Waiting for what others do.

use std::time::{Duration, Instant};

/// Looks until it holds.
///
/// # Panics
/// When it does not within a minute.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(60), "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
