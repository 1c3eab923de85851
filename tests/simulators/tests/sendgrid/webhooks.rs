//! Event webhooks: signed, complete, repeated until taken, and spoiled on command.

use serde_json::json;
use surv_simulators::sendgrid::{Fault, FaultKind};

use super::receiver::Receiver;
use super::{LIMIT, mail_to, post, send, send_to, start};

#[tokio::test]
async fn each_batch_is_signed_over_its_time_and_its_very_bytes() {
    let (receiver, url) = Receiver::start(0).await;
    let running = start(Some(url)).await;

    let id = send_to(&running, "pat@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);

    let batches = receiver.batches();
    assert_eq!(receiver.kinds(), ["processed", "delivered"]);
    for batch in &batches {
        assert!(batch.is_signed_by(&running.sendgrid().webhook_public_key()));
        assert!(batch.body.ends_with(b"\r\n") && batch.content_type == "application/json");
        let mut changed = batch.clone();
        changed.body.truncate(batch.body.len() - 2);
        assert!(!changed.is_signed_by(&running.sendgrid().webhook_public_key()));
    }
    let event = &batches[0].events()[0];
    assert_eq!(
        (&event["tenant"], &event["message"], &event["email"]),
        (&json!("7"), &json!("42"), &json!("pat@example.com"))
    );
    assert_eq!(event["category"], json!(["invoice"]));
    assert!(event["sg_message_id"].as_str().expect("text").starts_with(&format!("{id}.")));
    assert_ne!(event["sg_event_id"], batches[1].events()[0]["sg_event_id"]);
}

#[tokio::test]
async fn the_local_part_decides_the_fate() {
    let (receiver, url) = Receiver::start(0).await;
    let running = start(Some(url)).await;

    for (local, fate) in [
        ("pat", "processed delivered"),
        ("bounce", "processed bounce"),
        ("blocked+7", "processed bounce"),
        ("drop", "dropped"),
        ("defer", "processed deferred delivered"),
        ("open", "processed delivered open"),
        ("spam", "processed delivered spamreport"),
        ("silent", ""),
    ] {
        let before = receiver.kinds().len();
        send_to(&running, &format!("{local}@example.com")).await;
        assert!(running.sendgrid().settled(LIMIT).await);
        assert_eq!(receiver.kinds()[before..].join(" "), fate, "{local}");
    }
    let blocked: Vec<_> =
        receiver.batches().iter().flat_map(|batch| batch.events()).filter(|e| e["type"] == "blocked").collect();
    assert_eq!(blocked.len(), 1);
    assert_eq!(running.sendgrid().bounces().len(), 1, "only a bounce goes on the list");
}

#[tokio::test]
async fn a_refused_batch_comes_again_with_the_same_event_until_it_is_taken() {
    let (receiver, url) = Receiver::start(3).await;
    let running = start(Some(url)).await;

    send_to(&running, "pat@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);

    let mut kinds = receiver.kinds();
    kinds.sort();
    assert_eq!(kinds, ["delivered", "processed"]);
    let events = &running.sendgrid().sent()[0].events;
    assert_eq!(events.iter().map(|event| event.delivered).sum::<u32>(), 2);
    assert_eq!(events.iter().map(|event| event.tries).sum::<u32>(), 5);
}

#[tokio::test]
async fn duplicated_webhooks_repeat_their_event_ids() {
    let (receiver, url) = Receiver::start(0).await;
    let running = start(Some(url)).await;
    running.sendgrid().fault(Fault::once(FaultKind::DuplicateWebhooks));

    send_to(&running, "pat@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);

    assert_eq!(receiver.kinds(), ["processed", "processed", "delivered", "delivered"]);
    let batches = receiver.batches();
    assert_eq!(batches[0].events(), batches[1].events());
    assert_eq!(running.sendgrid().open_faults(), []);
}

#[tokio::test]
async fn reordered_webhooks_bring_the_last_event_first_and_lost_ones_nothing() {
    let (receiver, url) = Receiver::start(0).await;
    let running = start(Some(url)).await;

    running.sendgrid().fault(Fault::once(FaultKind::ReorderWebhooks));
    send_to(&running, "pat@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);
    assert_eq!(receiver.kinds(), ["delivered", "processed"]);

    running.sendgrid().fault(Fault::once(FaultKind::LoseWebhooks));
    send_to(&running, "pat@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);
    assert_eq!(receiver.kinds().len(), 2);
    let lost = &running.sendgrid().sent()[1];
    assert_eq!((lost.event_kinds(), lost.events[0].tries), (vec!["processed", "delivered"], 0));
}

#[tokio::test]
async fn delayed_webhooks_come_after_the_delay() {
    let (receiver, url) = Receiver::start(0).await;
    let running = start(Some(url)).await;
    running.sendgrid().fault(Fault { delay_ms: Some(400), ..Fault::once(FaultKind::DelayWebhooks) });
    let sent_at = std::time::Instant::now();

    send_to(&running, "pat@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);

    assert!(sent_at.elapsed().as_millis() >= 400);
    assert_eq!(receiver.kinds(), ["processed", "delivered"]);
}

#[tokio::test]
async fn a_target_can_be_set_later_and_any_event_can_be_posted_by_hand() {
    let (receiver, url) = Receiver::start(0).await;
    let running = start(None).await;
    send_to(&running, "pat@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);

    post(&running, "/_control/webhook_target", &json!({"url": url})).await.expect("an answer");
    let answer = post(&running, "/_control/events", &json!([{"event": "teleported"}])).await.expect("an answer");

    assert_eq!(answer.json::<serde_json::Value>().await.expect("JSON"), json!({"status": 204}));
    assert_eq!(receiver.kinds(), ["teleported"]);
    assert!(receiver.batches()[0].is_signed_by(&running.sendgrid().webhook_public_key()));
}

#[tokio::test]
async fn every_recipient_of_a_mail_has_a_fate_of_their_own() {
    let (receiver, url) = Receiver::start(0).await;
    let running = start(Some(url)).await;
    let mut mail = mail_to("pat@example.com");
    mail["personalizations"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"to": [{"email": "drop@example.com"}], "custom_args": {"message": "43"}}));

    assert_eq!(send(&running, &mail).await.expect("an answer").status(), 202);
    assert!(running.sendgrid().settled(LIMIT).await);

    let events: Vec<_> = receiver.batches().iter().flat_map(|batch| batch.events()).collect();
    let seen: Vec<_> = events.iter().map(|event| (event["message"].as_str(), event["event"].as_str())).collect();
    let expected =
        [("42", "processed"), ("43", "dropped"), ("42", "delivered")].map(|(id, kind)| (Some(id), Some(kind)));
    assert_eq!(seen, expected);
}
