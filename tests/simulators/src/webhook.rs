//! Posting signed webhooks as SendGrid does: a JSON array, time and signature in headers, tried again at
//! growing intervals until the receiver answers 2xx. Each try is signed anew, so its time is fresh.

use std::time::Duration;

use serde_json::Value;

use crate::clock;
use crate::keys::EventKey;

/// The vendor gives up after a day; here the last tries come every 30 s for a few minutes.
const TRIES: u32 = 20;
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts batches of events.
#[derive(Debug, Clone)]
pub(crate) struct Poster {
    http: reqwest::Client,
    key: EventKey,
    first_pause: Duration,
}

impl Poster {
    pub(crate) fn new(key: EventKey, first_pause: Duration) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("SendGrid Event API (simulated)")
            .build()?;
        Ok(Self { http, key, first_pause })
    }

    pub(crate) fn key(&self) -> &EventKey {
        &self.key
    }

    /// One try: the status of the answer, or `None` if there was no answer.
    pub(crate) async fn post(&self, target: &str, events: &[Value]) -> Option<u16> {
        // The vendor ends its bodies with CR LF, which a careless receiver strips.
        let mut body = serde_json::to_vec(events).ok()?;
        body.extend_from_slice(b"\r\n");
        let timestamp = clock::now().timestamp().to_string();
        let sent = (self.http.post(target))
            .header("Content-Type", "application/json")
            .header("X-Twilio-Email-Event-Webhook-Signature", self.key.sign(&timestamp, &body))
            .header("X-Twilio-Email-Event-Webhook-Timestamp", &timestamp)
            .body(body)
            .send()
            .await;
        match sent {
            Ok(answer) => Some(answer.status().as_u16()),
            Err(error) => {
                tracing::debug!(error = %error.without_url(), "a webhook had no answer");
                None
            }
        }
    }

    /// How long to wait after so many failed tries; `None` to give up.
    pub(crate) fn pause_after(&self, tries: u32) -> Option<Duration> {
        let pause = self.first_pause.saturating_mul(1 << tries.saturating_sub(1).min(16));
        (tries < TRIES).then_some(pause.min(LONGEST_PAUSE))
    }
}
