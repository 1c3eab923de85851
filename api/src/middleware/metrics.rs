//! Counts and times of requests, by operation and status: no path, no id, no tenant as a label.

use std::{sync::Arc, time::Instant};

use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use poem_openapi::OperationId;
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, TextEncoder};

/// The process's metrics. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: Arc<IntCounterVec>,
    seconds: Arc<HistogramVec>,
    pub(crate) replays: IntCounter,
}

impl Metrics {
    /// Registers the request metrics.
    ///
    /// # Errors
    /// When they are registered already.
    pub fn new(registry: Registry) -> Result<Self, prometheus::Error> {
        let labels = &["operation", "status"];
        let requests = IntCounterVec::new(Opts::new("surv_http_requests_total", "Requests answered"), labels)?;
        let buckets = vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let options = HistogramOpts::new("surv_http_request_seconds", "Time to the answer").buckets(buckets);
        let seconds = HistogramVec::new(options, &["operation"])?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        let help = "Requests made once more after Postgres had rolled them back";
        let replays = IntCounter::new("surv_http_replays_total", help)?;
        registry.register(Box::new(replays.clone()))?;
        Ok(Self { registry, requests: Arc::new(requests), seconds: Arc::new(seconds), replays })
    }

    /// How many requests were made a second time.
    pub fn replays(&self) -> u64 {
        self.replays.get()
    }

    /// In the text format of Prometheus.
    pub fn render(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

impl<E: Endpoint> Middleware<E> for Metrics {
    type Output = Counted<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Counted { inner, metrics: self.clone() }
    }
}

#[derive(Debug)]
pub struct Counted<E> {
    inner: E,
    metrics: Metrics,
}

impl<E: Endpoint> Endpoint for Counted<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let start = Instant::now();
        let answer = self.inner.call(request).await.map(IntoResponse::into_response);
        let (operation, status) = match &answer {
            Ok(response) => (response.data::<OperationId>().map(|id| id.0), response.status()),
            Err(error) => (error.data::<OperationId>().map(|id| id.0), error.status()),
        };
        let operation = operation.unwrap_or("none");
        self.metrics.requests.with_label_values(&[operation, status.as_str()]).inc();
        self.metrics.seconds.with_label_values(&[operation]).observe(start.elapsed().as_secs_f64());
        answer
    }
}
