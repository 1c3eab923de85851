//! The model resource: keys, versions, cursors and search.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use surv_tests::{Company, TestApp, Who};

const ACME: Company = Company::ACME;
const RIVAL: Company = Company::RIVAL;

async fn app() -> (TestApp, String) {
    let app = TestApp::start("api_customers").await;
    let token = app.token(ACME, Who::Admin);
    (app, token)
}

fn customer(name: &str) -> Value {
    json!({ "kind": "person", "name": name })
}

fn ids(page: &Value) -> BTreeSet<String> {
    page["items"].as_array().into_iter().flatten().map(|item| item["id"].to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_for_one_request_of_one_person() {
    let (app, token) = app().await;
    let post = |body: &Value| app.post(&token, "/v1/customers").key("one").json(body);
    let first = post(&customer("Key")).send().await;
    let again = post(&customer("Key")).send().await;
    assert_eq!(first.json(201), again.json(201));
    assert_eq!(first.header("etag"), again.header("etag"));
    post(&customer("Another")).refused(422, "idempotency-key-reused").await;

    let property = json!({ "street": "S", "city": "C", "country": "AT", "time_zone": "Europe/Vienna" });
    let path = format!("/v1/customers/{}/properties", ACME.id("customer", 1));
    app.post(&token, &path).key("one").json(&property).refused(422, "idempotency-key-reused").await;

    let id = &first.json(201)["id"];
    for (company, who) in [(ACME, Who::Manager), (RIVAL, Who::Admin)] {
        let call = app.post(&app.token(company, who), "/v1/customers").key("one").json(&customer("Key"));
        assert_ne!(&call.expect(201).await["id"], id, "{who:?} has keys of their own");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_with_one_key_have_one_effect() {
    let (app, token) = app().await;
    let other = app.another();
    let calls = (0..20).map(|number| {
        let app = if number % 2 == 0 { &app } else { &other };
        app.post(&token, "/v1/customers").key("twenty").json(&customer("Twentyfold")).send()
    });
    let answers = join_all(calls).await;
    let told: BTreeSet<String> = answers.iter().map(|answer| answer.json(201)["id"].to_string()).collect();
    assert_eq!(told.len(), 1);
    let found = app.get(&token, "/v1/customers?q=twentyfold").expect(200).await;
    assert_eq!(ids(&found), told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_says_what_it_has_seen() {
    let (app, token) = app().await;
    let made = app.post(&token, "/v1/customers").json(&customer("Seen")).send().await;
    let path = format!("/v1/customers/{}", made.json(201)["id"].as_str().unwrap());
    let patch = || app.patch(&token, &path).json(&json!({ "name": "Changed" }));

    patch().refused(428, "precondition-required").await;
    for other in ["\"v7\"", "*", "W/\"v1\"", "nonsense"] {
        patch().header("if-match", other).refused(412, "stale").await;
    }
    let changed = patch().header("if-match", made.header("etag")).send().await;
    assert_eq!(changed.json(200)["name"], "Changed");
    assert_ne!(changed.header("etag"), made.header("etag"));
    patch().header("if-match", made.header("etag")).refused(412, "stale").await;

    // Of many that saw the same version, one wins.
    let calls = (0..8).map(|n| {
        let call = app.patch(&token, &path).header("if-match", changed.header("etag"));
        call.json(&json!({ "name": format!("Racer {n}") })).send()
    });
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 412)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_goes_on_in_its_own_list_only() {
    let (app, token) = app().await;
    let mut seen = BTreeSet::new();
    let mut path = "/v1/customers?limit=1".to_owned();
    let mut first = None;
    loop {
        let page = app.get(&token, &path).expect(200).await;
        for id in ids(&page) {
            assert!(seen.insert(id), "each once");
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        first.get_or_insert_with(|| cursor.to_owned());
        path = format!("/v1/customers?limit=1&cursor={cursor}");
    }
    assert!(seen.len() >= 3);

    let cursor = first.expect("there is more than a page");
    let (rival, manager) = (app.token(RIVAL, Who::Admin), app.token(ACME, Who::Manager));
    let mut flipped = cursor.clone();
    flipped.replace_range(20..21, if cursor[20..].starts_with('A') { "B" } else { "A" });
    for (token, path, cursor) in [
        (&rival, "/v1/customers?", cursor.as_str()),
        (&manager, "/v1/customers?", &cursor),
        (&token, "/v1/customers?sort=name&", &cursor),
        (&token, "/v1/customers?q=customer&", &cursor),
        (&token, "/v1/jobs?", &cursor),
        (&token, "/v1/members?", &cursor),
        (&token, "/v1/customers?", &flipped),
        (&token, "/v1/customers?", "AAAA"),
        (&token, "/v1/customers?", ""),
    ] {
        app.get(token, &format!("{path}cursor={cursor}")).refused(400, "invalid-cursor").await;
    }
    for limit in ["0", "-1", "201", "1000000000"] {
        app.get(&token, &format!("/v1/customers?limit={limit}")).refused(400, "invalid-parameter").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_what_a_look_at_all_of_them_finds() {
    let (app, token) = app().await;
    let names = ["Anna O'Neill", "Annabel Berger", "Bert Anders", "Zoë Ölmann", "Berger & Söhne GmbH", "100% _Rein_"];
    for name in names {
        let body = json!({ "kind": "company", "name": name, "email": "Search.Me@Example.com" });
        app.post(&token, "/v1/customers").json(&body).expect(201).await;
        // The same name at the other company is never found.
        app.post(&app.token(RIVAL, Who::Admin), "/v1/customers").json(&body).expect(201).await;
    }
    let all = app.get(&token, "/v1/customers?limit=200").expect(200).await;
    assert!(all["next_cursor"].is_null(), "all of them are on one page");
    for typed in [
        "anna",
        "an",
        "berger",
        "ber an",
        "oneill",
        "neill o",
        "söhne",
        "ölm zo",
        "rein",
        "100",
        "search",
        "exam",
        "xyz",
        "me sea ann",
    ] {
        let query: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let found = app.get(&token, &format!("/v1/customers?limit=200&q={query}")).expect(200).await;
        let wanted: BTreeSet<String> = all["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|item| typed.split(' ').all(|term| words_of(item).iter().any(|word| word.starts_with(term))))
            .map(|item| item["id"].to_string())
            .collect();
        assert_eq!(ids(&found), wanted, "{typed}");
    }
    app.get(&token, "/v1/customers?q=%25_%27").refused(400, "invalid-parameter").await;
}

/// The words of name and e-mail address, cut at everything that is neither letter nor digit.
fn words_of(item: &Value) -> Vec<String> {
    let text = format!("{} {}", item["name"].as_str().unwrap_or_default(), item["email"].as_str().unwrap_or_default());
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}
