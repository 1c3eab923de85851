//! SendGrid: takes mail, keeps it to be looked at, and reports what became of it by signed webhooks.
//!
//! | address | does |
//! |---|---|
//! | `/sendgrid/v3/mail/send`, `/sendgrid/v3/suppression/bounces[/EMAIL]` | the vendor's API |
//! | `/sendgrid/` | a page with the mails |
//! | `/sendgrid/_mails[?to=ADDRESS]`, `/sendgrid/_mails/ID` | the same as JSON; `DELETE` empties it |
//! | `/sendgrid/_control/faults` | `POST` a [`Fault`], `GET` what is left of them, `DELETE` to behave again |
//! | `/sendgrid/_control/events` | `POST` a JSON array to be signed and sent as webhook events |
//!
//! Local parts that decide what becomes of a mail: `bounce`, `blocked`, `drop`, `defer`, `open`, `spam`,
//! `silent` (no events at all), each also with `+anything` behind it.

mod accept;
mod aftermath;
mod control;
mod faults;
mod handle;
mod mail;
mod pages;
mod refusal;
mod rules;
mod store;
mod suppressions;

use std::time::Duration;

use poem::http::StatusCode;
use poem::{Endpoint, EndpointExt, IntoResponse, Response, Route, delete, get, post};
use serde_json::Value;

pub use faults::{Fault, FaultKind};
pub use handle::SendgridHandle;
pub use mail::{SentEvent, SentMail};
pub use store::BouncedAddress;

use refusal::Refusal;

/// How the simulated vendor is set up.
#[derive(Debug, Clone)]
pub struct SendgridOptions {
    /// The key that clients must show; `None` takes any that is not empty.
    pub api_key: Option<String>,
    /// Where events go; `None` sends none until [`SendgridHandle::set_webhook_target`].
    pub webhook_target: Option<String>,
    /// How long after the acceptance events begin, and how far apart they are.
    pub event_delay: Duration,
    /// The pause after the first failed try of a webhook; it doubles with each further one.
    pub retry_pause: Duration,
    /// Domains that may send; empty means any.
    pub verified_domains: Vec<String>,
    /// How many mails are kept; older ones are thrown away.
    pub keep: usize,
}

impl Default for SendgridOptions {
    fn default() -> Self {
        Self {
            api_key: None,
            webhook_target: None,
            event_delay: Duration::from_millis(30),
            retry_pause: Duration::from_millis(250),
            verified_domains: Vec::new(),
            keep: 5_000,
        }
    }
}

/// Everything below `/sendgrid`.
pub(crate) fn routes(handle: SendgridHandle) -> impl Endpoint {
    let api = Route::new()
        .at("/mail/send", post(accept::send))
        .at("/suppression/bounces", get(suppressions::list))
        .at("/suppression/bounces/:email", get(suppressions::find).delete(suppressions::remove))
        .catch_all_error(|error: poem::Error| async move {
            match error.status() {
                StatusCode::NOT_FOUND => Refusal::of(404, "not found"),
                StatusCode::METHOD_NOT_ALLOWED => Refusal::of(405, "method not allowed"),
                status => Refusal::of(status.as_u16(), "Bad Request"),
            }
        });
    Route::new()
        .nest("/v3", api)
        .at("/", get(pages::list_page))
        .at("/_style.css", get(pages::style_sheet))
        .at("/mails/:id", get(pages::detail_page))
        .at("/mails/:id/html", get(pages::html_page))
        .at("/_mails", get(control::mails).delete(control::forget_mails))
        .at("/_mails/:id", get(control::mail))
        .at("/_control/faults", post(control::add_fault).get(control::faults).delete(control::clear_faults))
        .at("/_control/events", post(control::post_events))
        .at("/_control/webhook_target", post(control::set_webhook_target).delete(control::clear_webhook_target))
        .at("/_control/bounces", delete(control::clear_bounces))
        .data(handle)
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    poem::web::Json(body).with_status(status).into_response()
}
