//! A client that writes as the office and a technician do, and repeats what was not answered with the same key.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng as _, rngs::StdRng};
use serde_json::{Value, json};
use surv_tests::Answer;
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use crate::stack::{Person, is_final, uuid};

/// Nothing is away for longer: a client that is not answered for so long has found a server that hangs.
const PATIENCE: Duration = Duration::from_secs(40);
/// Of so many acknowledged requests one is sent again, as if the answer had got lost.
const SENT_TWICE: u32 = 6;

/// Who a client is.
pub struct Client {
    pub number: usize,
    pub office: Person,
    pub technician: Person,
    /// A customer of the demo, whose person has a log-in, and their property.
    pub customer: Value,
    pub ledger: Arc<Ledger>,
    pub random: StdRng,
    deeds: u64,
    visits: Vec<Visit>,
}

/// A visit of this client's own, and how far it is.
struct Visit {
    id: Uuid,
    job_id: Uuid,
    at: At,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Open,
    Assigned,
    OnTheWay,
    Arrived,
}

impl Client {
    pub const fn new(
        number: usize,
        office: Person,
        technician: Person,
        customer: Value,
        ledger: Arc<Ledger>,
        random: StdRng,
    ) -> Self {
        Self { number, office, technician, customer, ledger, random, deeds: 0, visits: Vec::new() }
    }

    /// Writes until the ledger says to stop; the last deed is finished.
    pub async fn run(mut self) {
        while !self.ledger.is_stopping() {
            self.deeds += 1;
            let mark = format!("k{}-{}", self.number, self.deeds);
            match self.random.random_range(0..100) {
                0..18 => self.add_customer(&mark).await,
                18..38 => self.book(&mark).await,
                38..48 => self.invite(&mark).await,
                48..56 => self.send_link().await,
                56..66 => self.write_note(&mark).await,
                _ => self.move_on().await,
            }
        }
    }

    async fn add_customer(&mut self, mark: &str) {
        let body = json!({ "kind": "person", "name": mark });
        let made = self.insist(&self.office.clone(), "POST", "/v1/customers", &body, None).await.json(201);
        self.done("customer.created", uuid(&made["id"]), mark);
    }

    async fn book(&mut self, mark: &str) {
        let visits = [self.free_hour(), self.free_hour()];
        let body = json!({
            "customer_id": self.customer["id"], "property_id": self.customer["property_id"], "title": mark,
            "visits": visits,
        });
        let made = self.insist(&self.office.clone(), "POST", "/v1/jobs", &body, None).await.json(201);
        let job_id = uuid(&made["id"]);
        self.done("job.created", job_id, mark);
        for visit in made["visits"].as_array().expect("visits") {
            self.visits.push(Visit { id: uuid(&visit["id"]), job_id, at: At::Open });
        }
    }

    async fn invite(&mut self, mark: &str) {
        let email = format!("{mark}@invited.example");
        let body = json!({ "email": email, "name": "Invited", "role": "technician" });
        let made = self.insist(&self.office.clone(), "POST", "/v1/invitations", &body, None).await.json(201);
        self.done("invitation.sent", uuid(&made["id"]), &email);
    }

    async fn send_link(&mut self) {
        let Some(visit) = self.any_visit() else { return };
        let body = json!({ "job_id": self.visits[visit].job_id, "user_id": self.customer["user_id"] });
        let made = self.insist(&self.office.clone(), "POST", "/v1/links", &body, None).await.json(201);
        self.done("link.created", uuid(&made["id"]), "");
    }

    async fn write_note(&mut self, mark: &str) {
        let Some(visit) = self.any_visit() else { return };
        let body = json!({ "body": mark, "visibility": "customer" });
        let path = format!("/v1/jobs/{}/notes", self.visits[visit].job_id);
        let made = self.insist(&self.office.clone(), "POST", &path, &body, None).await.json(201);
        self.done("note.added", uuid(&made["id"]), mark);
    }

    /// Takes one of the visits a step on, or moves it to another hour, or to nobody.
    async fn move_on(&mut self) {
        let Some(position) = self.any_visit() else { return };
        let (id, at, chance) = (self.visits[position].id, self.visits[position].at, self.random.random_range(0..4));
        let (office, technician) = (self.office.clone(), self.technician.clone());
        match (at, chance) {
            (At::Open, _) => {
                let path = format!("/v1/visits/{id}/assignments");
                let body = json!({ "technician_id": technician.id });
                self.insist(&office, "POST", &path, &body, None).await.json(201);
                self.done("assignment.assigned", id, "");
                self.visits[position].at = At::Assigned;
            }
            (At::Assigned, 0) => self.reschedule(id).await,
            (At::Assigned, 1) => {
                let path = format!("/v1/visits/{id}/assignments/{}", technician.id);
                self.insist(&office, "DELETE", &path, &Value::Null, None).await.json(204);
                self.done("assignment.released", id, "");
                self.visits[position].at = At::Open;
            }
            (At::Assigned, _) => {
                self.step(id, "on-the-way", "assignment.on_the_way").await;
                if self.stays_on_the_way() {
                    self.visits.swap_remove(position);
                } else {
                    self.visits[position].at = At::OnTheWay;
                }
            }
            (At::OnTheWay, _) => {
                self.step(id, "arrive", "assignment.arrived").await;
                self.visits[position].at = At::Arrived;
            }
            (At::Arrived, _) => {
                self.step(id, "complete", "assignment.completed").await;
                self.visits.swap_remove(position);
            }
        }
    }

    async fn step(&mut self, id: Uuid, step: &str, event: &'static str) {
        let path = format!("/v1/work/visits/{id}/{step}");
        self.insist(&self.technician.clone(), "POST", &path, &Value::Null, None).await.json(200);
        self.done(event, id, "");
    }

    /// An update knows no key: after an unanswered one, 412 may come from the own change, which the visit then shows.
    async fn reschedule(&mut self, id: Uuid) {
        let office = self.office.clone();
        let path = format!("/v1/visits/{id}");
        let version = office.look(&path).await["version"].as_i64().expect("a version");
        let wanted = self.free_hour();
        let answer = self.insist(&office, "PATCH", &path, &wanted, Some(version)).await;
        if answer.status == 412 {
            let now = office.look(&path).await;
            let at = |value: &Value| value["starts_at"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
            assert_eq!(at(&now), at(&wanted), "nobody else changes this visit: {now}");
            assert_eq!(now["version"], version + 1);
        } else {
            answer.json(200);
        }
        self.done("visit.rescheduled", id, "");
    }

    /// Sends a request until it is answered, always with the same key, and now and then once more.
    async fn insist(&mut self, who: &Person, method: &str, path: &str, body: &Value, version: Option<i64>) -> Answer {
        let key = format!("{}-{:016x}", self.number, self.random.random::<u64>());
        let send = async || {
            let call = who.call(method, path);
            let call = if method == "POST" { call.key(&key) } else { call };
            let call = match version {
                Some(version) => call.version(version),
                None => call,
            };
            if body.is_null() { call } else { call.json(body) }.try_send().await
        };
        let start = Instant::now();
        let mut last;
        let answer = loop {
            last = match send().await {
                Ok(answer) if is_final(&answer) => break answer,
                Ok(answer) => {
                    assert_eq!(answer.status, 503, "{method} {path}: {}", answer.text);
                    assert!(!answer.header("retry-after").is_empty(), "503 says when to come back");
                    answer.text
                }
                Err(error) => format!("{error:?}"),
            };
            assert!(start.elapsed() < PATIENCE, "{method} {path} is not answered: {last}");
            self.ledger.repeated.fetch_add(1, Ordering::Relaxed);
            let pause = self.random.random_range(10..150);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        };
        if method == "POST" {
            self.ledger.note_key(&key);
            if self.random.random_ratio(1, SENT_TWICE) {
                // The second answer may get lost itself; what counts is that nothing is done again.
                if let Ok(again) = send().await
                    && is_final(&again)
                {
                    assert_eq!(again.without_instance(), answer.without_instance(), "{method} {path}");
                }
            }
        }
        answer
    }

    fn done(&self, event: &'static str, subject_id: Uuid, mark: &str) {
        self.ledger.note(Deed { tenant_id: self.office.tenant_id, event, subject_id, mark: mark.to_owned() });
    }

    /// Some never arrive: however late the announcement of these is made, it has to be made, once.
    const fn stays_on_the_way(&self) -> bool {
        self.number % 2 == 1
    }

    fn any_visit(&mut self) -> Option<usize> {
        (!self.visits.is_empty()).then(|| self.random.random_range(0..self.visits.len()))
    }

    fn free_hour(&self) -> Value {
        let start = DateTime::<Utc>::from_timestamp(1_830_297_600, 0).expect("1 January 2028");
        let from = start + TimeDelta::hours(self.ledger.free_hour());
        json!({ "starts_at": from, "ends_at": from + TimeDelta::hours(1) })
    }
}
