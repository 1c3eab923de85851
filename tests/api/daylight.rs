//! Visits where the clock jumps: an instant stays the instant that was planned, whatever it is called locally.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use surv_tests::{Company, TestApp, Who};

const ACME: Company = Company::ACME;

/// What the office writes, and the instants that it is. Written by hand from the zones' published rules.
const TABLE: &[(&str, &str, &str, &str, &str)] = &[
    // Vienna leaps from 02:00 to 03:00 on 29 March 2026: half an hour of work, not an hour and a half.
    ("gap", "2026-03-29T01:45:00+01:00", "2026-03-29T03:15:00+02:00", "2026-03-29T00:45:00Z", "2026-03-29T01:15:00Z"),
    // And from 03:00 back to 02:00 on 25 October: 02:30 comes twice.
    (
        "first 02:30",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:45:00+02:00",
        "2026-10-25T00:30:00Z",
        "2026-10-25T00:45:00Z",
    ),
    (
        "second 02:30",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T02:45:00+01:00",
        "2026-10-25T01:30:00Z",
        "2026-10-25T01:45:00Z",
    ),
    // A day of 25 hours: from midnight to one o'clock at night is 24 hours and too long is more.
    (
        "long day",
        "2026-10-25T00:00:00+02:00",
        "2026-10-25T23:00:00+01:00",
        "2026-10-24T22:00:00Z",
        "2026-10-25T22:00:00Z",
    ),
    // Another office's own zone, a leap day, a year's end, a half-hour zone.
    (
        "leap day",
        "2028-02-29T23:30:00-05:00",
        "2028-03-01T00:30:00-05:00",
        "2028-03-01T04:30:00Z",
        "2028-03-01T05:30:00Z",
    ),
    (
        "new year",
        "2026-12-31T23:30:00+14:00",
        "2027-01-01T00:30:00+14:00",
        "2026-12-31T09:30:00Z",
        "2026-12-31T10:30:00Z",
    ),
    (
        "half hour",
        "2026-07-01T09:00:00+05:30",
        "2026-07-01T10:00:00+05:30",
        "2026-07-01T03:30:00Z",
        "2026-07-01T04:30:00Z",
    ),
];

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no instant"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_keeps_its_instants_over_gaps_and_overlaps() {
    let app = TestApp::start("api_daylight").await;
    let admin = app.token(ACME, Who::Admin);
    let path = format!("/v1/jobs/{}/visits", ACME.id("job", 2));
    let mut made = Vec::new();
    for (what, starts_at, ends_at, start, end) in TABLE {
        let visit =
            app.post(&admin, &path).json(&json!({ "starts_at": starts_at, "ends_at": ends_at })).expect(201).await;
        let (start, end): (DateTime<Utc>, DateTime<Utc>) =
            (start.parse().expect("a time"), end.parse().expect("a time"));
        assert_eq!((instant(&visit["starts_at"]), instant(&visit["ends_at"])), (start, end), "{what}");
        assert_eq!((instant(&visit["window_start"]), instant(&visit["window_end"])), (start, end), "{what}");
        assert_eq!(visit["time_zone"], "Europe/Vienna", "{what}: the property's");
        made.push((start, visit["id"].clone()));
    }

    // One more minute than 24 hours of a day that has 25.
    let long = json!({ "starts_at": "2026-10-25T00:00:00+02:00", "ends_at": "2026-10-25T23:01:00+01:00" });
    app.post(&admin, &path).json(&long).refused(422, "invalid-fields").await;
    // Ends before it starts, though the clock on the wall says otherwise.
    let back = json!({ "starts_at": "2026-10-25T02:15:00+01:00", "ends_at": "2026-10-25T02:45:00+02:00" });
    app.post(&admin, &path).json(&back).refused(422, "invalid-fields").await;

    made.retain(|(start, _)| start.to_rfc3339().starts_with("2026-10-2"));
    made.sort_by_key(|(start, _)| *start);
    // The local day of Vienna, told by its offsets: all 25 hours of it, in the order in which they pass.
    let day = "/v1/visits?from=2026-10-25T00:00:00%2B02:00&to=2026-10-26T00:00:00%2B01:00";
    let listed = app.get(&admin, day).expect(200).await;
    let listed: Vec<Value> =
        listed["items"].as_array().expect("items").iter().map(|visit| visit["id"].clone()).collect();
    assert_eq!(listed, made.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>());
}

/// Two visits at "half past two" are an hour apart; the same instant written twice is one.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_busy_is_decided_by_instants() {
    let app = TestApp::start("api_daylight").await;
    let admin = app.token(ACME, Who::Admin);
    let technician = json!({ "technician_id": ACME.user(Who::Technician1) });
    let book = |starts_at: &'static str, ends_at: &'static str| {
        let (app, admin, technician) = (app.clone(), admin.clone(), technician.clone());
        async move {
            let path = format!("/v1/jobs/{}/visits", ACME.id("job", 3));
            let body = json!({ "starts_at": starts_at, "ends_at": ends_at });
            let visit = app.post(&admin, &path).json(&body).expect(201).await;
            let path = format!("/v1/visits/{}/assignments", visit["id"].as_str().expect("an id"));
            app.post(&admin, &path).json(&technician).send().await.status
        }
    };
    assert_eq!(book("2027-10-31T02:30:00+02:00", "2027-10-31T02:50:00+02:00").await, 201);
    assert_eq!(book("2027-10-31T02:30:00+01:00", "2027-10-31T02:50:00+01:00").await, 201, "an hour later");
    assert_eq!(book("2027-10-31T00:40:00Z", "2027-10-31T00:45:00Z").await, 409, "within the first, called otherwise");
    assert_eq!(book("2027-10-31T00:50:00Z", "2027-10-31T01:30:00Z").await, 201, "exactly between the two");
}
