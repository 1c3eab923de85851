//! Gives each request an id, one span and one log line, and puts the id into answers.

use std::time::Instant;

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, http::HeaderValue};
use surv_tenancy::{Ids, RequestId};
use tracing::Instrument as _;

/// See the module.
#[derive(Debug, Clone)]
pub struct RequestIds(pub Ids);

impl<E: Endpoint> Middleware<E> for RequestIds {
    type Output = WithRequestId<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithRequestId { inner, ids: self.0.clone() }
    }
}

#[derive(Debug)]
pub struct WithRequestId<E> {
    inner: E,
    ids: Ids,
}

impl<E: Endpoint> Endpoint for WithRequestId<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let id: RequestId = self.ids.next();
        request.set_data(id);
        let method = request.method().clone();
        // Never the query: it may hold what somebody searched for.
        let path = loggable(request.uri().path());
        let span = tracing::info_span!("http.request", request.id = %id, http.method = %method, http.path = path);
        let start = Instant::now();
        let mut response = match self.inner.call(request).instrument(span.clone()).await {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        };
        let status = response.status().as_u16();
        let duration_ms = start.elapsed().as_millis();
        span.in_scope(|| {
            if status >= 500 {
                tracing::warn!(http.status = status, duration_ms, "answered");
            } else {
                tracing::debug!(http.status = status, duration_ms, "answered");
            }
        });
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert("x-request-id", value);
        }
        Ok(if response.content_type() == Some("application/problem+json") {
            with_instance(response, id).await
        } else {
            response
        })
    }
}

/// A path without what our addresses never hold: somebody may have put a token or a name into it.
fn loggable(path: &str) -> String {
    let is_word = |part: &str| part.len() <= 24 && part.bytes().all(|b| b.is_ascii_lowercase() || b"-_.".contains(&b));
    let is_id = |part: &str| part.len() == 36 && part.parse::<uuid::Uuid>().is_ok();
    let shown = |part| if part == "v1" || is_word(part) || is_id(part) { part } else { "…" };
    path.split('/').take(12).map(shown).collect::<Vec<_>>().join("/")
}

/// Adds the id to a problem's body.
async fn with_instance(mut response: Response, id: RequestId) -> Response {
    let body = response.take_body();
    if let Ok(bytes) = body.into_vec().await {
        let with_id =
            serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes).map(|mut problem| {
                problem.insert("instance".to_owned(), format!("urn:uuid:{id}").into());
                serde_json::to_vec(&problem).unwrap_or_default()
            });
        response.set_body(with_id.unwrap_or(bytes));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_path_holds_words_and_ids_of_ours_only() {
        for path in ["/v1/auth/log-in", "/openapi.json", "/v1/jobs/01a20ee0-4e08-77bb-9eca-1a0c627f94f3/notes"] {
            assert_eq!(loggable(path), path);
        }
        assert_eq!(loggable("/v1/jobs/EpkBCi8KBHRlbmFudA"), "/v1/jobs/…");
        assert_eq!(loggable("/v1/auth/code/123456"), "/v1/auth/code/…");
        assert_eq!(loggable("/v1/customers/ann%40x.example/notes"), "/v1/customers/…/notes");
        assert_eq!(loggable(&"/x".repeat(500)).len(), 22);
    }
}
