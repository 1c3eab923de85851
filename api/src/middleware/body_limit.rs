//! Bodies are bounded in size and time before anything reads them.
//!
//! poem collects a body without limit, and its own size limit refuses everything without a Content-Length.

use std::time::Duration;

use futures_util::StreamExt as _;
use poem::{Body, Endpoint, IntoResponse, Middleware, Request, Response, http::header};

use crate::problem::{Problem, ProblemKind};

/// How long a client may take to send a body.
const DEADLINE: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

impl<E: Endpoint> Middleware<E> for BodyLimit {
    type Output = WithBodyLimit<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithBodyLimit { inner, limit: self.0 }
    }
}

#[derive(Debug)]
pub struct WithBodyLimit<E> {
    inner: E,
    limit: usize,
}

impl<E: Endpoint> Endpoint for WithBodyLimit<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if request.headers().contains_key(header::CONTENT_ENCODING) {
            return Err(Problem::new(ProblemKind::UnsupportedMediaType)
                .detail("Content codings are not accepted.")
                .into());
        }
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > self.limit) {
            return Err(self.too_large().into());
        }
        let body = request.take_body();
        let bytes = match tokio::time::timeout(DEADLINE, self.collect(body)).await {
            Ok(collected) => collected?,
            Err(_) => return Err(Problem::new(ProblemKind::MalformedBody).detail("The body came too slowly.").into()),
        };
        request.set_body(bytes);
        self.inner.call(request).await.map(IntoResponse::into_response)
    }
}

impl<E> WithBodyLimit<E> {
    fn too_large(&self) -> Problem {
        Problem::new(ProblemKind::BodyTooLarge).detail(format!("At most {} bytes.", self.limit))
    }

    async fn collect(&self, body: Body) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let mut stream = body.into_bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Problem::new(ProblemKind::MalformedBody).detail("The body ended early."))?;
            if bytes.len() + chunk.len() > self.limit {
                return Err(self.too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}
