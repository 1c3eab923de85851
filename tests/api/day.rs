//! A day: the office books, a technician works, the customer follows, the audit log tells it.

use serde_json::{Value, json};
use surv_tests::{Company, TestApp, Who};

const ACME: Company = Company::ACME;
const SPAN: &str = "from=2027-03-01T00:00:00Z&to=2027-03-05T00:00:00Z";

fn at<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("a page").iter().map(|item| at(item, "id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_from_booking_to_the_last_note() {
    let app = TestApp::start("api_day").await;
    let office = app.token(ACME, Who::Manager);
    let technician = app.token(ACME, Who::Technician1);
    let (colleague, customer) = (app.token(ACME, Who::Technician2), app.token(ACME, Who::Customer1));
    let neighbour = app.token(ACME, Who::Customer2);

    let visit = |day: u8| json!({ "starts_at": format!("2027-03-0{day}T08:00:00Z"), "ends_at": format!("2027-03-0{day}T09:00:00Z") });
    let job = app.post(&office, "/v1/jobs").key("book").json(&json!({
        "customer_id": ACME.id("customer", 1), "property_id": ACME.id("property", 1), "title": "Boiler",
        "office_notes": "pays late", "visits": [visit(1), visit(2)],
    }));
    let job = job.expect(201).await;
    let job_id = at(&job, "id");
    assert_eq!((at(&job, "state"), &job["open_visits"]), ("scheduled", &json!(2)));
    let (first, second) = (at(&job["visits"][0], "id"), at(&job["visits"][1], "id"));

    let assign = |visit: &str, who: Who| {
        let path = format!("/v1/visits/{visit}/assignments");
        app.post(&office, &path).json(&json!({ "technician_id": ACME.user(who) }))
    };
    let own = format!("/v1/work/visits?{SPAN}");
    assert!(ids(&app.get(&technician, &own).expect(200).await).is_empty(), "nothing before it is assigned");
    assign(first, Who::Technician1).expect(201).await;
    assign(second, Who::Technician2).expect(201).await;
    assert_eq!(ids(&app.get(&technician, &own).expect(200).await), [first]);
    assert_eq!(ids(&app.get(&colleague, &own).expect(200).await), [second]);
    app.get(&technician, &format!("/v1/work/visits/{second}")).refused(404, "not-found").await;
    app.post(&technician, &format!("/v1/work/visits/{second}/on-the-way")).refused(404, "not-found").await;
    let seen = app.get(&technician, &format!("/v1/work/visits/{first}")).send().await;
    assert!(seen.status == 200 && !seen.text.contains("pays late"), "{}", seen.text);

    for (step, state) in [("on-the-way", "on_the_way"), ("arrive", "arrived")] {
        let path = format!("/v1/work/visits/{first}/{step}");
        assert_eq!(at(&app.post(&technician, &path).key(step).expect(200).await, "state"), state);
        let followed = app.get(&customer, &format!("/v1/portal/jobs/{job_id}")).send().await;
        assert_eq!(followed.json(200)["visits"][0]["technicians"][0]["state"], state);
        assert!(!followed.text.contains("pays late"), "{}", followed.text);
    }
    for (body, visibility) in [("Valve is old", "field"), ("All done", "customer")] {
        let note = app.post(&technician, &format!("/v1/work/jobs/{job_id}/notes"));
        note.json(&json!({ "body": body, "visibility": visibility })).expect(201).await;
    }
    let notes = app.get(&customer, &format!("/v1/portal/jobs/{job_id}/notes")).send().await;
    assert!(notes.text.contains("All done") && !notes.text.contains("Valve is old"), "{}", notes.text);
    app.get(&neighbour, &format!("/v1/portal/jobs/{job_id}")).refused(404, "not-found").await;

    app.post(&technician, &format!("/v1/work/visits/{first}/complete")).expect(200).await;
    let after = app.get(&office, &format!("/v1/jobs/{job_id}")).expect(200).await;
    assert_eq!((at(&after, "state"), &after["open_visits"]), ("in_progress", &json!(1)));
    for step in ["on-the-way", "arrive", "complete"] {
        app.post(&colleague, &format!("/v1/work/visits/{second}/{step}")).expect(200).await;
    }
    assert_eq!(at(&app.get(&office, &format!("/v1/jobs/{job_id}")).expect(200).await, "state"), "completed");

    let audit = app.get(&office, &format!("/v1/events/audit?about={job_id}&limit=200")).send().await;
    let told = audit.json(200);
    for kind in ["job.created", "assignment.arrived", "assignment.completed", "note.added"] {
        let events = told["items"].as_array().expect("a page");
        assert!(events.iter().any(|event| event["kind"] == kind), "{kind} is not in {}", audit.text);
    }
    app.get(&technician, "/v1/events/audit").refused(403, "forbidden").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_token_and_a_link_show_their_job_alone() {
    let app = TestApp::start("api_day").await;
    let customer = app.token(ACME, Who::Customer1);
    let (own, other) = (ACME.id("job", 1), ACME.id("job", 4));
    let all = app.get(&customer, "/v1/portal/jobs").expect(200).await;
    assert!(ids(&all).len() >= 2, "both jobs of the seed: {all}");

    for token in [app.link(ACME, own).await, TestApp::for_job(&customer, own)] {
        assert_eq!(ids(&app.get(&token, "/v1/portal/jobs").expect(200).await), [own.to_string()]);
        app.get(&token, &format!("/v1/portal/jobs/{own}")).expect(200).await;
        app.get(&token, &format!("/v1/portal/jobs/{other}")).refused(404, "not-found").await;
        let batch = app.get(&token, "/v1/events").expect(200).await;
        for event in batch["items"].as_array().expect("a batch") {
            assert_eq!(event["job_id"], own.to_string(), "{event}");
        }
    }
    // Two jobs in two blocks leave none.
    let twice = TestApp::for_job(&TestApp::for_job(&customer, own), other);
    assert!(ids(&app.get(&twice, "/v1/portal/jobs").expect(200).await).is_empty());
}
