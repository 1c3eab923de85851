//! Random working days against a model: whatever the office and technicians do, in whatever order, job, visits and
//! assignments stand where the rules of the trade put them.

use std::collections::BTreeMap;

use rand::{Rng as _, rngs::StdRng};
use serde_json::{Value, json};
use surv_tests::{Answer, Company, TestApp, Who, chance};

const ACME: Company = Company::ACME;
const DAYS: u32 = 15;
const COMMANDS: usize = 40;
const TECHNICIANS: [Who; 2] = [Who::Technician1, Who::Technician2];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Assigned,
    OnTheWay,
    Arrived,
    Done,
}

#[derive(Debug, Clone, Copy)]
enum Command {
    Plan,
    Assign(usize, Who),
    Release(usize, Who),
    Step(usize, Who, Progress),
    Move(usize),
    CancelVisit(usize),
    CancelJob,
}

/// What the model thinks of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Done,
    Refused,
    /// Answered either way; nothing changes.
    Nothing,
}

#[derive(Debug, Clone, Default)]
struct ModelVisit {
    cancelled: bool,
    on_it: BTreeMap<Who, Progress>,
}

impl ModelVisit {
    fn state(&self) -> &'static str {
        let furthest = self.on_it.values().max();
        match furthest {
            _ if self.cancelled => "cancelled",
            Some(_) if self.on_it.values().all(|progress| *progress == Progress::Done) => "completed",
            Some(Progress::Arrived | Progress::Done) => "in_progress",
            Some(Progress::OnTheWay) => "on_the_way",
            Some(Progress::Assigned) | None => "scheduled",
        }
    }

    fn is_open(&self) -> bool {
        !matches!(self.state(), "cancelled" | "completed")
    }
}

#[derive(Debug, Clone, Default)]
struct Model {
    visits: Vec<ModelVisit>,
    /// Somebody has arrived since the job was last without open visits.
    begun: bool,
    cancelled: bool,
}

impl Model {
    fn open(&self) -> usize {
        self.visits.iter().filter(|visit| visit.is_open()).count()
    }

    fn state(&self) -> &'static str {
        let any_done = self.visits.iter().any(|visit| visit.state() == "completed");
        match (self.cancelled, self.open(), self.begun, any_done) {
            (true, ..) => "cancelled",
            (_, 0, _, true) => "completed",
            (_, 0, _, false) => "unscheduled",
            (_, _, true, _) => "in_progress",
            _ => "scheduled",
        }
    }

    fn take(&mut self, command: Command) -> Verdict {
        let verdict = self.try_take(command);
        if self.open() == 0 {
            self.begun = false;
        }
        verdict
    }

    fn try_take(&mut self, command: Command) -> Verdict {
        use {Progress as P, Verdict as V};
        match command {
            Command::Plan if self.cancelled => V::Refused,
            Command::Plan => {
                self.visits.push(ModelVisit::default());
                V::Done
            }
            Command::CancelJob if matches!(self.state(), "completed" | "cancelled") => V::Refused,
            Command::CancelJob => {
                self.visits.iter_mut().filter(|visit| visit.is_open()).for_each(|visit| visit.cancelled = true);
                self.cancelled = true;
                V::Done
            }
            Command::Assign(number, who) => {
                let visit = &mut self.visits[number];
                if !visit.is_open() {
                    return V::Refused;
                }
                visit.on_it.entry(who).or_insert(P::Assigned);
                V::Done
            }
            Command::Release(number, who) => {
                let visit = &mut self.visits[number];
                match visit.on_it.get(&who) {
                    _ if visit.cancelled => V::Nothing,
                    // Never was, or no longer is.
                    None => V::Nothing,
                    Some(P::Arrived | P::Done) => V::Refused,
                    Some(P::Assigned | P::OnTheWay) => {
                        visit.on_it.remove(&who);
                        V::Done
                    }
                }
            }
            Command::Step(number, who, to) => {
                let visit = &mut self.visits[number];
                let Some(progress) = visit.on_it.get(&who).copied() else { return V::Refused };
                if visit.cancelled {
                    // A device that repeats what was done before the office cancelled the rest is no mistake.
                    return if (progress, to) == (P::Done, P::Done) { V::Nothing } else { V::Refused };
                }
                match (progress, to) {
                    (from, to) if from == to => V::Done,
                    (P::Assigned, P::OnTheWay) | (P::Assigned | P::OnTheWay, P::Arrived) | (P::Arrived, P::Done) => {
                        visit.on_it.insert(who, to);
                        self.begun |= to == P::Arrived;
                        V::Done
                    }
                    _ => V::Refused,
                }
            }
            Command::Move(number) if self.visits[number].state() == "scheduled" => V::Done,
            Command::Move(_) => V::Refused,
            Command::CancelVisit(number) if !self.visits[number].is_open() => V::Refused,
            Command::CancelVisit(number) => {
                self.visits[number].cancelled = true;
                V::Done
            }
        }
    }
}

/// A job on the real thing.
struct Real {
    app: TestApp,
    job_id: String,
    visits: Vec<String>,
    day: u32,
}

impl Real {
    async fn book(app: &TestApp, day: u32) -> Self {
        let ids = (ACME.id("customer", 1), ACME.id("property", 1));
        let body = json!({ "customer_id": ids.0, "property_id": ids.1, "title": format!("Day {day}") });
        let job = app.post(&app.token(ACME, Who::Manager), "/v1/jobs").json(&body).expect(201).await;
        let job_id = job["id"].as_str().expect("an id").to_owned();
        Self { app: app.clone(), job_id, visits: Vec::new(), day }
    }

    /// A slot of its own for each visit: nobody is ever busy.
    fn slot(&self, number: usize, minute: usize) -> Value {
        let (month, day) = (1 + self.day % 12, 1 + number);
        let at = |hour| format!("2031-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z");
        let hour = self.day / 12 * 2;
        json!({ "starts_at": at(hour), "ends_at": at(hour + 1) })
    }

    async fn job(&self) -> Value {
        self.app.get(&self.app.token(ACME, Who::Manager), &format!("/v1/jobs/{}", self.job_id)).expect(200).await
    }

    async fn send(&mut self, command: Command, random: &mut StdRng) -> Answer {
        let app = self.app.clone();
        let office = app.token(ACME, Who::Manager);
        let visit = |number: usize| format!("/v1/visits/{}", self.visits[number]);
        let etag = |path: String| {
            let (app, office) = (app.clone(), office.clone());
            async move { app.get(&office, &path).send().await.header("etag").to_owned() }
        };
        match command {
            Command::Plan => {
                let body = self.slot(self.visits.len(), 0);
                let answer = app.post(&office, &format!("/v1/jobs/{}/visits", self.job_id)).json(&body).send().await;
                if answer.is_success() {
                    self.visits.push(answer.json(201)["id"].as_str().expect("an id").to_owned());
                }
                answer
            }
            Command::Assign(number, who) => {
                let body = json!({ "technician_id": ACME.user(who) });
                app.post(&office, &format!("{}/assignments", visit(number))).json(&body).send().await
            }
            Command::Release(number, who) => {
                app.delete(&office, &format!("{}/assignments/{}", visit(number), ACME.user(who))).send().await
            }
            Command::Step(number, who, to) => {
                let verb = match to {
                    Progress::Assigned | Progress::OnTheWay => "on-the-way",
                    Progress::Arrived => "arrive",
                    Progress::Done => "complete",
                };
                let path = format!("/v1/work/visits/{}/{verb}", self.visits[number]);
                app.post(&app.token(ACME, who), &path).send().await
            }
            Command::Move(number) => {
                let body = self.slot(number, random.random_range(0..60));
                let call = app.patch(&office, &visit(number)).header("if-match", &etag(visit(number)).await);
                call.json(&body).send().await
            }
            Command::CancelVisit(number) => {
                let call = app.post(&office, &format!("{}/cancel", visit(number)));
                let call = call.header("if-match", &etag(visit(number)).await);
                call.json(&json!({ "reason": "Rain" })).send().await
            }
            Command::CancelJob => {
                let path = format!("/v1/jobs/{}", self.job_id);
                let call = app.post(&office, &format!("{path}/cancel")).header("if-match", &etag(path).await);
                call.json(&json!({ "reason": "Sold" })).send().await
            }
        }
    }
}

fn command(random: &mut StdRng, visits: usize) -> Command {
    if visits == 0 {
        return Command::Plan;
    }
    let (number, who) = (random.random_range(0..visits), TECHNICIANS[random.random_range(0..2)]);
    let steps = [Progress::OnTheWay, Progress::Arrived, Progress::Done];
    match random.random_range(0..100) {
        0..10 if visits < 6 => Command::Plan,
        0..35 => Command::Assign(number, who),
        35..45 => Command::Release(number, who),
        45..85 => Command::Step(number, who, steps[random.random_range(0..3)]),
        85..92 => Command::Move(number),
        92..98 => Command::CancelVisit(number),
        _ => Command::CancelJob,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn job_visits_and_assignments_follow_the_model() {
    let app = TestApp::start("api_life").await;
    let mut random = chance();
    let mut met: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for day in 0..DAYS {
        let mut model = Model::default();
        let mut real = Real::book(&app, day).await;
        let mut history = Vec::new();
        for _ in 0..COMMANDS {
            let command = command(&mut random, model.visits.len());
            history.push(command);
            let verdict = model.take(command);
            let answer = real.send(command, &mut random).await;
            let what = || format!("{verdict:?}, but {} {}: {history:#?}", answer.status, answer.text);
            match verdict {
                Verdict::Done => assert!(answer.is_success(), "{}", what()),
                Verdict::Refused => assert!(matches!(answer.status, 404 | 409), "{}", what()),
                Verdict::Nothing => assert!(answer.is_success() || matches!(answer.status, 404 | 409), "{}", what()),
            }
            let job = real.job().await;
            let visits = job["visits"].as_array().expect("visits");
            let found: BTreeMap<&str, &str> =
                visits.iter().filter_map(|visit| Some((visit["id"].as_str()?, visit["state"].as_str()?))).collect();
            let wanted: BTreeMap<&str, &str> =
                real.visits.iter().zip(&model.visits).map(|(id, visit)| (id.as_str(), visit.state())).collect();
            assert_eq!(found, wanted, "visits after {history:#?}");
            assert_eq!(job["state"], model.state(), "the job after {history:#?}");
            assert_eq!(job["open_visits"], model.open(), "open visits after {history:#?}");
            *met.entry((model.state(), answer.is_success())).or_default() += 1;
        }
    }
    for state in ["scheduled", "in_progress"] {
        for accepted in [true, false] {
            assert!(met.contains_key(&(state, accepted)), "never {state} with {accepted}: {met:?}");
        }
    }
}
