//! A request whose transaction Postgres ended in favour of another one is made once more (docs/decisions/0014).
//!
//! Two transactions that wait for each other (40P01), or that cannot both be (40001): one is rolled back, and would succeed
//! now. Only a request that committed nothing is repeated, so it happens as if for the first time, Idempotency-Key included.

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response,
    http::{Method, StatusCode},
};
use prometheus::IntCounter;
use surv_tenancy::db::noting_commits;

/// Marks an answer that says so because Postgres rolled back. Put there by [`crate::problem::Problem`].
#[derive(Debug, Clone, Copy)]
pub struct RolledBack;

/// See the module. Counts what it repeats.
#[derive(Debug, Clone)]
pub struct Replay(pub IntCounter);

impl<E: Endpoint> Middleware<E> for Replay {
    type Output = WithReplay<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithReplay { inner, replays: self.0.clone() }
    }
}

#[derive(Debug)]
pub struct WithReplay<E> {
    inner: E,
    replays: IntCounter,
}

impl<E: Endpoint> Endpoint for WithReplay<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        }
        // In memory already: `body_limit` has read it.
        let body = request.take_body().into_bytes().await?;
        let mut again = copy(&request);
        again.set_body(body.clone());
        request.set_body(body);
        let (answer, committed) = noting_commits(self.inner.call(request)).await;
        let answer = answer.map(IntoResponse::into_response);
        if committed || !was_rolled_back(&answer) {
            return answer;
        }
        self.replays.inc();
        tracing::info!("another transaction was preferred; the request is made once more");
        self.inner.call(again).await.map(IntoResponse::into_response)
    }
}

/// All but the body, and but the peer's address: the limits by address have counted the request.
fn copy(request: &Request) -> Request {
    let mut copy = Request::builder().method(request.method().clone()).uri(request.uri().clone()).finish();
    copy.set_version(request.version());
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    copy
}

fn was_rolled_back(answer: &poem::Result<Response>) -> bool {
    match answer {
        Ok(response) => response.status() == StatusCode::SERVICE_UNAVAILABLE && response.data::<RolledBack>().is_some(),
        Err(error) => error.data::<RolledBack>().is_some(),
    }
}
