//! A request's work runs in a task of its own.
//!
//! A client that hangs up, or the time limit, stops the waiting and not the work: no transaction is dropped half-way,
//! and what was accepted is finished (bounded by the database's own time limits).

use std::{sync::Arc, time::Duration};

use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use tracing::Instrument as _;

use crate::problem::{Problem, ProblemKind};

/// See the module. The value is how long an answer is waited for.
#[derive(Debug, Clone, Copy)]
pub struct OwnTask(pub Duration);

impl<E: Endpoint + 'static> Middleware<E> for OwnTask {
    type Output = InOwnTask<E>;

    fn transform(&self, inner: E) -> Self::Output {
        InOwnTask { inner: Arc::new(inner), limit: self.0 }
    }
}

#[derive(Debug)]
pub struct InOwnTask<E> {
    inner: Arc<E>,
    limit: Duration,
}

impl<E: Endpoint + 'static> Endpoint for InOwnTask<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let inner = Arc::clone(&self.inner);
        let work = async move { inner.call(request).await.map(IntoResponse::into_response) };
        let task = tokio::spawn(work.in_current_span());
        match tokio::time::timeout(self.limit, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                tracing::error!("a request panicked");
                Err(Problem::new(ProblemKind::Internal).into())
            }
            Err(_) => Err(Problem::new(ProblemKind::OutcomeUnknown).detail("It took too long.").retry_after(2).into()),
        }
    }
}
