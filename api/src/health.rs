//! For load balancers, Prometheus and people with a browser. None of it needs a token; none of it says anything
//! about a company.

use std::time::Duration;

use poem::{
    IntoResponse, Response, handler,
    http::{StatusCode, header},
    web::{Data, Html},
};
use surv_tenancy::db::Path;

use crate::{deps::Deps, spec::Published};

/// The process answers.
#[handler]
pub fn health() -> &'static str {
    "ok"
}

/// The database answers within a second: otherwise requests should go elsewhere.
#[handler]
pub async fn ready(deps: Data<&Deps>) -> Response {
    let asked = tokio::time::timeout(Duration::from_secs(1), deps.platform_db.begin(Path::Identity)).await;
    match asked {
        Ok(Ok(_)) => "ready".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response(),
    }
}

#[handler]
pub fn metrics(deps: Data<&Deps>) -> Response {
    deps.metrics.render().with_content_type("text/plain; version=0.0.4").into_response()
}

#[handler]
pub fn document(published: Data<&Published>) -> Response {
    let mut response = published.json.to_string().with_content_type("application/json").into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("public, max-age=300"));
    response
}

/// The reference: a page with its scripts inside, so the policy names what that page needs and no other address.
#[handler]
pub fn reference(published: Data<&Published>) -> Response {
    let mut response = Html(published.html.to_string()).into_response();
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        header::HeaderValue::from_static(
            "default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; frame-ancestors 'none'",
        ),
    );
    response
}
