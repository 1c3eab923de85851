//! `surv day`: a working day on a running stack, over HTTP, as each persona lives it.
//!
//! Every step is checked: the command fails when somebody sees what they should not, or the office's feed is late.

mod feed;
mod http;
mod photo;

use std::{collections::BTreeSet, path::Path, process::ExitCode, time::Duration};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use surv_tenancy::{
    Clock, Ids,
    token::{self, Attenuation},
};

use feed::Feed;
use http::Persona;

/// How late the office may learn of a step.
const FEED_LIMIT: Duration = Duration::from_secs(1);

/// Plays the day on the stack that the file describes.
///
/// # Errors
/// The first thing that was not as it should be.
pub async fn run(stack: &Path) -> anyhow::Result<ExitCode> {
    let text = tokio::fs::read_to_string(stack)
        .await
        .with_context(|| format!("reading {}: is a stack up? ./dev up starts one", stack.display()))?;
    let stack: Value = serde_json::from_str(&text).context("reading the stack file")?;
    let api = stack["api"].as_str().context("the stack has no API")?;
    let company = &stack["tenants"][0];
    let slug = company["slug"].as_str().context("the stack has no demo company")?;
    let member = |position: usize| Persona::log_in(api, slug, &company["members"][position]);
    let customer = |position: usize| Persona::log_in(api, slug, &company["customers"][position]);

    println!("A day at {slug}");
    let office = member(1).await?;
    let feed = Feed::open(&office).await?;
    println!("  office      logged in, live feed open");
    let day = Day { office, technicians: [member(2).await?, member(3).await?], feed };
    let job = day.book(&company["customers"][0]).await?;
    day.assign(&job, &company["members"]).await?;
    day.work(&job).await?;
    day.follow(&job, &customer(0).await?, &customer(1).await?).await?;
    day.audit(&job).await?;
    println!("  all of it as it should be");
    Ok(ExitCode::SUCCESS)
}

struct Day {
    office: Persona,
    technicians: [Persona; 2],
    feed: Feed,
}

/// The booked job and its two visits.
struct Booked {
    id: String,
    visits: [String; 2],
    starts_at: DateTime<Utc>,
}

impl Day {
    async fn book(&self, customer: &Value) -> anyhow::Result<Booked> {
        let property_id = customer["property_id"].as_str().context("the demo's customer has a property")?;
        let property = self.office.get(&format!("/v1/properties/{property_id}")).await?;
        // Somewhere in the next two years, so that one day after another finds the technicians free.
        let spread = i64::from(Ids::system().next::<uuid::Uuid>().as_bytes()[15]) * 60 + 24;
        let now = Clock::system().now();
        let starts_at = now - TimeDelta::seconds(now.timestamp() % 900) + TimeDelta::hours(spread);
        let visit = |hours: i64| {
            let from = starts_at + TimeDelta::hours(hours);
            json!({ "starts_at": from, "ends_at": from + TimeDelta::hours(2) })
        };
        let body = json!({
            "customer_id": customer["id"], "property_id": property_id, "title": "Boiler service",
            "description": "Yearly service and a new pump.", "office_notes": "Pays late, be friendly.",
            "visits": [visit(0), visit(26)],
        });
        let job = self.office.post("/v1/jobs", &body).await?;
        let id = job["id"].as_str().context("a job has an id")?.to_owned();
        let visit_id = |position: usize| -> anyhow::Result<String> {
            Ok(job["visits"][position]["id"].as_str().context("two visits were booked")?.to_owned())
        };
        let booked = Booked { visits: [visit_id(0)?, visit_id(1)?], id, starts_at };
        let late = self.feed.wait("job.created", &booked.id, FEED_LIMIT).await?;
        println!(
            "  office      booked job {} in {} ({}), two visits; feed after {} ms",
            job["number"],
            property["city"],
            property["time_zone"],
            late.as_millis()
        );
        Ok(booked)
    }

    async fn assign(&self, job: &Booked, members: &Value) -> anyhow::Result<()> {
        for (position, visit) in job.visits.iter().enumerate() {
            let body = json!({ "technician_id": members[2 + position]["id"] });
            let assigned = self.office.post(&format!("/v1/visits/{visit}/assignments"), &body).await?;
            let late = self.feed.wait("assignment.assigned", visit, FEED_LIMIT).await?;
            println!("  office      assigned {}; feed after {} ms", assigned["technician_name"], late.as_millis());
        }
        Ok(())
    }

    async fn work(&self, job: &Booked) -> anyhow::Result<()> {
        let [mine, colleagues] = &job.visits;
        let technician = &self.technicians[0];
        let span = format!(
            "from={}&to={}",
            job.starts_at.format("%Y-%m-%dT%H:%M:%SZ"),
            (job.starts_at + TimeDelta::days(3)).format("%Y-%m-%dT%H:%M:%SZ")
        );
        let list = technician.get(&format!("/v1/work/visits?{span}")).await?;
        let seen = ids(&list);
        ensure!(
            seen.contains(mine.as_str()) && !seen.contains(colleagues.as_str()),
            "a technician sees own visits only"
        );
        ensure!(
            technician.status(&format!("/v1/work/visits/{colleagues}")).await? == 404,
            "a colleague's visit does not exist for a technician"
        );
        println!("  technician  sees the own visit, nothing of the colleague's");
        let steps = [("on-the-way", "assignment.on_the_way"), ("arrive", "assignment.arrived")];
        for (step, event) in steps {
            self.step(mine, step, event).await?;
        }
        let note = json!({ "body": "Pump replaced, system bled.", "visibility": "customer", "visit_id": mine });
        technician.post(&format!("/v1/work/jobs/{}/notes", job.id), &note).await?;
        println!("  technician  left a note for the customer");
        photo::take(technician, &self.feed, &job.id, mine).await?;
        self.step(mine, "complete", "assignment.completed").await
    }

    async fn step(&self, visit: &str, step: &str, event: &str) -> anyhow::Result<()> {
        let visit_now = self.technicians[0].post(&format!("/v1/work/visits/{visit}/{step}"), &Value::Null).await?;
        let late = self.feed.wait(event, visit, FEED_LIMIT).await?;
        println!("  technician  {step}: visit is {}; feed after {} ms", visit_now["visit_state"], late.as_millis());
        Ok(())
    }

    async fn follow(&self, job: &Booked, customer: &Persona, neighbour: &Persona) -> anyhow::Result<()> {
        let path = format!("/v1/portal/jobs/{}", job.id);
        let seen = customer.get(&path).await?;
        ensure!(seen.get("office_notes").is_none(), "office notes stay in the office");
        let notes = customer.get(&format!("{path}/notes")).await?;
        println!(
            "  customer    sees: {}, by {}, note: {}",
            seen["visits"][0]["state"], seen["visits"][0]["technicians"][0]["name"], notes["items"][0]["body"]
        );
        photo::look(customer, neighbour, &job.id).await?;
        ensure!(neighbour.status(&path).await? == 404, "another customer's job does not exist");
        println!("  neighbour   sees nothing of it");
        let to_one_job = Attenuation { jobs: vec![job.id.parse()?], ..Attenuation::default() };
        let narrowed = customer.with_token(token::attenuate(customer.token(), &to_one_job)?);
        let listed = narrowed.get("/v1/portal/jobs").await?;
        ensure!(ids(&listed) == BTreeSet::from([job.id.as_str()]), "a link to one job lists that job alone");
        println!("  link        made offline for this job: lists it alone");
        Ok(())
    }

    async fn audit(&self, job: &Booked) -> anyhow::Result<()> {
        let log = self.office.get(&format!("/v1/events/audit?about={}&limit=200", job.id)).await?;
        let items = log["items"].as_array().context("the audit log is a list")?;
        println!("  audit       tells it, newest first:");
        for item in items {
            println!(
                "              {} {} by {}",
                item["at"].as_str().unwrap_or_default(),
                item["kind"].as_str().unwrap_or_default(),
                item["actor_role"].as_str().unwrap_or_default()
            );
        }
        let kinds: BTreeSet<_> = items.iter().filter_map(|item| item["kind"].as_str()).collect();
        for kind in ["job.created", "assignment.assigned", "assignment.completed", "note.added", "file.ready"] {
            ensure!(kinds.contains(kind), "the audit log lacks {kind}");
        }
        Ok(())
    }
}

fn ids(page: &Value) -> BTreeSet<&str> {
    page["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str()).collect()
}
