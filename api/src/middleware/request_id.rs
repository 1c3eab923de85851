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
        // The path alone: a query may hold what somebody searched for.
        let span = tracing::info_span!("http.request", request.id = %id, http.method = %method, http.path = request.uri().path());
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
