//! The SendGrid simulator as a client and a webhook receiver see it: over HTTP only.

mod api;
mod contract;
mod faults;
mod pages;
mod persistence;
mod receiver;
mod webhooks;

use std::time::Duration;

use serde_json::{Value, json};
use surv_simulators::sendgrid::SendgridOptions;
use surv_simulators::{Running, SimulatorOptions, Simulators};

/// Ample on a busy machine; no test waits for it unless it fails.
const LIMIT: Duration = Duration::from_secs(20);

/// A simulator whose events come fast, posting them to `target`.
async fn start(target: Option<String>) -> Running {
    let sendgrid = SendgridOptions {
        webhook_target: target,
        event_delay: Duration::from_millis(5),
        retry_pause: Duration::from_millis(20),
        ..SendgridOptions::default()
    };
    Simulators::start(SimulatorOptions { sendgrid, ..SimulatorOptions::default() }).await.expect("starts")
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(LIMIT).build().expect("a client")
}

fn mail_to(address: &str) -> Value {
    json!({
        "from": {"email": "billing@mail.surv.example", "name": "Acme Plumbing"},
        "subject": "Invoice INV-42",
        "personalizations": [{
            "to": [{"email": address, "name": "Pat Owner"}],
            "custom_args": {"tenant": "7", "message": "42"},
        }],
        "content": [
            {"type": "text/plain", "value": "Please pay: https://portal.surv.example/i/42"},
            {"type": "text/html", "value": "<p>Please <a href=\"https://portal.surv.example/i/42\">pay</a></p>"},
        ],
        "categories": ["invoice"],
        "headers": {"X-Entity-Ref-ID": "42"},
    })
}

async fn post(running: &Running, path: &str, body: &Value) -> reqwest::Result<reqwest::Response> {
    let request = http().post(format!("{}{path}", running.sendgrid_url())).bearer_auth("SG.test").json(body);
    request.send().await
}

async fn send(running: &Running, body: &Value) -> reqwest::Result<reqwest::Response> {
    post(running, "/v3/mail/send", body).await
}

async fn send_to(running: &Running, address: &str) -> String {
    let answer = send(running, &mail_to(address)).await.expect("an answer");
    assert_eq!(answer.status(), 202);
    answer.headers()["x-message-id"].to_str().expect("text").to_owned()
}

async fn get(running: &Running, path: &str) -> reqwest::Response {
    let request = http().get(format!("{}{path}", running.base_url())).bearer_auth("SG.test");
    request.send().await.expect("an answer")
}
