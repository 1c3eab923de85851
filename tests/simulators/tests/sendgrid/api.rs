//! The vendor's API: what it takes, what it refuses, and in which words.

use serde_json::{Value, json};
use surv_simulators::sendgrid::SendgridOptions;
use surv_simulators::{SimulatorOptions, Simulators, StartError};

use super::{LIMIT, get, http, mail_to, send, send_to, start};

async fn complaint(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("the vendor's JSON");
    assert!(body["errors"][0]["message"].is_string(), "{body}");
    (status, body["errors"][0]["field"].clone())
}

#[tokio::test]
async fn a_valid_mail_is_accepted_with_an_id_and_can_be_looked_at() {
    let running = start(None).await;

    let id = send_to(&running, "pat@example.com").await;

    let mails = running.sendgrid().sent_to("PAT@example.com");
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].id, id);
    assert_eq!(mails[0].request, mail_to("pat@example.com"));
    assert_eq!((mails[0].subject(), mails[0].custom_arg("message")), ("Invoice INV-42", Some("42")));
    assert_eq!((mails[0].from(), mails[0].header("x-entity-ref-id")), ("billing@mail.surv.example", Some("42")));
    assert_eq!(mails[0].links(), ["https://portal.surv.example/i/42"]);
    assert!(running.sendgrid().sent_to("sam@example.com").is_empty());

    let view: Value = get(&running, "/sendgrid/_mails?to=pat@example.com").await.json().await.expect("JSON");
    assert_eq!((&view[0]["id"], &view[0]["subject"]), (&json!(id), &json!("Invoice INV-42")));
    let nobody: Value = get(&running, "/sendgrid/_mails?to=sam@example.com").await.json().await.expect("JSON");
    assert_eq!(nobody, json!([]));
}

#[tokio::test]
async fn what_the_vendor_refuses_is_refused_in_its_form_and_nothing_is_sent() {
    let running = start(None).await;
    let url = format!("{}/v3/mail/send", running.sendgrid_url());
    let request = || http().post(&url);

    let no_key = request().json(&mail_to("pat@example.com")).send().await.expect("an answer");
    assert_eq!(complaint(no_key).await.0, 401);
    let no_json = request().bearer_auth("SG.x").body("{}").send().await.expect("an answer");
    assert_eq!(complaint(no_json).await.0, 415);
    let broken = request().bearer_auth("SG.x").header("Content-Type", "application/json").body("{").send().await;
    assert_eq!(complaint(broken.expect("an answer")).await, (400, Value::Null));
    let address = send(&running, &mail_to("nobody")).await.expect("an answer");
    assert_eq!(complaint(address).await, (400, json!("personalizations.0.to.0.email")));
    let lost = get(&running, "/sendgrid/v3/messages").await;
    assert_eq!(complaint(lost).await.0, 404);
    let method = get(&running, "/sendgrid/v3/mail/send").await;
    assert_eq!(complaint(method).await.0, 405);

    assert!(running.sendgrid().sent().is_empty());
}

#[tokio::test]
async fn a_mail_of_more_than_30_mb_is_too_large() {
    let running = start(None).await;
    let mut mail = mail_to("pat@example.com");
    mail["attachments"] = json!([{"content": "A".repeat(31 * 1024 * 1024), "filename": "big.bin"}]);

    let answer = send(&running, &mail).await.expect("an answer");

    assert_eq!(complaint(answer).await.0, 413);
}

#[tokio::test]
async fn another_key_and_an_unverified_sender_are_refused_when_the_account_says_so() {
    let sendgrid = SendgridOptions {
        api_key: Some("SG.test".to_owned()),
        verified_domains: vec!["mail.surv.example".to_owned()],
        ..SendgridOptions::default()
    };
    let options = SimulatorOptions { sendgrid, ..SimulatorOptions::default() };
    let running = Simulators::start(options).await.expect("starts");
    send_to(&running, "pat@example.com").await;

    let mut foreign = mail_to("pat@example.com");
    foreign["from"]["email"] = json!("billing@bank.example");
    assert_eq!(complaint(send(&running, &foreign).await.expect("an answer")).await, (403, json!("from")));
    let url = format!("{}/v3/mail/send", running.sendgrid_url());
    let other_key = http().post(url).bearer_auth("SG.other").json(&mail_to("pat@example.com")).send().await;
    assert_eq!(complaint(other_key.expect("an answer")).await.0, 401);
    assert_eq!(running.sendgrid().sent().len(), 1);
}

#[tokio::test]
async fn a_bounced_address_is_listed_dropped_and_can_be_taken_off() {
    let running = start(None).await;
    let path = "/sendgrid/v3/suppression/bounces/bounce+1@example.com";
    let listed = async || get(&running, path).await.json::<Value>().await.expect("JSON");
    assert_eq!(listed().await, json!([]));

    send_to(&running, "bounce+1@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);
    assert_eq!(listed().await[0]["status"], "5.1.1");
    send_to(&running, "bounce+1@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);
    let kinds: Vec<_> = running.sendgrid().sent().iter().map(|mail| mail.event_kinds().join(" ")).collect();
    assert_eq!(kinds, ["processed bounce", "dropped"]);

    let remove = || http().delete(format!("{}{path}", running.base_url())).bearer_auth("SG.test").send();
    assert_eq!(remove().await.expect("an answer").status(), 204);
    assert_eq!(remove().await.expect("an answer").status(), 404);
    assert_eq!(listed().await, json!([]));
    assert_eq!(http().get(format!("{}{path}", running.base_url())).send().await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn only_this_machine_may_listen() {
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let options = SimulatorOptions { listen: address.parse().expect("an address"), ..SimulatorOptions::default() };
        let refused = Simulators::start(options).await;
        assert!(matches!(refused, Err(StartError::NotLoopback(_))), "{address}");
    }
}
