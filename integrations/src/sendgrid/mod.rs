//! E-mail through SendGrid: sending, the bounce list, and the signed events that say what became of a mail.
//!
//! SendGrid has no idempotency keys and (in the API we may count on) no way to ask for one mail. After an
//! unknown outcome the answer therefore comes from the event webhook; [`after_unknown`] holds that rule.

mod after_unknown;
mod client;
mod error;
pub mod event_webhook;
mod rules;
mod types;
mod wire;

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

pub use after_unknown::{Decision, Evidence, Silence, UnknownAttempt, UnknownPolicy, after_unknown};
pub use client::MailClient;
pub use error::{FieldError, MailError};
pub use rules::{clean_line, is_address};
pub use types::{ARG_MESSAGE, ARG_TENANT, Accepted, Address, Attachment, Bounce, Disposition, OutgoingMail};

use crate::http;

/// E-mail. `[sendgrid]` in the file, `SURV_SENDGRID__API_KEY` in the environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendgridConfig {
    /// Where the API is: `https://api.sendgrid.com`, or the simulator's address in development and in tests.
    pub base_url: Url,
    /// The key, with the rights "mail send" and "suppressions".
    pub api_key: SecretString,
    /// The event webhook's key as SendGrid shows it: a P-256 public key, SPKI DER in base64.
    pub webhook_public_key: String,
    /// How long a call may take in all, in seconds. Longer is safer: a time-out leaves the outcome unknown.
    #[serde(default = "default_timeout_s")]
    pub timeout_s: u64,
    /// Domains authenticated at SendGrid. A mail from any other domain is refused before it is sent.
    pub from_domains: Vec<String>,
    /// Whether SendGrid may put a tracking pixel into mails. Off unless a company has a reason and says so.
    #[serde(default)]
    pub open_tracking: bool,
}

fn default_timeout_s() -> u64 {
    20
}

impl SendgridConfig {
    /// Everything that is wrong with the section, each as `key reason`; empty if it can be used.
    pub fn validate(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(problem) = http::base_url_problem(&self.base_url) {
            problems.push(format!("sendgrid.base_url {problem}"));
        }
        let key = self.api_key.expose_secret();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            problems.push("sendgrid.api_key must be set, without spaces".to_owned());
        }
        if event_webhook::PublicKey::from_base64(&self.webhook_public_key).is_err() {
            problems.push("sendgrid.webhook_public_key must be a P-256 public key (SPKI DER in base64)".to_owned());
        }
        if !(1..=60).contains(&self.timeout_s) {
            problems.push("sendgrid.timeout_s must be between 1 and 60".to_owned());
        }
        if self.from_domains.is_empty() {
            problems.push("sendgrid.from_domains must name at least one domain".to_owned());
        }
        for domain in self.from_domains.iter().filter(|domain| !rules::is_domain(domain)) {
            problems.push(format!("sendgrid.from_domains holds {domain:?}, which is not a domain"));
        }
        problems
    }

    /// The time-out as a duration.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE90gIlfNWLXWP5qE7yMRWURzZcXQXGMxcznmg14pFL9rIn1YEcUYUsGQHGM6HD7Eumo9Cp/01zeR2i3MrIN0Dxw==";

    fn section(overrides: serde_json::Value) -> Result<SendgridConfig, serde_json::Error> {
        let mut section = serde_json::json!({
            "base_url": "https://api.sendgrid.com", "api_key": "SG.x", "webhook_public_key": KEY,
            "from_domains": ["mail.surv.example"],
        });
        for (key, value) in overrides.as_object().expect("an object") {
            section[key] = value.clone();
        }
        serde_json::from_value(section)
    }

    #[test]
    fn a_good_section_passes_and_tracks_nobody() {
        let config = section(serde_json::json!({})).expect("valid");

        assert_eq!(config.validate(), Vec::<String>::new());
        assert_eq!((config.timeout(), config.open_tracking), (Duration::from_secs(20), false));
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let config = section(serde_json::json!({
            "base_url": "http://api.sendgrid.com", "api_key": "", "webhook_public_key": "nonsense",
            "timeout_s": 0, "from_domains": ["not a domain"],
        }));

        let problems = config.expect("well-formed").validate();

        for key in ["base_url", "api_key", "webhook_public_key", "timeout_s", "from_domains"] {
            assert!(problems.iter().any(|problem| problem.contains(key)), "{key} in {problems:?}");
        }
    }

    #[test]
    fn unknown_keys_are_refused_and_the_secret_is_not_printed() {
        assert!(section(serde_json::json!({"api_kye": "SG.y"})).is_err());

        let config = section(serde_json::json!({"api_key": "SG.very-secret"})).expect("valid");
        assert!(!format!("{config:?}").contains("very-secret"));
    }
}
