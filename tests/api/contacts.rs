//! The people to talk to at a customer.

use serde_json::{Value, json};
use surv_tests::{Call, Company, TestApp, Who};
use uuid::Uuid;

const ACME: Company = Company::ACME;

async fn customer(app: &TestApp, name: &str) -> String {
    let call = app.post(&app.token(ACME, Who::Manager), "/v1/customers");
    let customer = call.json(&json!({ "kind": "company", "name": name })).expect(201).await;
    customer["id"].as_str().expect("an id").to_owned()
}

fn add(app: &TestApp, customer: &str, body: &Value) -> Call {
    app.post(&app.token(ACME, Who::Manager), &format!("/v1/customers/{customer}/contacts")).json(body)
}

async fn list(app: &TestApp, customer: &str) -> Vec<Value> {
    let path = format!("/v1/customers/{customer}/contacts");
    let page = app.get(&app.token(ACME, Who::Manager), &path).expect(200).await;
    page["items"].as_array().expect("items").clone()
}

fn primaries(contacts: &[Value]) -> Vec<&str> {
    let primary = contacts.iter().filter(|contact| contact["is_primary"] == true);
    primary.filter_map(|contact| contact["name"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_contact_of_a_customer_is_the_primary_one() {
    let app = TestApp::start("api_contacts").await;
    let customer = customer(&app, "Primary Ltd").await;

    add(&app, &customer, &json!({ "name": "Ann", "is_primary": true })).expect(201).await;
    add(&app, &customer, &json!({ "name": "Bea", "is_primary": true, "title": "caretaker" })).expect(201).await;
    assert_eq!(primaries(&list(&app, &customer).await), ["Bea"]);

    // Two dispatchers at once: one of them is last, and nobody is refused.
    let at_once: Vec<_> = ["Cid", "Dee", "Eli", "Fay"]
        .map(|name| tokio::spawn(add(&app, &customer, &json!({ "name": name, "is_primary": true })).send()))
        .into();
    for answer in at_once {
        answer.await.expect("an answer").json(201);
    }
    let contacts = list(&app, &customer).await;
    assert_eq!((contacts.len(), primaries(&contacts).len()), (6, 1));

    // Whoever is archived is not called first, and not changed.
    let primary = contacts.iter().find(|contact| contact["is_primary"] == true).expect("one");
    let path = format!("/v1/contacts/{}", primary["id"].as_str().expect("an id"));
    let (token, version) = (app.token(ACME, Who::Manager), primary["version"].as_i64().expect("a version"));
    let archived = app.post(&token, &format!("{path}/archive")).version(version).expect(200).await;
    assert_eq!((&archived["state"], &archived["is_primary"]), (&json!("archived"), &json!(false)));
    let change = app.patch(&token, &path).json(&json!({ "name": "Gus" }));
    change.version(version + 1).refused(409, "invalid-transition").await;
    let stale = app.post(&token, &format!("{path}/restore")).version(version);
    stale.refused(412, "stale").await;
    app.post(&token, &format!("{path}/restore")).version(version + 1).expect(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_calls_is_found_by_their_number() {
    let app = TestApp::start("api_contacts").await;
    let customer = customer(&app, "Findable Ltd").await;
    let contact = json!({ "name": "Zora Quill", "phone": "+49 30 901877", "email": "zora@quill.example" });
    let contact = add(&app, &customer, &contact).expect(201).await;
    let token = app.token(ACME, Who::Manager);
    let found = async |q: &str| {
        let page = app.get(&token, &format!("/v1/customers?q={q}")).expect(200).await;
        page["items"].as_array().expect("items").iter().any(|item| item["id"] == json!(customer))
    };
    for q in ["zora", "quill", "%2B4930901877", "findable%20zora"] {
        assert!(found(q).await, "{q}");
    }

    let path = format!("/v1/contacts/{}", contact["id"].as_str().expect("an id"));
    app.patch(&token, &path).version(1).json(&json!({ "name": "Zora Pen" })).expect(200).await;
    assert!(found("pen").await && !found("quill").await && !found("%2B4930901877").await);
    app.post(&token, &format!("{path}/archive")).version(2).expect(200).await;
    assert!(!found("pen").await && found("findable").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn technicians_learn_whom_to_call_at_own_visits_and_no_more() {
    let app = TestApp::start("api_contacts").await;
    let (own, other) = (ACME.id("visit", 1), ACME.id("visit", 2));
    let token = app.token(ACME, Who::Technician1);
    let call = |visit: Uuid| app.get(&token, &format!("/v1/work/visits/{visit}/contacts"));
    let contacts = call(own).expect(200).await;
    assert_eq!(contacts["items"][0]["name"], "Contact 1");
    assert!(contacts["items"][0].get("email").is_none() && contacts["items"][0].get("office_notes").is_none());
    call(other).refused(404, "not-found").await;
    app.get(&token, &format!("/v1/contacts/{}", ACME.id("contact", 1))).refused(403, "forbidden").await;

    let office = app.token(ACME, Who::Manager);
    let foreign = format!("/v1/contacts/{}", Company::RIVAL.id("contact", 1));
    app.get(&office, &foreign).refused(404, "not-found").await;
    let users = format!("/v1/customers/{}/users", ACME.id("customer", 1));
    for (contact, expected) in [(ACME.id("contact", 1), 201), (ACME.id("contact", 2), 422)] {
        let body = json!({ "email": format!("c{expected}@example.com"), "name": "Cy", "contact_id": contact });
        app.post(&office, &users).json(&body).expect(expected).await;
    }
}
