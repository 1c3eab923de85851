//! SendGrid's event webhook.

use poem::{Body, IntoResponse as _, Request, Response, handler, http::StatusCode, web::Data};
use surv_integrations::sendgrid::{
    ARG_TENANT,
    event_webhook::{self, DeliveryEvent, SIGNATURE_HEADER, TIMESTAMP_HEADER, TOLERANCE},
};
use surv_tenancy::{
    db::Path,
    inbox::{self, Provider, Received},
};

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
    let payloads: Vec<serde_json::Value> =
        serde_json::from_slice(&raw).map_err(|_| Problem::new(ProblemKind::MalformedBody))?;
    let batch = events.iter().zip(payloads).filter_map(|(event, payload)| received(event, payload)).collect();
    let mut tx = deps.platform_db.begin(Path::Intake).await.map_err(Problem::from)?;
    let counts = inbox::receive(&mut tx, deps.ids(), now, Provider::Sendgrid, batch).await.map_err(Problem::from)?;
    tx.commit().await.map_err(Problem::from)?;
    tracing::debug!(new = counts.new, duplicate = counts.duplicate, "callbacks stored");
    Ok(StatusCode::OK.into_response())
}

/// An event that names a company of ours; anything else is somebody else's and is answered all the same.
fn received(event: &DeliveryEvent, payload: serde_json::Value) -> Option<Received> {
    let tenant_id = event.custom_args.get(ARG_TENANT)?.parse().ok()?;
    Some(Received { tenant_id, event_ref: event.sg_event_id.clone(), payload })
}
