//! What happens to a mail after it was taken over, and how its webhooks go out, for better or worse.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::faults::{Fault, FaultKind};
use super::handle::{Pending, SendgridHandle};
use super::mail::SentMail;
use super::store::BouncedAddress;
use crate::clock;

/// Lets the events of a mail happen one step after the other, and posts each step as a batch.
pub(super) async fn run(sendgrid: SendgridHandle, mail: SentMail, faults: Vec<Fault>, pending: Pending) {
    let ordered = |kind: FaultKind| faults.iter().find(|fault| fault.kind == kind);
    if let Some(fault) = ordered(FaultKind::DelayWebhooks) {
        tokio::time::sleep(fault.delay(Duration::from_secs(2))).await;
    }
    let fates: Vec<(String, Vec<Step>)> = mail.to().into_iter().map(|to| (to.clone(), fate(&sendgrid, &to))).collect();
    let length = fates.iter().map(|(_, steps)| steps.len()).max().unwrap_or(0);
    let mut batches = Vec::new();
    for n in 0..length {
        tokio::time::sleep(sendgrid.options().event_delay).await;
        let batch: Vec<Value> = fates.iter().filter_map(|(to, steps)| Some(event(&mail, to, steps.get(n)?))).collect();
        note(&sendgrid, &mail, &batch);
        batches.push(batch);
        if ordered(FaultKind::ReorderWebhooks).is_none() {
            deliver(&sendgrid, &mail, batches.drain(..), &faults).await;
        }
    }
    deliver(&sendgrid, &mail, batches.into_iter().rev(), &faults).await;
    drop(pending);
}

/// One step of a mail's fate: the event's kind and what it says beside the usual.
struct Step {
    kind: &'static str,
    further: Value,
}

fn fate(sendgrid: &SendgridHandle, to: &str) -> Vec<Step> {
    let step = |kind, further| Step { kind, further };
    let processed = || step("processed", json!({}));
    let delivered = || step("delivered", json!({"response": "250 OK", "tls": 1}));
    let refused = |kind: &str| {
        let (status, class) = if kind == "bounce" { ("5.1.1", "Invalid Address") } else { ("4.7.1", "Reputation") };
        let reason =
            format!("{} {status} the receiving server refused this mail", if kind == "bounce" { 550 } else { 421 });
        step("bounce", json!({"type": kind, "status": status, "reason": reason, "bounce_classification": class}))
    };
    let local = to.split(['@', '+']).next().unwrap_or_default().to_lowercase();
    if sendgrid.store().bounce(to).is_some() {
        return vec![step("dropped", json!({"reason": "Bounced Address", "status": "5.0.0"}))];
    }
    match local.as_str() {
        "silent" => vec![],
        "drop" => vec![step("dropped", json!({"reason": "Unsubscribed Address"}))],
        "bounce" => vec![processed(), refused("bounce")],
        "blocked" => vec![processed(), refused("blocked")],
        "defer" => {
            vec![processed(), step("deferred", json!({"response": "451 try again later", "attempt": "1"})), delivered()]
        }
        "open" => {
            vec![processed(), delivered(), step("open", json!({"useragent": "Simulated/1.0", "ip": "192.0.2.1"}))]
        }
        "spam" => vec![processed(), delivered(), step("spamreport", json!({}))],
        _ => vec![processed(), delivered()],
    }
}

/// The event as it is posted: the vendor's fields, with the custom arguments beside them.
fn event(mail: &SentMail, to: &str, step: &Step) -> Value {
    let mut event = json!({
        "email": to, "timestamp": clock::now().timestamp(), "event": step.kind,
        "sg_event_id": URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()),
        "sg_message_id": format!("{}.recvd-simulated-1.0", mail.id),
        "smtp-id": format!("<{}@simulated>", mail.id),
    });
    if mail.request["categories"].as_array().is_some_and(|categories| !categories.is_empty()) {
        event["category"] = mail.request["categories"].clone();
    }
    let personalizations = mail.request["personalizations"].as_array().into_iter().flatten();
    let own = |one: &&Value| one["to"].as_array().into_iter().flatten().any(|mailbox| mailbox["email"] == to);
    let args = personalizations.filter(own).filter_map(|one| one["custom_args"].as_object()).flatten();
    for (name, value) in args.chain(step.further.as_object().into_iter().flatten()) {
        event[name] = value.clone();
    }
    event
}

/// Keeps events with their mail, and bounced addresses in their list.
fn note(sendgrid: &SendgridHandle, mail: &SentMail, batch: &[Value]) {
    let mut store = sendgrid.store();
    store.add_events(&mail.id, batch);
    for event in batch.iter().filter(|event| event["event"] == "bounce" && event["type"] == "bounce") {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        store.add_bounce(BouncedAddress {
            created: clock::now().timestamp(),
            email: text("email"),
            reason: text("reason"),
            status: text("status"),
        });
    }
    drop(store);
    sendgrid.changed();
}

async fn deliver(
    sendgrid: &SendgridHandle,
    mail: &SentMail,
    batches: impl Iterator<Item = Vec<Value>>,
    faults: &[Fault],
) {
    let ordered = |kind: FaultKind| faults.iter().any(|fault| fault.kind == kind);
    if ordered(FaultKind::LoseWebhooks) {
        return;
    }
    let copies = if ordered(FaultKind::DuplicateWebhooks) { 2 } else { 1 };
    for batch in batches.filter(|batch| !batch.is_empty()) {
        for _ in 0..copies {
            post(sendgrid, mail, &batch).await;
        }
    }
}

/// One try now; if it fails, the others in the background, so that one batch does not hold up the next.
async fn post(sendgrid: &SendgridHandle, mail: &SentMail, batch: &[Value]) {
    if sendgrid.webhook_target().is_none() || try_once(sendgrid, mail, batch).await {
        return;
    }
    let (sendgrid, mail, batch, pending) = (sendgrid.clone(), mail.clone(), batch.to_vec(), sendgrid.begin());
    tokio::spawn(async move {
        let mut tries = 1;
        while let Some(pause) = sendgrid.poster().pause_after(tries) {
            tokio::time::sleep(pause).await;
            if try_once(&sendgrid, &mail, &batch).await {
                break;
            }
            tries += 1;
        }
        drop(pending);
    });
}

/// Whether the receiver answered with 2xx.
async fn try_once(sendgrid: &SendgridHandle, mail: &SentMail, batch: &[Value]) -> bool {
    let Some(target) = sendgrid.webhook_target() else {
        return false;
    };
    let status = sendgrid.poster().post(&target, batch).await;
    sendgrid.store().note_try(&mail.id, batch, status);
    sendgrid.changed();
    status.is_some_and(|status| (200..300).contains(&status))
}
