//! The HTTP API, and nothing else: parse, require, begin, one use case, commit, view.
//!
//! [`build`] is the list of what a request passes; `spec/mod.rs` the list of resources. Rules live in `operations` and
//! `tenancy`, rows are decided by policies.

pub mod caller;
pub mod deps;
pub mod door;
mod doorstep;
pub mod etag;
mod examples;
mod failures;
mod health;
mod inbound;
pub mod json;
pub mod live;
pub mod middleware;
pub mod page;
pub mod problem;
mod resources;
pub mod spec;

use poem::{
    Endpoint, EndpointExt as _, IntoEndpoint as _, Response, Route, get,
    http::Method,
    middleware::{AddData, CookieJarManager, Cors},
    post,
};

pub use deps::{ApiConfig, Deps};
use middleware::{
    body_limit::BodyLimit, framework_errors, one_of_each, own_origin, own_task::OwnTask, replay::Replay,
    request_id::RequestIds, security_headers::SecurityHeaders,
};

/// Every path that is not in the document, and why: the contract test walks these too.
pub const UNPUBLISHED: &[(&str, &str)] = &[
    ("/health", "for the load balancer: the process answers"),
    ("/ready", "for the load balancer: the database answers"),
    ("/metrics", "for Prometheus; kept from the outside by the proxy"),
    ("/openapi.json", "the document itself"),
    ("/docs", "the document for people"),
    ("/inbound/sendgrid", "SendGrid's signed callbacks"),
];

/// The whole API as one endpoint.
pub fn build(deps: Deps) -> impl Endpoint<Output = Response> + use<> {
    let config = deps.config.clone();
    let published = spec::service(&deps).into_endpoint().around_metrics(&deps);
    let origins = config.cors_origins.clone();
    let own_origins = config.own_origins.clone();
    let cors = Cors::new()
        .allow_origins_fn(move |origin| origins.iter().any(|allowed| allowed == origin))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(["authorization", "content-type", "idempotency-key", "if-match", "last-event-id"])
        .expose_headers(["etag", "x-request-id", "retry-after"])
        .max_age(600);
    let mut inbound = Route::new();
    inbound = inbound.at("/sendgrid", post(inbound::receive_sendgrid));
    Route::new()
        .at("/health", get(health::health))
        .at("/ready", get(health::ready))
        .at("/metrics", get(health::metrics))
        .at("/openapi.json", get(health::document))
        .at("/docs", get(health::reference))
        .nest("/inbound", inbound)
        .nest("/", published)
        .with(AddData::new(spec::Published::of(&deps)))
        .with(AddData::new(deps.clone()))
        .with(CookieJarManager::new())
        .with(Replay(deps.metrics.replays.clone()))
        .with(OwnTask(config.request_timeout))
        .with(BodyLimit(config.body_limit_bytes))
        .with(cors)
        .before(|request| std::future::ready(one_of_each::refuse_repeated(request)))
        .before(move |request| std::future::ready(Ok(own_origin::at_home(request, &own_origins))))
        .catch_all_error(|error| async move { framework_errors::answer(error) })
        .with(SecurityHeaders)
        .with(RequestIds(deps.ids().clone()))
        .with(AddData::new(config.trusted_proxies.clone()))
        .map_to_response()
}

trait AroundMetrics: Endpoint + Sized {
    fn around_metrics(self, deps: &Deps) -> middleware::metrics::Counted<Self> {
        use poem::Middleware as _;
        deps.metrics.clone().transform(self)
    }
}

impl<E: Endpoint> AroundMetrics for E {}
