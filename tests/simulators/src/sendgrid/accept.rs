//! `POST /v3/mail/send`: checks a request as the vendor does, takes the mail over, or misbehaves.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::error::ReadBodyError;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Addr, Body, IntoResponse, Request, Response, handler};
use serde_json::Value;

use super::faults::{Fault, FaultKind};
use super::handle::SendgridHandle;
use super::refusal::{Complaint, Refusal};
use super::{mail, rules};
use crate::clock;

/// The vendor takes 30 MB with attachments.
const LIMIT: usize = 30 * 1024 * 1024;
/// Longer than any client waits.
const NO_ANSWER: Duration = Duration::from_secs(60);

#[handler]
pub(super) async fn send(request: &Request, body: Body, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    sendgrid.count_attempt();
    let raw = match body.into_bytes_limit(LIMIT).await {
        Ok(raw) => raw,
        Err(ReadBodyError::PayloadTooLarge) => {
            return Refusal::of(413, "content too large").into_response();
        }
        Err(_) => return Refusal::of(400, "Bad Request").into_response(),
    };
    let checked = check(request, &raw, sendgrid);
    let recipients = checked.as_ref().map(mail::recipients).unwrap_or_default();
    match sendgrid.faults().take_for_request(&recipients) {
        Some(fault) => misbehave(&fault, request, checked, sendgrid).await,
        None => take_over(checked, sendgrid),
    }
}

/// Whether the caller shows a key; the refusal if not.
pub(super) fn authorize(request: &Request, sendgrid: &SendgridHandle) -> Result<(), Refusal> {
    let given = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let fits = sendgrid.options().api_key.as_ref().is_none_or(|key| key == given);
    if given.is_empty() || !fits { Err(Refusal::of(401, "authorization required")) } else { Ok(()) }
}

fn check(request: &Request, raw: &[u8], sendgrid: &SendgridHandle) -> Result<Value, Refusal> {
    authorize(request, sendgrid)?;
    let kind = request.header("content-type").unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Refusal::of(415, "Content-Type should be application/json."));
    }
    let mail: Value = serde_json::from_slice(raw).map_err(|_| Refusal::of(400, "Bad Request"))?;
    let problems = rules::problems(&mail);
    if !problems.is_empty() {
        return Err(Refusal::because(400, problems));
    }
    let domain = mail["from"]["email"].as_str().and_then(|email| email.rsplit('@').next()).unwrap_or_default();
    let verified = &sendgrid.options().verified_domains;
    if !verified.is_empty() && !verified.iter().any(|one| one.eq_ignore_ascii_case(domain)) {
        return Err(Refusal::because(403, vec![Complaint::of("from", rules::UNVERIFIED_SENDER)]));
    }
    Ok(mail)
}

fn take_over(checked: Result<Value, Refusal>, sendgrid: &SendgridHandle) -> Response {
    let request = match checked {
        Ok(request) => request,
        Err(refused) => return refused.into_response(),
    };
    let id = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
    match sendgrid.take_over(id, request) {
        Ok(mail) => StatusCode::ACCEPTED.with_header("X-Message-Id", mail.id).into_response(),
        Err(error) => {
            tracing::warn!(%error, "a mail could not be kept");
            Refusal::failure().into_response()
        }
    }
}

async fn misbehave(
    fault: &Fault,
    request: &Request,
    checked: Result<Value, Refusal>,
    sendgrid: &SendgridHandle,
) -> Response {
    match fault.kind {
        FaultKind::Status429 => too_many(fault.delay(Duration::from_secs(1))),
        FaultKind::Status500 => {
            if fault.done {
                take_over(checked, sendgrid);
            }
            Refusal::failure().into_response()
        }
        FaultKind::CutConnection => {
            if fault.done {
                take_over(checked, sendgrid);
            }
            if let Addr::SocketAddr(peer) = **request.remote_addr() {
                sendgrid.scissors().cut(peer);
            }
            // The connection is dead; this only keeps an answer from being tried.
            tokio::time::sleep(NO_ANSWER).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        FaultKind::TimeoutAfterDoing => {
            let late = take_over(checked, sendgrid);
            tokio::time::sleep(fault.delay(NO_ANSWER)).await;
            late
        }
        FaultKind::Slow => {
            tokio::time::sleep(fault.delay(Duration::from_secs(2))).await;
            take_over(checked, sendgrid)
        }
        // Those are taken with the mail, never for a request.
        FaultKind::DuplicateWebhooks
        | FaultKind::DelayWebhooks
        | FaultKind::ReorderWebhooks
        | FaultKind::LoseWebhooks => take_over(checked, sendgrid),
    }
}

fn too_many(pause: Duration) -> Response {
    let reset = clock::now().timestamp() + i64::try_from(pause.as_millis().div_ceil(1000)).unwrap_or(i64::MAX / 2);
    Refusal::of(429, "too many requests")
        .with_header("X-RateLimit-Limit", "600")
        .with_header("X-RateLimit-Remaining", "0")
        .with_header("X-RateLimit-Reset", reset.to_string())
        .into_response()
}
