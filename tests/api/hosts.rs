//! Whatever a request says about the host that it was sent to: links lead to our own sites, answers don't repeat it.

use serde_json::json;
use surv_tests::{Company, OWN_ORIGIN, TestApp, Who};

const ACME: Company = Company::ACME;
const EVIL: &str = "evil.example";

#[tokio::test(flavor = "multi_thread")]
async fn links_in_mails_lead_to_our_own_sites_whatever_host_was_asked() {
    let app = TestApp::start("api_hosts").await;
    let admin = app.token(ACME, Who::Admin);
    let mut superuser = app.database.superuser().await;
    sqlx::query("DELETE FROM tasks").execute(&mut superuser).await.expect("the database answers");
    let requests = [
        (None, "/v1/auth/password-reset", json!({ "email": "user3@company1.example" })),
        (None, "/v1/auth/code", json!({ "email": "user6@company1.example", "company": "company-1" })),
        (
            None,
            "/v1/auth/sign-up",
            json!({
                "email": "new@hosts.example", "password": "correct horse battery", "name": "New", "company": "New",
                "slug": "hosts", "time_zone": "Europe/Vienna",
            }),
        ),
        (
            Some(&admin),
            "/v1/invitations",
            json!({ "email": "invited@hosts.example", "name": "Invited", "role": "technician" }),
        ),
        (Some(&admin), "/v1/links", json!({ "job_id": ACME.id("job", 1), "user_id": ACME.user(Who::Customer1) })),
    ];
    for (token, path, body) in &requests {
        let call = app.call(&poem::http::Method::POST, path).json(body);
        let call = call.header("host", EVIL).header("x-forwarded-host", EVIL).header("x-forwarded-proto", "gopher");
        let call = call.header("forwarded", "host=evil.example").header("x-original-host", EVIL);
        let call = if let Some(token) = token { call.token(token) } else { call };
        let answer = call.send().await;
        assert!(answer.is_success(), "{path}: {} {}", answer.status, answer.text);
        assert!(!answer.text.contains(EVIL) && !format!("{:?}", answer.headers).contains(EVIL), "{answer:?}");
    }

    let mails: Vec<String> = sqlx::query_scalar("SELECT payload::text FROM tasks WHERE kind = 'send_email'")
        .fetch_all(&mut superuser)
        .await
        .expect("the database answers");
    assert_eq!(mails.len(), requests.len(), "{mails:?}");
    for mail in mails {
        assert!(!mail.contains(EVIL) && !mail.contains("gopher"), "{mail}");
        let leads_home =
            mail.contains(&format!("\"{OWN_ORIGIN}/")) || mail.contains("\"http://company-1.localhost:7400/");
        assert!(leads_home, "{mail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_or_refusal_does_not_repeat_the_host() {
    let app = TestApp::start("api_hosts").await;
    for path in ["/", "/docs", "/openapi.json", "/health", "/v1/customers", "/.//evil.example/", "/%2f%2fevil.example"]
    {
        for host in [EVIL, "evil.example:80", "[::1]", "localhost.evil.example"] {
            let call = app.call(&poem::http::Method::GET, "/").header("host", host);
            let call = if path == "/" { call } else { app.call(&poem::http::Method::GET, path).header("host", host) };
            let answer = call.header("x-forwarded-host", EVIL).send().await;
            assert!(!answer.text.contains(EVIL), "{path}: {}", answer.text);
            assert!(answer.header("location").is_empty(), "{path} leads to {}", answer.header("location"));
        }
    }
}
