//! An open live feed, as a page of the office holds one.

use std::time::{Duration, Instant};

use super::Person;

#[derive(Debug)]
pub struct Feed {
    response: reqwest::Response,
    text: String,
}

impl Feed {
    /// # Panics
    /// When the server does not open it.
    pub async fn open(person: &Person) -> Self {
        let response = person.get("/v1/events/stream").open().await;
        assert_eq!(response.status(), 200);
        Self { response, text: String::new() }
    }

    /// Waits until the feed has told of something by its id, and says how long that took.
    ///
    /// # Panics
    /// When it ends before, or time is up.
    pub async fn tells_of(&mut self, id: &str, limit: Duration) -> Duration {
        let start = Instant::now();
        while !self.text.contains(id) {
            let left = limit.saturating_sub(start.elapsed());
            let chunk = tokio::time::timeout(left, self.response.chunk()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("the feed did not tell of {id} within {limit:?}"));
            let chunk = chunk.expect("the feed holds").expect("the feed goes on");
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
        start.elapsed()
    }

    /// Waits for the feed's own end, and says how long that took.
    ///
    /// # Panics
    /// When it is cut off, or time is up.
    pub async fn ends(mut self, limit: Duration) -> Duration {
        let start = Instant::now();
        let ended = async { while self.response.chunk().await.expect("the feed is ended, not cut off").is_some() {} };
        tokio::time::timeout(limit, ended).await.expect("the feed ends in time");
        start.elapsed()
    }
}
