//! `/v3/suppression/bounces`: the addresses that get no more mail.

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{IntoResponse, Request, Response, handler};
use serde_json::json;

use super::accept::authorize;
use super::answer;
use super::handle::SendgridHandle;
use super::refusal::Refusal;

#[handler]
pub(super) fn list(request: &Request, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    match authorize(request, sendgrid) {
        Ok(()) => answer(200, &json!(sendgrid.bounces())),
        Err(refused) => refused.into_response(),
    }
}

/// A list of one or none, as the vendor answers it.
#[handler]
pub(super) fn find(request: &Request, Path(email): Path<String>, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    if let Err(refused) = authorize(request, sendgrid) {
        return refused.into_response();
    }
    let found: Vec<_> = sendgrid.store().bounce(&email).cloned().into_iter().collect();
    answer(200, &json!(found))
}

#[handler]
pub(super) fn remove(request: &Request, Path(email): Path<String>, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    if let Err(refused) = authorize(request, sendgrid) {
        return refused.into_response();
    }
    if sendgrid.store().remove_bounce(&email) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Refusal::of(404, "not found").into_response()
    }
}
