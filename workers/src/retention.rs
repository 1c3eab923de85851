//! How long what is only for a while is kept. `[retention]` in the file.

use chrono::TimeDelta;
use serde::Deserialize;

/// Days, if not said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// First answers to Idempotency-Keys, in hours: a client that repeats a request later gets it done anew.
    pub idempotency_h: u32,
    /// Vendors' callbacks, after they were processed.
    pub webhooks_d: u32,
    /// Sessions and their refresh tokens, after they have expired.
    pub sessions_d: u32,
    /// Sign-ups, codes and one-time secrets, after they have expired.
    pub challenges_d: u32,
    /// Tasks that failed for good and that nobody decided about.
    pub dead_tasks_d: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { idempotency_h: 48, webhooks_d: 30, sessions_d: 30, challenges_d: 7, dead_tasks_d: 90 }
    }
}

impl Retention {
    /// What is wrong with these values, each as a sentence.
    pub fn problems(&self) -> Vec<String> {
        let in_days = [
            ("webhooks_d", self.webhooks_d),
            ("sessions_d", self.sessions_d),
            ("challenges_d", self.challenges_d),
            ("dead_tasks_d", self.dead_tasks_d),
        ];
        let mut problems = Vec::new();
        // Less, and the policies would keep the rows all the same.
        if !(24..=8_760).contains(&self.idempotency_h) {
            problems.push("retention.idempotency_h has to be from 24 to 8760".to_owned());
        }
        for (name, days) in in_days {
            if !(1..=3_650).contains(&days) {
                problems.push(format!("retention.{name} has to be from 1 to 3650"));
            }
        }
        problems
    }
}

pub(crate) fn hours(count: u32) -> TimeDelta {
    TimeDelta::hours(count.into())
}

pub(crate) fn days(count: u32) -> TimeDelta {
    TimeDelta::days(count.into())
}
