//! One request to the API, and its answer.

use reqwest::{RequestBuilder, Response, header::HeaderMap};
use serde_json::Value;

/// A request to be sent.
#[derive(Debug)]
pub struct Call(RequestBuilder);

impl Call {
    /// With whatever address and client.
    pub const fn new(request: RequestBuilder) -> Self {
        Self(request)
    }

    #[must_use]
    pub fn token(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.header("content-type", content_type).body(body.into()))
    }

    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    #[must_use]
    pub fn version(self, version: i64) -> Self {
        self.header("if-match", &format!("\"v{version}\""))
    }

    /// # Panics
    /// When the server does not answer.
    pub async fn send(self) -> Answer {
        self.try_send().await.expect("the server answers")
    }

    /// For what the server may hang up on.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        let response = self.0.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    }

    /// The answer before its body, for streams.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn open(self) -> Response {
        self.0.send().await.expect("the server answers")
    }

    /// Sends it and takes the answer's JSON.
    ///
    /// # Panics
    /// When the answer is another.
    pub async fn expect(self, status: u16) -> Value {
        self.send().await.json(status)
    }

    /// Sends it and expects a refusal.
    ///
    /// # Panics
    /// When the answer is another.
    pub async fn refused(self, status: u16, slug: &str) {
        self.send().await.assert_problem(status, slug);
    }
}

/// What the API said.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body; null when there is none.
    ///
    /// # Panics
    /// When the status is another, or the body is no JSON.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).expect("JSON") }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The kind of a problem, behind the `#` of its type; empty for anything else.
    pub fn slug(&self) -> String {
        if self.header("content-type") != "application/problem+json" {
            return String::new();
        }
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["type"]
            .as_str()
            .and_then(|kind| kind.rsplit_once('#'))
            .map(|(_, slug)| slug.to_owned())
            .unwrap_or_default()
    }

    /// # Panics
    /// When it is not this problem.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, slug: &str) {
        assert_eq!((self.status, self.slug().as_str()), (status, slug), "{}", self.text);
        let body = self.json(status);
        assert_eq!(body["status"], status, "{body}");
        assert!(body["instance"].is_string(), "a problem tells its request: {body}");
    }

    /// Status and body without what differs from request to request.
    pub fn without_instance(&self) -> (u16, Value) {
        let mut body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("instance");
        }
        (self.status, body)
    }
}
