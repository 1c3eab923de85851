//! The client: one method per thing we ask of SendGrid.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::error::MailError;
use super::types::{ARG_TENANT, Accepted, Bounce, OutgoingMail};
use super::wire::{BounceEntry, SendRequest, field_errors};
use super::{SendgridConfig, rules};
use crate::breaker::Breaker;
use crate::http::{self, CallFailure, SetupError};

/// So many failures in a row, and the vendor is left alone for [`PAUSE`].
const FAILURES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(15);

/// Sends mail through SendGrid. Cheap to clone; clones share connections and breaker.
#[derive(Debug, Clone)]
pub struct MailClient {
    http: reqwest::Client,
    base_url: Url,
    api_key: SecretString,
    from_domains: Vec<String>,
    open_tracking: bool,
    breaker: Arc<Breaker>,
}

impl MailClient {
    /// A client for a section that passed [`SendgridConfig::validate`].
    ///
    /// # Errors
    /// [`SetupError`] if the TLS stack cannot start.
    pub fn new(config: &SendgridConfig) -> Result<Self, SetupError> {
        Ok(Self {
            http: http::client(&config.base_url, config.timeout())?,
            base_url: config.base_url.clone(),
            api_key: config.api_key.clone(),
            from_domains: config.from_domains.clone(),
            open_tracking: config.open_tracking,
            breaker: Arc::new(Breaker::new(FAILURES, PAUSE)),
        })
    }

    /// Hands one mail to SendGrid: one request, never repeated here.
    ///
    /// Record that the attempt begins, durably, before calling: a process that dies between the call and
    /// its own commit leaves the same question as [`MailError::Unknown`].
    ///
    /// # Errors
    /// See [`MailError`]; after `Unknown` ask [`super::after_unknown`] before sending again.
    #[tracing::instrument(
        name = "sendgrid.mail.send",
        skip_all,
        err(level = "warn"),
        fields(message.id = mail.message_id(), tenant.id = mail.custom_args.get(ARG_TENANT), http.status)
    )]
    pub async fn send(&self, mail: &OutgoingMail) -> Result<Accepted, MailError> {
        rules::check(mail, &self.from_domains)?;
        let request =
            self.request(Method::POST, &["v3", "mail", "send"]).json(&SendRequest::of(mail, self.open_tracking));
        let response = self.call(request).await?;
        let id = response.headers().get("x-message-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
        Ok(Accepted { provider_message_id: id.to_owned() })
    }

    /// Looks an address up in the bounce list: `Some` means that SendGrid drops mail to it.
    ///
    /// # Errors
    /// As [`MailClient::send`]; it reads only, so every failure but a refusal may be tried again.
    #[tracing::instrument(name = "sendgrid.bounces.find", skip_all, err(level = "warn"), fields(http.status))]
    pub async fn find_bounce(&self, email: &str) -> Result<Option<Bounce>, MailError> {
        let response = match self.call(self.bounce_request(Method::GET, email)?).await {
            Err(MailError::Refused { status: 404, .. }) => return Ok(None),
            answer => answer?,
        };
        let entries: Vec<BounceEntry> = response.json().await.map_err(CallFailure::from)?;
        let bounce = |entry: BounceEntry| Bounce {
            since: entry.created.and_then(|seconds| DateTime::from_timestamp(seconds as i64, 0)),
            reason: entry.reason,
            status: entry.status,
        };
        Ok(entries.into_iter().next().map(bounce))
    }

    /// Takes an address off the bounce list, for a person who says that it works again. Safe to repeat.
    ///
    /// # Errors
    /// As [`MailClient::find_bounce`].
    #[tracing::instrument(name = "sendgrid.bounces.remove", skip_all, err(level = "warn"), fields(http.status))]
    pub async fn remove_bounce(&self, email: &str) -> Result<(), MailError> {
        match self.call(self.bounce_request(Method::DELETE, email)?).await {
            Ok(_) | Err(MailError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn bounce_request(&self, method: Method, email: &str) -> Result<RequestBuilder, MailError> {
        if !rules::is_address(email) {
            return Err(MailError::Invalid { field: "to", reason: "is not an e-mail address" });
        }
        let request = self.request(method, &["v3", "suppression", "bounces", email]);
        Ok(request.header(reqwest::header::CONTENT_TYPE, "application/json"))
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.http
            .request(method, http::join(&self.base_url, path))
            .bearer_auth(self.api_key.expose_secret())
            .header(ACCEPT, "application/json")
    }

    /// One call through the breaker. `Ok` is a 2xx; everything else is told apart in [`answer`].
    async fn call(&self, request: RequestBuilder) -> Result<Response, MailError> {
        self.breaker.admit(Instant::now()).map_err(|retry_after| MailError::Suspended { retry_after })?;
        let outcome = match request.send().await {
            Ok(response) => answer(response).await,
            Err(error) => Err(CallFailure::from(error).into()),
        };
        let well = outcome.as_ref().err().is_none_or(MailError::shows_vendor_at_work);
        self.breaker.report(well, Instant::now());
        outcome
    }
}

/// What an answer means for the request: done, refused, not now, or unknown.
async fn answer(response: Response) -> Result<Response, MailError> {
    let status = response.status().as_u16();
    tracing::Span::current().record("http.status", status);
    match status {
        200..=299 => Ok(response),
        408 | 429 | 503 => Err(MailError::Limited { status, retry_after: pause(response.headers()) }),
        500..=599 => Err(MailError::Unknown { status: Some(status), source: None }),
        _ => Err(MailError::Refused { status, errors: field_errors(&http::error_body(response).await) }),
    }
}

/// How long the vendor wants to be left alone: `Retry-After` in seconds, or the vendor's own
/// `X-RateLimit-Reset` (a unix time) measured against the `Date` of the same answer, so that no
/// difference between the vendor's clock and ours matters.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(seconds) = text(RETRY_AFTER.as_str()).and_then(|value| value.trim().parse().ok()) {
        return Some(Duration::from_secs(seconds));
    }
    let reset: i64 = text("x-ratelimit-reset")?.trim().parse().ok()?;
    let date: DateTime<Utc> = DateTime::parse_from_rfc2822(text(DATE.as_str())?).ok()?.into();
    Some(Duration::from_secs(u64::try_from(reset - date.timestamp()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.insert(*name, value.parse().expect("a constant of this test"));
        }
        map
    }

    #[test]
    fn the_vendors_pause_is_measured_on_the_vendors_clock() {
        let date = ("date", "Tue, 15 Nov 1994 08:12:31 GMT");

        assert_eq!(pause(&headers(&[date, ("x-ratelimit-reset", "784887181")])), Some(Duration::from_secs(30)));
        assert_eq!(pause(&headers(&[date, ("x-ratelimit-reset", "5")])), Some(Duration::ZERO));
        assert_eq!(
            pause(&headers(&[("retry-after", "7"), date, ("x-ratelimit-reset", "5")])),
            Some(Duration::from_secs(7))
        );
        assert_eq!(pause(&headers(&[("x-ratelimit-reset", "784887181")])), None);
        assert_eq!(pause(&headers(&[date, ("x-ratelimit-reset", "soon")])), None);
        assert_eq!(pause(&headers(&[])), None);
    }
}
