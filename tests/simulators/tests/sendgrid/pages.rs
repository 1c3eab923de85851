//! The page of mails: complete, searchable, and safe from what mails say.

use serde_json::json;

use super::{LIMIT, get, mail_to, send, send_to, start};

#[tokio::test]
async fn the_list_shows_the_newest_first_and_can_be_searched() {
    let running = start(None).await;
    for address in ["first@example.com", "second@example.com"] {
        send_to(&running, address).await;
    }

    let list = get(&running, "/sendgrid/").await.text().await.expect("text");
    let found = get(&running, "/sendgrid/?to=FIRST&q=inv-42").await.text().await.expect("text");
    let nothing = get(&running, "/sendgrid/?q=receipt").await.text().await.expect("text");

    let place = |text: &str| list.find(text).expect("listed");
    assert!(place("second@example.com") < place("first@example.com"));
    assert!(found.contains("first@example.com") && !found.contains("second@example.com"));
    assert!(nothing.contains("No e-mail fits this search"));
}

#[tokio::test]
async fn each_side_of_a_mail_can_be_seen() {
    let running = start(None).await;
    let id = send_to(&running, "pat@example.com").await;
    assert!(running.sendgrid().settled(LIMIT).await);
    let side = async |name: &str| {
        get(&running, &format!("/sendgrid/mails/{id}?view={name}")).await.text().await.expect("text")
    };

    assert!(
        side("html").await.contains(&format!(r#"<iframe class="mail" sandbox="" src="/sendgrid/mails/{id}/html""#))
    );
    assert!(side("text").await.contains("Please pay: https://portal.surv.example/i/42"));
    assert!(side("events").await.contains("delivered"));
    assert!(side("headers").await.contains("X-Entity-Ref-ID"));
    assert!(side("raw").await.contains("&quot;personalizations&quot;"));
    assert_eq!(get(&running, &format!("/sendgrid/mails/{id}?view=teapot")).await.status(), 400);
    assert_eq!(get(&running, "/sendgrid/mails/none").await.status(), 404);
}

#[tokio::test]
async fn what_a_mail_says_never_becomes_code_of_the_page() {
    let running = start(None).await;
    let evil = r#""><script>alert(1)</script>'"#;
    let mut mail = mail_to("pat@example.com");
    mail["subject"] = json!(evil);
    mail["from"]["name"] = json!(evil);
    mail["personalizations"][0]["to"][0]["name"] = json!(evil);
    mail["personalizations"][0]["custom_args"]["x"] = json!(evil);
    mail["content"][0]["value"] = json!(format!("{evil} http://x.example/{evil}"));
    mail["content"][1]["value"] = json!(format!("<p>hello</p>{evil}"));
    mail["attachments"] = json!([{"content": "QQ==", "filename": evil}]);
    let answer = send(&running, &mail).await.expect("an answer");
    let id = answer.headers()["x-message-id"].to_str().expect("text").to_owned();
    assert!(running.sendgrid().settled(LIMIT).await);

    let mut paths =
        vec!["/sendgrid/".to_owned(), "/sendgrid/?q=%22%3E%3Cscript%3Ealert(1)&to=%22%3E%3Cscript".to_owned()];
    paths.extend(["html", "text", "events", "headers", "raw"].map(|view| format!("/sendgrid/mails/{id}?view={view}")));
    for path in paths {
        let page = get(&running, &path).await;
        let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{path}");
        let html = page.text().await.expect("text");
        assert!(!html.contains("<script") && !html.contains("\"'"), "{path}");
    }

    // The mail itself is shown as it is, where nothing of it can run or load.
    let alone = get(&running, &format!("/sendgrid/mails/{id}/html")).await;
    let policy = alone.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("sandbox; default-src 'none'"));
    assert!(alone.text().await.expect("text").contains("<script>alert(1)</script>"));
}
