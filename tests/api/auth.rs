//! Whom the API lets in, and from when on no more.

use std::time::Duration;

use futures_util::future::join_all;
use poem::http::Method;
use serde_json::{Value, json};
use surv_tests::{Answer, Call, Company, TestApp, Who};
use tokio::time::sleep;
use uuid::Uuid;

const ACME: Company = Company::ACME;

/// # Panics
/// When the database does not answer.
async fn set(app: &TestApp, sql: &'static str, user_id: Uuid) {
    let mut superuser = app.database.superuser().await;
    let done = sqlx::query(sql).bind(ACME.tenant_id()).bind(user_id).execute(&mut superuser).await;
    assert_eq!(done.expect("the database answers").rows_affected(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_alone_changes_nothing() {
    let app = TestApp::start("api_auth").await;
    let cookie = format!("__Host-surv_access={}", app.token(ACME, Who::Manager));
    let post = || {
        let call = app.call(&Method::POST, "/v1/customers").header("cookie", &cookie);
        call.json(&json!({ "kind": "person", "name": "Cross" }))
    };
    let get = app.call(&Method::GET, "/v1/customers").header("cookie", &cookie);
    get.expect(200).await;
    post().refused(403, "cross-site").await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        post().header("x-surv-csrf", "1").header("origin", origin).refused(403, "cross-site").await;
    }
    post().header("x-surv-csrf", "1").header("sec-fetch-site", "cross-site").refused(403, "cross-site").await;
    let form = app.call(&Method::POST, "/v1/customers").header("cookie", &cookie);
    let form = form.body("text/plain", "{}").send().await;
    assert!(matches!(form.status, 403 | 415), "{}", form.text);
    // Our own pages: browsers name them in every POST.
    for origin in ["http://127.0.0.1:7400", app.origin().as_str()] {
        let own = post().header("x-surv-csrf", "1").header("sec-fetch-site", "same-origin");
        own.header("origin", origin).key("cross").expect(201).await;
    }

    let found = app.get(&app.token(ACME, Who::Manager), "/v1/customers?q=cross").expect(200).await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "only the last was carried out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_by_cookie_is_new_kept_from_scripts_and_ends() {
    let app = TestApp::start("api_auth").await;
    let password = "correct horse battery staple";
    let hash = app.deps.identity.hasher.hash(&password.to_owned().into()).await.expect("a hash");
    let mut superuser = app.database.superuser().await;
    sqlx::query("UPDATE users SET password_hash = $2 WHERE user_id = $1")
        .bind(ACME.user(Who::Technician2))
        .bind(hash)
        .execute(&mut superuser)
        .await
        .expect("the database answers");
    let log_in = |password: &str| {
        let email = "user4@company1.example";
        let call = app.call(&Method::POST, "/v1/auth/log-in").header("x-surv-csrf", "1");
        call.json(&json!({ "email": email, "password": password, "company": "company-1", "session": "cookie" })).send()
    };
    log_in("not the right password").await.assert_problem(401, "wrong-credentials");
    let (first, second) = (log_in(password).await, log_in(password).await);
    first.json(200);
    assert!(!first.text.contains("refresh_token"), "cookies hold the tokens: {}", first.text);
    let cookies = |answer: &surv_tests::Answer| -> Vec<String> {
        let all = answer.headers.get_all("set-cookie").iter();
        all.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
    };
    assert_eq!(cookies(&first).len(), 2);
    for cookie in cookies(&first) {
        for flag in ["__Host-surv_", "Path=/", "HttpOnly", "Secure", "SameSite="] {
            assert!(cookie.contains(flag), "{flag} in {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    let access = |answer: &surv_tests::Answer| {
        let found = cookies(answer).into_iter().find(|cookie| cookie.starts_with("__Host-surv_access="));
        found.and_then(|cookie| cookie.split(';').next().map(str::to_owned)).expect("an access cookie")
    };
    assert_ne!(access(&first), access(&second));
    let list = |cookie: String| app.call(&Method::GET, "/v1/sessions").header("cookie", &cookie);
    list(access(&first)).expect(200).await;
    let out = app.call(&Method::POST, "/v1/sessions/log-out").header("cookie", &access(&first));
    out.header("x-surv-csrf", "1").expect(204).await;
    assert_eq!(list(access(&first)).send().await.status, 401);
    list(access(&second)).expect(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_descends_from_a_revoked_token_is_revoked() {
    let app = TestApp::start("api_auth").await;
    let other_process = app.another();
    let parent = app.token_of_new_session(ACME, Who::Customer1).await;
    let child = TestApp::for_job(&parent, ACME.id("job", 1));
    let grandchild = TestApp::for_job(&child, ACME.id("job", 1));
    let list = |app: &TestApp, token: &str| app.get(token, "/v1/portal/jobs");
    for token in [&parent, &child, &grandchild] {
        list(&app, token).expect(200).await;
        list(&other_process, token).expect(200).await;
    }
    let revoke = |token: &str| {
        let call = app.post(&app.token(ACME, Who::Admin), "/v1/tokens/revoke");
        call.json(&json!({ "token": token }))
    };
    revoke(&child).expect(204).await;
    for app in [&app, &other_process] {
        list(app, &parent).expect(200).await;
        list(app, &child).refused(401, "session-ended").await;
        list(app, &grandchild).refused(401, "session-ended").await;
    }
    // Narrowed after it was revoked.
    let late = TestApp::for_job(&child, ACME.id("job", 4));
    list(&app, &late).refused(401, "session-ended").await;
    revoke(&parent).expect(204).await;
    list(&other_process, &parent).refused(401, "session-ended").await;
    revoke("garbage").refused(422, "invalid-fields").await;
    let foreign = app.token(Company::RIVAL, Who::Admin);
    assert!((400..500).contains(&revoke(&foreign).send().await.status), "not the other company's");
    app.get(&foreign, "/v1/customers").expect(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demotion_and_a_disabled_log_in_count_at_once() {
    let app = TestApp::start("api_auth_members").await;
    let (admin, manager) = (app.token(ACME, Who::Admin), app.token(ACME, Who::Manager));
    let customer = app.token(ACME, Who::Customer1);
    app.get(&manager, "/v1/customers").expect(200).await;
    app.get(&customer, "/v1/portal/jobs").expect(200).await;

    let path = format!("/v1/members/{}", ACME.user(Who::Manager));
    let version = |member: &Value| member["version"].as_i64().expect("a version");
    let member = app.get(&admin, &path).expect(200).await;
    let change = app.patch(&admin, &path).version(version(&member));
    change.json(&json!({ "role": "technician" })).expect(200).await;
    assert_eq!(app.get(&manager, "/v1/customers").send().await.status, 401);

    set(
        &app,
        "UPDATE customer_users SET state = 'disabled' WHERE tenant_id = $1 AND user_id = $2 AND state = 'active'",
        ACME.user(Who::Customer1),
    )
    .await;
    let after = app.get(&customer, "/v1/portal/jobs").send().await;
    assert!(after.status == 401 || after.without_instance().1["items"] == json!([]), "{}", after.text);

    set(
        &app,
        "UPDATE members SET state = 'disabled' WHERE tenant_id = $1 AND user_id = $2",
        ACME.user(Who::Technician1),
    )
    .await;
    let work = app
        .get(&app.token(ACME, Who::Technician1), "/v1/work/visits?from=2026-12-01T00:00:00Z&to=2026-12-09T00:00:00Z");
    assert_eq!(work.send().await.status, 401);
}

/// Again while the API has more passwords to hash than it will queue.
async fn until_free(call: impl Fn() -> Call) -> Answer {
    loop {
        let answer = call().send().await;
        if answer.status != 503 {
            return answer;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_repeated_under_its_key_is_the_first_one() {
    let app = TestApp::start("api_auth_keys").await;
    let password = "correct horse battery staple";
    let hash = app.deps.identity.hasher.hash(&password.to_owned().into()).await.expect("a hash");
    let mut superuser = app.database.superuser().await;
    sqlx::query("UPDATE users SET password_hash = $2 WHERE user_id = $1")
        .bind(ACME.user(Who::Technician2))
        .bind(hash)
        .execute(&mut superuser)
        .await
        .expect("the database answers");
    let log_in = |password: &str| {
        let body = json!({ "email": "user4@company1.example", "password": password, "company": "company-1" });
        app.call(&Method::POST, "/v1/auth/log-in").key("log-in-1").json(&body)
    };
    let mut tokens = std::collections::BTreeSet::new();
    for answer in join_all((0..2).map(|_| until_free(|| log_in(password)))).await {
        let answer = answer.json(200);
        tokens.insert(answer["refresh_token"].as_str().expect("a token").to_owned());
    }
    assert_eq!(tokens.len(), 1, "one session, whoever was first");
    until_free(|| log_in("another password than that")).await.assert_problem(422, "idempotency-key-reused");

    let refresh_token = tokens.into_iter().next().expect("one");
    let refresh = |key: &str| {
        let call = app.call(&Method::POST, "/v1/auth/refresh").key(key);
        call.json(&json!({ "refresh_token": refresh_token }))
    };
    let at_once: Vec<_> = (0..6).map(|_| tokio::spawn(refresh("r1").send())).collect();
    let mut heirs = std::collections::BTreeSet::new();
    let mut access = String::new();
    for answer in at_once {
        let answer = answer.await.expect("an answer").json(200);
        heirs.insert(answer["refresh_token"].as_str().expect("a token").to_owned());
        access = answer["access_token"].as_str().expect("a token").to_owned();
    }
    assert_eq!(heirs.len(), 1);

    // Kept secrets are for a session that stands; a log-out that is repeated is no fault.
    let begin = || app.post(&access, "/v1/sessions/second-factor").key("totp");
    let first = begin().expect(200).await;
    assert_eq!(begin().expect(200).await, first);
    for _ in 0..2 {
        app.post(&access, "/v1/sessions/log-out").key("out").expect(204).await;
    }
    assert_eq!(begin().send().await.status, 401);
    refresh("r2").send().await.assert_problem(401, "session-ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_becomes_a_cookie_that_opens_as_much_and_no_more() {
    let app = TestApp::start("api_auth_links").await;
    let (own, other) = (ACME.id("job", 1), ACME.id("job", 4));
    let link = app.link(ACME, own).await;
    let open = |token: &str| {
        let call = app.call(&Method::POST, "/v1/auth/link").header("x-surv-csrf", "1");
        call.json(&json!({ "token": token }))
    };
    app.call(&Method::POST, "/v1/auth/link").json(&json!({ "token": link })).refused(403, "cross-site").await;
    let answer = open(&link).send().await;
    assert_eq!(answer.json(200)["job_ids"], json!([own]));
    assert!(!answer.text.contains(&link), "the token is in the cookie only");
    let set = answer.header("set-cookie").to_owned();
    for flag in ["__Host-surv_access=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"] {
        assert!(set.contains(flag), "{flag} in {set}");
    }
    let cookie = set.split(';').next().expect("a cookie").to_owned();
    let get = |path: &str| app.call(&Method::GET, path).header("cookie", &cookie);
    let jobs = get("/v1/portal/jobs").expect(200).await;
    assert_eq!(jobs["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(jobs["items"][0]["id"], json!(own));
    get(&format!("/v1/portal/jobs/{other}")).refused(404, "not-found").await;
    get("/v1/sessions").send().await.assert_problem(403, "forbidden");

    // A log-in's token is no link, and a link that was taken back is none any more.
    open(&app.token(ACME, Who::Customer1)).refused(410, "link-ended").await;
    open("garbage").refused(410, "link-ended").await;
    set_all(
        &app,
        "UPDATE sessions SET ended_at = now(), ended_reason = 'revoked' WHERE tenant_id = $1 AND kind = 'link'",
    )
    .await;
    open(&link).refused(410, "link-ended").await;
    get("/v1/portal/jobs").refused(401, "session-ended").await;
}

/// # Panics
/// When the database does not answer.
async fn set_all(app: &TestApp, sql: &'static str) {
    let mut superuser = app.database.superuser().await;
    sqlx::query(sql).bind(ACME.tenant_id()).execute(&mut superuser).await.expect("the database answers");
}
