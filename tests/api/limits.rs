//! Guessing and stuffing: slowed by account and by address, and the same whether or not the account exists.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;
use surv_api::middleware::rate_limit::{Rate, RateLimits, Rates, TrustedProxies};
use surv_tests::{Answer, Company, TestApp, Who};

const ACME: Company = Company::ACME;
/// Log-ins of one account before it is slowed.
const OF_ACCOUNT: u32 = 5;
/// Anonymous requests of one address.
const OF_ADDRESS: u32 = 20;
const PASSWORD: &str = "correct horse battery staple";

async fn app(purpose: &str, behind_proxy: bool) -> TestApp {
    let app = TestApp::start_with(purpose, |deps| {
        let rate = |burst| Rate { per_minute: 1, burst };
        let many = rate(1_000_000);
        let rates = Rates { address: rate(OF_ADDRESS), account: rate(OF_ACCOUNT), principal: many, company: many };
        deps.limits = RateLimits::new(rates, None);
        if behind_proxy {
            let mut config = (*deps.config).clone();
            config.trusted_proxies = TrustedProxies::new(|peer| peer == IpAddr::V4(Ipv4Addr::LOCALHOST));
            deps.config = config.into();
        }
    });
    let app = app.await;
    let hash = app.deps.identity.hasher.hash(&PASSWORD.to_owned().into()).await.expect("a hash");
    let mut superuser = app.database.superuser().await;
    sqlx::query("UPDATE users SET password_hash = $2 WHERE user_id = $1")
        .bind(ACME.user(Who::Technician2))
        .bind(hash)
        .execute(&mut superuser)
        .await
        .expect("the database answers");
    app
}

/// From somewhere, as a proxy would say.
async fn log_in(app: &TestApp, email: &str, password: &str, from: u32) -> Answer {
    let [_, b, c, d] = from.to_be_bytes();
    let call = app.call(&poem::http::Method::POST, "/v1/auth/log-in");
    let call = call.header("x-forwarded-for", &format!("198.51.100.1, 10.{b}.{c}.{d}"));
    call.json(&json!({ "email": email, "password": password, "company": "company-1" })).send().await
}

fn told(answers: &[Answer]) -> Vec<(u16, serde_json::Value)> {
    answers.iter().map(Answer::without_instance).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_one_account_are_slowed_from_wherever_they_come() {
    let app = app("api_limits_account", true).await;
    let owner = app.token(ACME, Who::Technician2);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for guess in 0..200_u32 {
        // Written in every way that means the same account.
        let email = if guess % 2 == 0 { "user4@company1.example" } else { " USER4@Company1.example " };
        known.push(log_in(&app, email, &format!("guess number {guess}"), guess).await);
        let email = if guess % 2 == 0 { "nobody@company1.example" } else { " NOBODY@Company1.example " };
        unknown.push(log_in(&app, email, &format!("guess number {guess}"), 1_000 + guess).await);
    }

    let (let_through, slowed) = known.split_at(OF_ACCOUNT as usize);
    let_through.iter().for_each(|answer| answer.assert_problem(401, "wrong-credentials"));
    for answer in slowed {
        answer.assert_problem(429, "too-many-requests");
        let seconds: u64 = answer.header("retry-after").parse().expect("seconds to wait");
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    assert_eq!(told(&known), told(&unknown), "nobody learns which accounts there are, nor which are being guessed at");

    // Not even the right password tells anything now; who is logged in stays so.
    log_in(&app, "user4@company1.example", PASSWORD, 9_999).await.assert_problem(429, "too-many-requests");
    app.get(&owner, "/v1/sessions").expect(200).await;
    // Another account is not slowed by it.
    log_in(&app, "user3@company1.example", PASSWORD, 9_998).await.assert_problem(401, "wrong-credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_accounts_tried_from_one_address_are_slowed() {
    let app = app("api_limits_address", false).await;
    let mut let_through = 0;
    for account in 0..1_000_u32 {
        // Nobody believes a stranger's header.
        let answer = log_in(&app, &format!("user{account}@stuffed.example"), "leaked password 1", account).await;
        match answer.status {
            401 => let_through += 1,
            _ => answer.assert_problem(429, "too-many-requests"),
        }
    }
    assert!(let_through <= OF_ADDRESS + 1, "{let_through} were let through");
    assert!(let_through >= OF_ADDRESS, "{let_through} only");
}

/// The answers of the other doors are counted against the same account, and codes and resets against theirs.
#[tokio::test(flavor = "multi_thread")]
async fn asking_for_mail_counts_like_a_guess() {
    let app = app("api_limits_mail", true).await;
    for (path, body) in [
        ("/v1/auth/password-reset", json!({ "email": "user6@company1.example" })),
        ("/v1/auth/code", json!({ "email": "user7@company1.example", "company": "company-1" })),
    ] {
        let mut statuses = Vec::new();
        for number in 0..20_u32 {
            let call = app.call(&poem::http::Method::POST, path).header("x-forwarded-for", &format!("10.9.{number}.1"));
            statuses.push(call.json(&body).send().await.status);
        }
        let passed = statuses.iter().filter(|status| (200..300).contains(*status)).count();
        assert_eq!(passed, OF_ACCOUNT as usize, "{path}: {statuses:?}");
        assert!(statuses[OF_ACCOUNT as usize..].iter().all(|status| *status == 429), "{path}: {statuses:?}");
    }
}
