//! Lists page by page while they grow: whatever was there at the beginning comes exactly once.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use surv_tests::{Company, TestApp, Who};

const ACME: Company = Company::ACME;

fn id_of(item: &Value) -> String {
    // Events have no id but their place.
    let id = item["id"].as_str().or(item["position"].as_str());
    id.expect("an id or a position").to_owned()
}

async fn page(
    app: &TestApp,
    token: &str,
    path: &str,
    limit: usize,
    cursor: Option<&str>,
) -> (Vec<Value>, Option<String>) {
    let mark = if path.contains('?') { '&' } else { '?' };
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let page = app.get(token, &format!("{path}{mark}limit={limit}{cursor}")).expect(200).await;
    let items = page["items"].as_array().expect("items").clone();
    assert!(items.len() <= limit, "{path}: {} items", items.len());
    (items, page["next_cursor"].as_str().map(str::to_owned))
}

/// Adds one of everything that the lists hold, each at a place that nobody knows beforehand.
async fn grow(app: &TestApp, number: usize) {
    let admin = app.token(ACME, Who::Admin);
    let letter = char::from(b'A' + u8::try_from(number * 7 % 26).expect("a letter"));
    let body = json!({ "kind": "person", "name": format!("{letter} Pager {number}"), "email": "pager@example.com" });
    app.post(&admin, "/v1/customers").json(&body).expect(201).await;
    let body = json!({
        "customer_id": ACME.id("customer", 1), "property_id": ACME.id("property", 1), "title": format!("Paged {number}"),
        "visits": [{
            "starts_at": format!("2032-05-{:02}T08:00:00Z", 1 + number * 7 % 28),
            "ends_at": format!("2032-05-{:02}T09:00:00Z", 1 + number * 7 % 28),
        }],
    });
    app.post(&admin, "/v1/jobs").json(&body).expect(201).await;
    let body = json!({ "body": format!("Note {number}"), "visibility": "customer" });
    app.post(&admin, &format!("/v1/jobs/{}/notes", ACME.id("job", 1))).json(&body).expect(201).await;
    let body = json!({ "email": format!("pager{number}@example.com"), "name": "Pager", "role": "technician" });
    app.post(&admin, "/v1/invitations").json(&body).expect(201).await;
    let body = json!({
        "street": format!("Street {number}"), "city": "Vienna", "country": "AT", "time_zone": "Europe/Vienna",
    });
    app.post(&admin, &format!("/v1/customers/{}/properties", ACME.id("customer", 1))).json(&body).expect(201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_comes_once_however_much_is_added_meanwhile() {
    let app = TestApp::start("api_pages").await;
    let mut grown = 0;
    for _ in 0..12 {
        grow(&app, grown).await;
        grown += 1;
    }
    let lists = [
        (Who::Admin, "/v1/customers".to_owned()),
        (Who::Admin, "/v1/customers?sort=name".to_owned()),
        (Who::Admin, "/v1/customers?q=pager".to_owned()),
        (Who::Admin, format!("/v1/customers/{}/properties", ACME.id("customer", 1))),
        (Who::Admin, "/v1/jobs".to_owned()),
        (Who::Admin, "/v1/jobs?state=scheduled".to_owned()),
        (Who::Admin, format!("/v1/jobs/{}/notes", ACME.id("job", 1))),
        (Who::Admin, "/v1/visits?from=2032-05-01T00:00:00Z&to=2032-06-01T00:00:00Z".to_owned()),
        (Who::Admin, "/v1/members".to_owned()),
        (Who::Admin, "/v1/invitations".to_owned()),
        (Who::Admin, "/v1/events/audit".to_owned()),
        (Who::Customer1, "/v1/portal/jobs".to_owned()),
        (Who::Customer1, format!("/v1/portal/jobs/{}/notes", ACME.id("job", 1))),
        (Who::Technician1, "/v1/work/visits?from=2026-12-01T00:00:00Z&to=2026-12-20T00:00:00Z".to_owned()),
    ];
    for (number, (who, path)) in lists.iter().enumerate() {
        let token = app.token(ACME, *who);
        let before: BTreeSet<String> = all(&app, &token, path, 200).await.into_iter().collect();
        let limit = [1, 2, 3, 5][number % 4];
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let (items, next) = page(&app, &token, path, limit, cursor.as_deref()).await;
            seen.extend(items.iter().map(id_of));
            if grown % 3 == 0 && seen.len() < 30 {
                grow(&app, grown).await;
            }
            grown += 1;
            let Some(next) = next else { break };
            assert_eq!(items.len(), limit, "{path}: only the last page is short");
            cursor = Some(next);
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "{path}: something came twice");
        let missed: Vec<_> = before.difference(&once).collect();
        assert!(missed.is_empty(), "{path}: {missed:?} did not come");
    }
}

async fn all(app: &TestApp, token: &str, path: &str, limit: usize) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let (items, next) = page(app, token, path, limit, cursor.as_deref()).await;
        seen.extend(items.iter().map(id_of));
        let Some(next) = next else { return seen };
        cursor = Some(next);
    }
}

/// Any letter of a cursor changed, cut, doubled or from elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_cursor_is_refused_whatever_broke() {
    let app = TestApp::start("api_pages_cursors").await;
    let token = app.token(ACME, Who::Admin);
    let (_, cursor) = page(&app, &token, "/v1/customers", 1, None).await;
    let cursor = cursor.expect("there is more than a page");
    let mut broken: Vec<String> = (0..cursor.len())
        .map(|at| {
            let mut text = cursor.clone();
            text.replace_range(at..=at, if cursor[at..].starts_with('A') { "B" } else { "A" });
            text
        })
        .collect();
    broken.extend((1..cursor.len()).map(|length| cursor[..length].to_owned()));
    broken.extend([format!("{cursor}{cursor}"), format!("{cursor}A"), format!("{cursor}="), "%00".into(), "🦀".into()]);
    broken.push("A".repeat(6_000));
    for text in broken {
        let answer = app.get(&token, &format!("/v1/customers?limit=1&cursor={text}")).send().await;
        answer.assert_problem(400, "invalid-cursor");
    }
    // Given twice, neither is chosen silently.
    let twice = format!("/v1/customers?limit=1&cursor={cursor}&cursor=AAAA");
    let answer = app.get(&token, &twice).send().await;
    assert_eq!(answer.status, 400, "{}", answer.text);
}
