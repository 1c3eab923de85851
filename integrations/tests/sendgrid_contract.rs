//! Our requests against the vendor's own documents and vectors, which live beside the repository.
//!
//! The request is taken off the wire, not out of the client's insides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};
use surv_integrations::sendgrid::event_webhook::{self, PublicKey, TOLERANCE};
use surv_integrations::sendgrid::{Address, Attachment, Disposition, MailClient, OutgoingMail, SendgridConfig};
use surv_simulators::{Schema, contract};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What one request looked like on the wire.
struct Seen {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn contracts() -> PathBuf {
    contract::directory(Path::new(env!("CARGO_MANIFEST_DIR")))
        .expect("shared/contracts beside the repository, or SURV_CONTRACTS")
}

fn vector(name: &str) -> Value {
    let all: Vec<Value> =
        contract::read(&contracts(), "sendgrid/wire.json").expect("wire.json").as_array().expect("a list").clone();
    all.into_iter().find(|vector| vector["name"].as_str().is_some_and(|n| n.starts_with(name))).expect("the vector")
}

fn client(base_url: &str, open_tracking: bool) -> MailClient {
    let config: SendgridConfig = serde_json::from_value(json!({
        "base_url": base_url, "api_key": "SG.vector", "webhook_public_key": "", "timeout_s": 5,
        "from_domains": ["mail.tenant.example"], "open_tracking": open_tracking,
    }))
    .expect("a section");
    MailClient::new(&config).expect("a client")
}

/// The mail that `wire.json` shows.
fn vector_mail() -> OutgoingMail {
    let args = [("tenant", "7"), ("message", "42")];
    OutgoingMail {
        from: Address::named("billing@mail.tenant.example", "Acme Plumbing"),
        to: Address::named("owner@example.com", "Pat Owner"),
        reply_to: Some(Address::bare("r+42@in.surv.example")),
        subject: "Invoice INV-42".to_owned(),
        text: "Please pay".to_owned(),
        html: Some("<p>Please pay</p>".to_owned()),
        categories: vec!["invoice".to_owned()],
        custom_args: args.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        headers: BTreeMap::from([("X-Entity-Ref-ID".to_owned(), "inv_42".to_owned())]),
        attachments: vec![Attachment {
            filename: "INV-42.pdf".to_owned(),
            mime: "application/pdf".to_owned(),
            content: b"%PDF-1.4\n".to_vec(),
            disposition: Disposition::Attachment,
        }],
        unsubscribe_group: Some(11),
    }
}

/// Takes one request and answers it.
async fn take_one(listener: TcpListener, answer: &'static str) -> Seen {
    let (mut socket, _) = listener.accept().await.expect("a connection");
    let mut bytes = Vec::new();
    let (head, start) = loop {
        socket.read_buf(&mut bytes).await.expect("readable");
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break (String::from_utf8(bytes[..end].to_vec()).expect("a head in text"), end + 4);
        }
    };
    let mut lines = head.split("\r\n");
    let mut first = lines.next().expect("a request line").split(' ');
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().expect("a number"));
    while bytes.len() < start + length {
        socket.read_buf(&mut bytes).await.expect("readable");
    }
    socket.write_all(answer.as_bytes()).await.expect("writable");
    let mut next = || first.next().expect("a part of the request line").to_owned();
    Seen { method: next(), path: next(), headers, body: bytes[start..].to_vec() }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base_url = format!("http://{}", listener.local_addr().expect("its address"));
    (listener, base_url)
}

async fn sent(mail: OutgoingMail, open_tracking: bool) -> Seen {
    let (listener, base_url) = listen().await;
    let answer = "HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let client = client(&base_url, open_tracking);
    let (seen, accepted) = tokio::join!(take_one(listener, answer), client.send(&mail));
    assert_eq!(accepted.expect("accepted").provider_message_id, "abc");
    seen
}

fn assert_head(seen: &Seen, vector: &Value) {
    assert_eq!(seen.method, vector["method"]);
    assert_eq!(seen.path, vector["path"]);
    for (name, value) in vector["headers"].as_object().expect("headers") {
        assert_eq!(seen.headers.get(&name.to_lowercase()).map(String::as_str), value.as_str(), "{name}");
    }
}

#[tokio::test]
async fn a_mail_goes_out_exactly_as_the_vendors_vector_shows() {
    let vector = vector("mail send");

    let seen = sent(vector_mail(), true).await;

    assert_head(&seen, &vector);
    let body: Value = serde_json::from_slice(&seen.body).expect("JSON");
    assert_eq!(body, vector["json"]);
}

#[tokio::test]
async fn by_default_opens_are_not_tracked_and_nothing_else_differs_from_the_vector() {
    let mut expected = vector("mail send")["json"].clone();
    expected["tracking_settings"]["open_tracking"] = json!({"enable": false});

    let seen = sent(vector_mail(), false).await;

    let body: Value = serde_json::from_slice(&seen.body).expect("JSON");
    assert_eq!(body, expected);
}

#[tokio::test]
async fn every_shape_of_mail_keeps_the_vendors_schema() {
    let schema = Schema::request_body(
        &contract::read(&contracts(), "sendgrid/mail_v3.json").expect("the document"),
        "/v3/mail/send",
        "post",
    )
    .expect("the schema");
    let plain = OutgoingMail {
        reply_to: None,
        html: None,
        categories: vec![],
        headers: BTreeMap::new(),
        attachments: vec![],
        unsubscribe_group: None,
        to: Address::bare("owner@example.com"),
        ..vector_mail()
    };
    let mut inline = vector_mail();
    inline.attachments[0].disposition = Disposition::Inline { content_id: "logo".to_owned() };

    for (mail, open_tracking) in [(vector_mail(), true), (vector_mail(), false), (plain, false), (inline, false)] {
        let body: Value = serde_json::from_slice(&sent(mail, open_tracking).await.body).expect("JSON");
        assert!(schema.problems(&body).is_empty(), "{:?}", schema.problems(&body));
        // And the check can fail: the schema knows these fields.
        let mut broken = body.clone();
        broken["personalizations"][0]["to"][0]["email"] = json!("nobody");
        broken["content"] = json!("text");
        assert_eq!(schema.problems(&broken).len(), 2);
    }
}

#[tokio::test]
async fn without_a_reference_header_the_message_id_is_the_reference() {
    let seen = sent(OutgoingMail { headers: BTreeMap::new(), ..vector_mail() }, false).await;

    let body: Value = serde_json::from_slice(&seen.body).expect("JSON");
    assert_eq!(body["headers"], json!({"X-Entity-Ref-ID": "42"}));
}

#[tokio::test]
async fn the_bounce_list_is_asked_as_the_vectors_show() {
    let (listener, base_url) = listen().await;
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        [{\"created\": 1443651125, \"email\": \"owner@example.com\", \"reason\": \"550 no such\", \"status\": \"5.1.1\"}]";
    let asking = client(&base_url, false);
    let (seen, bounce) = tokio::join!(take_one(listener, answer), asking.find_bounce("owner@example.com"));
    assert_head(&seen, &vector("suppression: is this"));
    let bounce = bounce.expect("an answer").expect("a bounce");
    assert_eq!((bounce.since, bounce.status.as_str()), (DateTime::from_timestamp(1_443_651_125, 0), "5.1.1"));

    let (listener, base_url) = listen().await;
    let answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    let removing = client(&base_url, false);
    let (seen, removed) = tokio::join!(take_one(listener, answer), removing.remove_bounce("owner@example.com"));
    assert_head(&seen, &vector("suppression: remove"));
    removed.expect("removed");
}

#[test]
fn every_signature_vector_is_judged_as_the_vendor_judges_it() {
    let document = contract::read(&contracts(), "signatures.json").expect("signatures.json");
    let vectors = document["sendgrid"]["vectors"].as_array().expect("vectors");
    assert!(vectors.iter().filter(|vector| vector["valid"] == true).count() >= 3);
    assert!(vectors.iter().filter(|vector| vector["valid"] == false).count() >= 5);

    for vector in vectors {
        let text = |name: &str| vector[name].as_str().expect("text");
        let key = PublicKey::from_base64(text("public_key")).expect("a key");
        let (timestamp, payload) = (text("timestamp"), text("payload").as_bytes());
        let now = DateTime::from_timestamp(timestamp.parse().expect("seconds"), 0).expect("in range");
        let judged = |now| event_webhook::verify(&key, text("signature"), timestamp, payload, now, TOLERANCE).is_ok();

        assert_eq!(judged(now), vector["valid"], "{}", text("name"));
        assert!(!judged(now + TOLERANCE + TimeDelta::seconds(1)), "too late: {}", text("name"));
        if vector["valid"] == true {
            event_webhook::parse(payload, now).expect("a batch");
        }
    }
}
