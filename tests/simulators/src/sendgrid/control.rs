//! What the vendor does not offer: mails as JSON for tests, and orders to misbehave.

use poem::http::StatusCode;
use poem::web::{Data, Json, Path, Query};
use poem::{IntoResponse, Response, handler};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer;
use super::faults::Fault;
use super::handle::SendgridHandle;

#[derive(Deserialize)]
pub(super) struct MailFilter {
    to: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct WebhookTarget {
    url: String,
}

/// Newest first.
#[handler]
pub(super) fn mails(Query(filter): Query<MailFilter>, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    let mails = match &filter.to {
        Some(address) => sendgrid.sent_to(address),
        None => sendgrid.sent(),
    };
    answer(200, &mails.iter().rev().map(super::mail::SentMail::view).collect())
}

#[handler]
pub(super) fn mail(Path(id): Path<String>, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    match sendgrid.store().mail(&id) {
        Some(mail) => answer(200, &mail.view()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[handler]
pub(super) fn forget_mails(Data(sendgrid): Data<&SendgridHandle>) -> StatusCode {
    sendgrid.store().clear_mails();
    StatusCode::NO_CONTENT
}

#[handler]
pub(super) fn add_fault(Json(fault): Json<Fault>, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    sendgrid.fault(fault);
    answer(201, &json!(sendgrid.open_faults()))
}

#[handler]
pub(super) fn faults(Data(sendgrid): Data<&SendgridHandle>) -> Response {
    answer(200, &json!(sendgrid.open_faults()))
}

#[handler]
pub(super) fn clear_faults(Data(sendgrid): Data<&SendgridHandle>) -> StatusCode {
    sendgrid.clear_faults();
    StatusCode::NO_CONTENT
}

#[handler]
pub(super) async fn post_events(Json(events): Json<Vec<Value>>, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    answer(200, &json!({"status": sendgrid.post_events(&events).await}))
}

#[handler]
pub(super) fn set_webhook_target(
    Json(target): Json<WebhookTarget>,
    Data(sendgrid): Data<&SendgridHandle>,
) -> StatusCode {
    sendgrid.set_webhook_target(Some(target.url));
    StatusCode::NO_CONTENT
}

#[handler]
pub(super) fn clear_webhook_target(Data(sendgrid): Data<&SendgridHandle>) -> StatusCode {
    sendgrid.set_webhook_target(None);
    StatusCode::NO_CONTENT
}

#[handler]
pub(super) fn clear_bounces(Data(sendgrid): Data<&SendgridHandle>) -> StatusCode {
    sendgrid.store().clear_bounces();
    StatusCode::NO_CONTENT
}
