//! Tests of the event webhook. The vendor's vectors are in `tests/sendgrid_contract.rs`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey;

use super::*;

const BODY: &[u8] = b"[{\"event\":\"processed\"}]\r\n";
const SIGNED_AT: i64 = 1_790_000_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(SIGNED_AT, 0).expect("in range")
}

/// A key of this test, the same in every run.
fn signing_key() -> SigningKey {
    SecretKey::from_slice(&[7; 32]).expect("a scalar").into()
}

fn public_key() -> PublicKey {
    let der = signing_key().verifying_key().to_public_key_der().expect("encodes");
    PublicKey::from_base64(&STANDARD.encode(der.as_bytes())).expect("a key")
}

fn sign(timestamp: &str, body: &[u8]) -> String {
    let signature: Signature = signing_key().sign(&[timestamp.as_bytes(), body].concat());
    STANDARD.encode(signature.to_der())
}

fn check(signature: &str, timestamp: &str, body: &[u8], now: DateTime<Utc>) -> Result<(), Forged> {
    verify(&public_key(), signature, timestamp, body, now, TOLERANCE)
}

#[test]
fn a_batch_signed_just_now_is_believed() {
    let timestamp = SIGNED_AT.to_string();
    assert_eq!(check(&sign(&timestamp, BODY), &timestamp, BODY, now()), Ok(()));
}

#[test]
fn an_old_batch_and_one_from_the_future_are_refused_though_well_signed() {
    let timestamp = SIGNED_AT.to_string();
    let signature = sign(&timestamp, BODY);

    assert_eq!(check(&signature, &timestamp, BODY, now() + TOLERANCE), Ok(()));
    for shift in [TimeDelta::seconds(301), TimeDelta::seconds(-301), TimeDelta::days(400)] {
        assert_eq!(check(&signature, &timestamp, BODY, now() + shift), Err(Forged::Old));
    }
}

#[test]
fn a_changed_body_timestamp_or_signature_is_refused() {
    let timestamp = SIGNED_AT.to_string();
    let signature = sign(&timestamp, BODY);

    assert_eq!(check(&signature, &timestamp, b"[]", now()), Err(Forged::Signature));
    assert_eq!(check(&signature, "1790000001", BODY, now()), Err(Forged::Signature));
    for wrong in ["", "AAAA", "not base64!", &signature[..20], &signature.to_lowercase()] {
        assert_eq!(check(wrong, &timestamp, BODY, now()), Err(Forged::Signature), "{wrong}");
    }
    for wrong in
        ["", "+1790000000", " 1790000000", "1790000000.0", "99999999999999999999", "9999999999999999", "-1", "now"]
    {
        assert_eq!(check(&sign(wrong, BODY), wrong, BODY, now()), Err(Forged::Timestamp), "{wrong}");
    }
}

#[test]
fn a_key_of_another_kind_is_refused() {
    for wrong in ["", "AAAA", "not base64!", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="] {
        assert_eq!(PublicKey::from_base64(wrong).err(), Some(Forged::Key), "{wrong}");
    }
}

#[test]
fn every_field_of_an_event_finds_its_place() {
    let raw = br#"[{"email":"owner@example.com","timestamp":1789999990,"smtp-id":"<1@x>","event":"bounce","type":"bounce",
        "bounce_classification":"Invalid Address","reason":"550 5.1.1","status":"5.1.1","sg_event_id":"Ym91","category":["invoice"],
        "sg_message_id":"abc.def.filter1","tenant":"7","message":"42","number":5}]"#;

    let events = parse(raw, now()).expect("a batch");

    let custom_args = [("message", "42"), ("number", "5"), ("tenant", "7")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let expected = DeliveryEvent {
        sg_event_id: "Ym91".to_owned(),
        kind: EventKind::Bounce,
        at: DateTime::from_timestamp(1_789_999_990, 0).expect("in range"),
        email: Some("owner@example.com".to_owned()),
        sg_message_id: Some("abc.def.filter1".to_owned()),
        reason: Some("550 5.1.1".to_owned()),
        custom_args: custom_args.into(),
    };
    assert_eq!(events, [expected]);
    assert_eq!(events[0].message_id(), Some("42"));
    assert!(!format!("{events:?}").contains("owner@example.com"));
}

#[test]
fn unknown_kinds_fields_and_shapes_pass() {
    let raw =
        br#"[{"event":"teleported","brand_new":{"a":[1]},"sg_event_id":"e1"}, 5, null, {"timestamp":"1790000000"},
        {"event":"bounce","type":"blocked","timestamp":-99999999999999999}, {"sg_event_id":"","event":7}]"#;

    let events = parse(raw, now()).expect("a batch");

    let kinds: Vec<_> = events.iter().map(|event| event.kind.clone()).collect();
    let other = |text: &str| EventKind::Other(text.to_owned());
    assert_eq!(kinds, [other("teleported"), other(""), EventKind::Blocked, other("")]);
    assert!(events.iter().all(|event| event.at == now() && event.custom_args.is_empty()));
    assert!(parse(b"{}", now()).is_err() && parse(b"", now()).is_err());
}

#[test]
fn an_event_without_an_id_gets_the_same_one_each_time_and_another_event_another() {
    let id = |raw: &[u8]| parse(raw, now()).expect("a batch")[0].sg_event_id.clone();

    assert_eq!(id(br#"[{"event":"open","timestamp":1}]"#), id(br#"[{"event":"open","timestamp":1}]"#));
    assert_ne!(id(br#"[{"event":"open","timestamp":1}]"#), id(br#"[{"event":"open","timestamp":2}]"#));
}

#[test]
fn a_second_copy_is_told_from_the_send_that_was_recorded() {
    let of = |id: &str| DeliveryEvent {
        sg_message_id: Some(id.to_owned()),
        ..parse(b"[{}]", now()).expect("a batch").remove(0)
    };

    assert!(of("abc.def.filter1").is_about("abc"));
    assert!(of("abc.def.filter1").is_about("abc.def"));
    assert!(of("abc").is_about("abc"));
    assert!(!of("abcd.filter1").is_about("abc"));
    assert!(!of("abc.filter1").is_about(""));
}

#[test]
fn the_outcome_does_not_depend_on_the_order_of_events() {
    let outcome = |kinds: &[EventKind]| kinds.iter().filter_map(EventKind::outcome).max();
    use EventKind::{Bounce, Deferred, Delivered, Processed};

    assert_eq!(outcome(&[Delivered, Processed, Deferred]), Some(Outcome::Delivered));
    assert_eq!(outcome(&[Processed, Deferred, Delivered]), Some(Outcome::Delivered));
    assert_eq!(outcome(&[Bounce, Delivered, Processed]), Some(Outcome::Failed));
    assert_eq!(outcome(&[EventKind::Other("new".to_owned())]), None);
}
