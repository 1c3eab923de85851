//! What all outside clients share: how an HTTP client is built, and how to read its failures.
//!
//! The one question that matters after a failed call is whether the vendor may have carried it out.
//! [`CallFailure`] answers it, conservatively: only what happened before a connection stood is "not sent".

use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

/// How long a connection may take to be made; the rest of the time-out is for the answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Idle connections are closed before the load balancers of common vendors do it (60 s and more).
const IDLE_LIMIT: Duration = Duration::from_secs(50);
/// The most of an error answer that is read.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

const USER_AGENT: &str = concat!("surv/", env!("CARGO_PKG_VERSION"));

/// The HTTP client could not be built, for instance because the machine has no root certificates.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up")]
pub struct SetupError(#[source] reqwest::Error);

/// A client for the vendor at `base_url` whose calls end within `timeout`.
///
/// It follows no redirects: a vendor's API has none, and a followed one would carry our key elsewhere.
/// It repeats a request only where the protocol says that the vendor has not looked at it (a refused
/// HTTP/2 stream, a pooled connection that was closed before it was written to).
///
/// # Errors
/// [`SetupError`] if the TLS stack cannot start.
pub fn client(base_url: &Url, timeout: Duration) -> Result<reqwest::Client, SetupError> {
    let builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_LIMIT.min(timeout))
        .timeout(timeout)
        .pool_idle_timeout(IDLE_LIMIT)
        .redirect(Policy::none());
    // A proxy that the machine is set to use has no business between us and a simulator.
    let builder = if is_loopback(base_url) { builder.no_proxy() } else { builder };
    builder.build().map_err(SetupError)
}

/// Whether the address is this machine: only there may a vendor be spoken to without TLS.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What is wrong with the address of a vendor, for a configuration's `validate`.
pub fn base_url_problem(url: &Url) -> Option<&'static str> {
    if url.host().is_none() || !matches!(url.scheme(), "https" | "http") {
        Some("must be an http(s) address")
    } else if url.scheme() == "http" && !is_loopback(url) {
        Some("must use https unless it is on this machine")
    } else if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        Some("must not hold a query, a fragment or a log-in")
    } else {
        None
    }
}

/// `base_url` with these path segments after it, each percent-encoded as it needs.
pub fn join(base_url: &Url, segments: &[&str]) -> Url {
    let mut url = base_url.clone();
    // Fails for addresses such as `mailto:`, which `base_url_problem` refuses: then the address stays as it is.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Why a call brought no answer. It prints no address: paths may hold a person's e-mail.
#[derive(Debug, thiserror::Error)]
pub enum CallFailure {
    /// No connection came about: the vendor has seen nothing of the request.
    #[error("no connection")]
    NotSent(#[source] reqwest::Error),
    /// Time ran out, or the connection broke, after some of the request may have been sent.
    #[error("no answer")]
    MaybeDone(#[source] reqwest::Error),
}

impl From<reqwest::Error> for CallFailure {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() || error.is_builder() { Self::NotSent(error) } else { Self::MaybeDone(error) }
    }
}

/// The start of an error answer's body; empty if it cannot be read, since the status says enough.
pub(crate) async fn error_body(mut response: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= ERROR_BODY_LIMIT {
            body.truncate(ERROR_BODY_LIMIT);
            break;
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a constant of this test")
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for fine in ["https://api.sendgrid.com", "http://127.0.0.1:9/sendgrid", "http://[::1]:9", "http://localhost:9"]
        {
            assert_eq!(base_url_problem(&url(fine)), None, "{fine}");
        }
        for wrong in [
            "http://api.sendgrid.com",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "https://key@api.sendgrid.com",
            "https://api.sendgrid.com/?a=b",
            "mailto:someone@example.com",
        ] {
            assert!(base_url_problem(&url(wrong)).is_some(), "{wrong}");
        }
    }

    #[test]
    fn paths_join_with_and_without_a_slash_and_cannot_be_escaped() {
        assert_eq!(join(&url("http://h/sendgrid/"), &["v3", "a@b.c"]).path(), "/sendgrid/v3/a@b.c");
        assert_eq!(join(&url("http://h/sendgrid"), &["v3"]).path(), "/sendgrid/v3");
        assert_eq!(join(&url("https://h"), &["v3", "x/../y?z"]).as_str(), "https://h/v3/x%2F..%2Fy%3Fz");
    }

    #[tokio::test]
    async fn a_refused_connection_is_known_not_to_have_been_sent() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        drop(listener);
        let base = url(&format!("http://{address}/secret@example.com"));

        let sent = client(&base, Duration::from_secs(2)).expect("a client").post(base).send().await;

        let failure = CallFailure::from(sent.expect_err("nobody listens"));
        assert!(matches!(failure, CallFailure::NotSent(_)), "{failure:?}");
        assert!(!format!("{failure:?}").contains("secret@example.com"));
    }
}
