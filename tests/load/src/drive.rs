//! Clients that ask again and again for a given time.

use std::time::{Duration, Instant};

use anyhow::bail;
use futures_util::future::try_join_all;

use crate::http::{Connection, Request};

/// What the clients of one run have seen.
#[derive(Debug, Clone, Default)]
pub struct Load {
    pub requests: u64,
    pub elapsed: Duration,
    pub latencies: Vec<Duration>,
}

impl Load {
    /// Requests a second.
    pub fn rate(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let requests = self.requests as f64;
        requests / self.elapsed.as_secs_f64()
    }

    /// The time within which `percent` of the requests were answered.
    pub fn percentile(&mut self, percent: usize) -> Duration {
        self.latencies.sort_unstable();
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).copied().unwrap_or_default()
    }
}

/// Where requests come from: the n-th one of a client.
pub trait Source {
    fn request(&self, client: usize, number: usize) -> Request;
}

impl<F: Fn(usize, usize) -> Request> Source for F {
    fn request(&self, client: usize, number: usize) -> Request {
        self(client, number)
    }
}

/// Lets `clients` ask for `time`. Each has one connection, and the next request follows the answer.
///
/// # Errors
/// As soon as an answer is not a success: a bench of refusals measures nothing.
pub async fn run(address: &str, clients: usize, time: Duration, source: &impl Source) -> anyhow::Result<Load> {
    let connections = try_join_all((0..clients).map(|_| Connection::open(address))).await?;
    let begun = Instant::now();
    let until = begun + time;
    let loads = try_join_all(connections.into_iter().enumerate().map(|(client, mut connection)| async move {
        let mut latencies = Vec::with_capacity(4096);
        while Instant::now() < until {
            let request = source.request(client, latencies.len());
            let asked = Instant::now();
            let answer = connection.call(&request).await?;
            latencies.push(asked.elapsed());
            if !(200..300).contains(&answer.status) {
                bail!("a request was answered {}: {}", answer.status, String::from_utf8_lossy(answer.body));
            }
        }
        Ok(latencies)
    }))
    .await?;
    let latencies = loads.concat();
    Ok(Load { requests: latencies.len() as u64, elapsed: begun.elapsed(), latencies })
}

/// The middle of some figures.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_p95_near_the_end() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        let mut load = Load { latencies: (1..=100).map(Duration::from_millis).collect(), ..Load::default() };
        assert_eq!(load.percentile(95), Duration::from_millis(96));
    }
}
