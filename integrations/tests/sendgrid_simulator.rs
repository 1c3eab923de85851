//! The client against the simulator: each way a send can end, and the events that follow.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use surv_integrations::sendgrid::event_webhook::{self, Outcome, PublicKey, TOLERANCE};
use surv_integrations::sendgrid::{Address, MailClient, MailError, OutgoingMail, SendgridConfig};
use surv_simulators::sendgrid::{Fault, FaultKind};
use surv_simulators::{Running, SimulatorOptions, Simulators};

const PAT: &str = "pat@example.com";

async fn start() -> (Running, MailClient) {
    let running = Simulators::start(SimulatorOptions::default()).await.expect("starts");
    let client = client(&running.sendgrid_url());
    (running, client)
}

fn client(base_url: &str) -> MailClient {
    let config: SendgridConfig = serde_json::from_value(json!({
        "base_url": base_url, "api_key": "SG.test", "webhook_public_key": "", "timeout_s": 1,
        "from_domains": ["mail.surv.example"],
    }))
    .expect("a section");
    MailClient::new(&config).expect("a client")
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        from: Address::named("billing@mail.surv.example", "Acme Plumbing"),
        to: Address::named(PAT, "Pat Owner"),
        reply_to: None,
        subject: "Invoice INV-42".to_owned(),
        text: "Please pay".to_owned(),
        html: None,
        categories: vec![],
        custom_args: BTreeMap::from([("message".to_owned(), "42".to_owned()), ("tenant".to_owned(), "7".to_owned())]),
        headers: BTreeMap::new(),
        attachments: vec![],
        unsubscribe_group: None,
    }
}

#[tokio::test]
async fn an_accepted_mail_has_the_vendors_id_and_is_sent_once() {
    let (running, client) = start().await;

    let accepted = client.send(&mail()).await.expect("accepted");

    let sent = running.sendgrid().sent_to(PAT);
    assert_eq!((sent.len(), &sent[0].id), (1, &accepted.provider_message_id));
    assert_eq!((sent[0].custom_arg("message"), sent[0].header("X-Entity-Ref-ID")), (Some("42"), Some("42")));
}

#[tokio::test]
async fn a_missing_answer_is_unknown_and_never_sent_again_by_the_client() {
    for (kind, done, sent) in [
        (FaultKind::TimeoutAfterDoing, true, 1),
        (FaultKind::CutConnection, true, 1),
        (FaultKind::CutConnection, false, 0),
        (FaultKind::Status500, true, 1),
        (FaultKind::Status500, false, 0),
    ] {
        let (running, client) = start().await;
        running.sendgrid().fault(Fault { done, ..Fault::once(kind) });

        let error = client.send(&mail()).await.expect_err("no answer");

        assert!(error.may_have_been_sent() && !error.is_transient(), "{kind:?}: {error:?}");
        assert_eq!(running.sendgrid().sent_to(PAT).len(), sent, "{kind:?}");
        assert_eq!(running.sendgrid().send_attempts(), 1, "{kind:?}");
        assert!(!format!("{error} {error:?}").contains(PAT));
    }
}

#[tokio::test]
async fn a_connection_that_died_in_the_pool_is_no_unknown() {
    let (running, client) = start().await;
    client.send(&mail()).await.expect("accepted");
    running.stop().await;

    let error = client.send(&mail()).await.expect_err("nobody there");

    assert!(matches!(error, MailError::Unreachable(_)), "{error:?}");
    assert!(error.is_transient() && !error.may_have_been_sent());
}

#[tokio::test]
async fn a_429_says_how_long_to_wait() {
    let (running, client) = start().await;
    running.sendgrid().fault(Fault { delay_ms: Some(30_000), ..Fault::once(FaultKind::Status429) });

    let error = client.send(&mail()).await.expect_err("limited");

    assert!(matches!(error, MailError::Limited { status: 429, .. }) && error.is_transient());
    let pause = error.retry_after().expect("said").as_secs();
    assert!((29..=31).contains(&pause), "{pause}");
    assert!(running.sendgrid().sent().is_empty());
}

#[tokio::test]
async fn a_refusal_names_the_field_and_is_final() {
    let (_running, client) = start().await;
    // Within our limit, but beyond the vendor's when its JSON is counted.
    let mut mail = mail();
    mail.custom_args.insert("padding".to_owned(), "\"".repeat(6_000));

    let error = client.send(&mail).await.expect_err("refused");

    let MailError::Refused { status: 400, errors } = &error else { panic!("{error:?}") };
    assert_eq!(errors[0].field.as_deref(), Some("personalizations.0.custom_args"));
    assert!(!error.is_transient() && !error.may_have_been_sent());
}

#[tokio::test]
async fn an_invalid_mail_never_leaves() {
    let (running, client) = start().await;
    let evil = OutgoingMail { subject: "Hello\r\nBcc: all@example.com".to_owned(), ..mail() };

    let error = client.send(&evil).await.expect_err("refused");

    assert!(matches!(error, MailError::Invalid { field: "subject", .. }));
    assert_eq!(running.sendgrid().send_attempts(), 0);
}

#[tokio::test]
async fn after_five_failures_in_a_row_the_vendor_is_left_alone() {
    let (running, client) = start().await;
    running.sendgrid().fault(Fault { times: 9, ..Fault::once(FaultKind::Status500) });
    for _ in 0..5 {
        assert!(client.send(&mail()).await.expect_err("fails").may_have_been_sent());
    }

    let error = client.send(&mail()).await.expect_err("suspended");

    assert!(matches!(error, MailError::Suspended { .. }) && error.is_transient());
    assert_eq!(running.sendgrid().send_attempts(), 5);
}

#[tokio::test]
async fn the_bounce_list_is_read_and_mended() {
    let (running, client) = start().await;
    let address = "bounce@example.com";
    assert_eq!(client.find_bounce(address).await.expect("an answer"), None);
    client.send(&OutgoingMail { to: Address::bare(address), ..mail() }).await.expect("accepted");
    assert!(running.sendgrid().settled(Duration::from_secs(10)).await);

    assert_eq!(client.find_bounce(address).await.expect("an answer").expect("listed").status, "5.1.1");
    client.remove_bounce(address).await.expect("removed");
    client.remove_bounce(address).await.expect("removing it again is fine");
    assert_eq!(client.find_bounce(address).await.expect("an answer"), None);
    assert!(client.find_bounce("a@b/../../c").await.is_err());
}

#[tokio::test]
async fn the_simulators_events_verify_and_tell_what_became_of_an_unknown_send() {
    let (running, client) = start().await;
    running.sendgrid().fault(Fault { delay_ms: Some(2_000), ..Fault::once(FaultKind::TimeoutAfterDoing) });
    assert!(client.send(&mail()).await.expect_err("no answer").may_have_been_sent());
    assert!(running.sendgrid().settled(Duration::from_secs(10)).await);
    let sent = running.sendgrid().sent_to(PAT).remove(0);

    let raw = serde_json::to_vec(&sent.events.iter().map(|sent| &sent.event).collect::<Vec<_>>()).expect("JSON");
    let now: DateTime<Utc> = sent.received_at;
    let timestamp = now.timestamp().to_string();
    let key = PublicKey::from_base64(&running.sendgrid().webhook_public_key()).expect("a key");
    let signature = running.sendgrid().sign(&timestamp, &raw);

    assert_eq!(event_webhook::verify(&key, &signature, &timestamp, &raw, now, TOLERANCE), Ok(()));
    let events = event_webhook::parse(&raw, now).expect("a batch");
    assert!(events.iter().all(|event| event.message_id() == Some("42") && event.is_about(&sent.id)));
    assert_eq!(events.iter().filter_map(|event| event.kind.outcome()).max(), Some(Outcome::Delivered));
}
