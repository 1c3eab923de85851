//! Surv over HTTP beside pgbench with the same statements, by turns.

use std::time::Duration;

use anyhow::Context as _;
use sqlx::PgConnection;

use crate::{
    data,
    drive::{self, median},
    figures::{Figures, Side},
    pgbench,
    record::Recorder,
    requests::{Asker, Operation, Own},
    same::{self, Counted},
    scale::Scale,
    script::{Script, Trips},
    stack::Stack,
    usage::Meter,
};

const LOGIN: &str = "surv_manager_login";
const ROLE: &str = "surv_manager";

/// One operation with its scripts, one of each for each client.
struct Contest<'a> {
    requests: Own<'a>,
    each: Vec<Script>,
    one: Vec<Script>,
}

/// Three sides of one operation.
#[derive(Default)]
struct Lanes {
    surv: Lane,
    each: Lane,
    one: Lane,
}

/// Rates and CPU of one side, one of each round.
#[derive(Default)]
struct Lane {
    rates: Vec<f64>,
    app: Vec<f64>,
    postgres: Vec<f64>,
    generator: Vec<f64>,
}

/// Measures get, schedule, create and search.
///
/// # Errors
/// When a request or statement is refused, or the sides do not run the same statements.
pub async fn measure(
    stack: &Stack,
    scale: &Scale,
    askers: &[Asker],
    superuser: &mut PgConnection,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let address = stack.api_address()?;
    let login = stack.database.logins.get("manager").context("the stack file has the manager's login")?;
    let meter = Meter { app: stack.pids.api, postmaster: stack.pids.postgres };
    let mut contests = Vec::new();
    for operation in Operation::ALL {
        let requests = Own { operation, askers, targets: scale.targets };
        // Connections are made and statements prepared before anything is recorded.
        drive::run(&address, scale.clients, Duration::from_millis(300), &requests).await?;
        contests.push(record(stack, scale, superuser, requests).await?);
    }
    let mut count = data::superuser(&with_database(&stack.database.superuser, "postgres")).await?;
    for contest in &contests {
        let name = contest.requests.operation.name();
        let counted = Counted::begin(&mut count, ROLE).await?;
        drive::run(&address, scale.clients, Duration::from_millis(300), &contest.requests).await?;
        let product = counted.end().await?;
        for scripts in [&contest.each, &contest.one] {
            let counted = Counted::begin(&mut count, ROLE).await?;
            pgbench::run(login, scripts, Duration::from_secs(1)).await?;
            same::compare(name, &product, &counted.end().await?)?;
        }
    }
    for contest in &contests {
        let mut lanes = Lanes::default();
        for _ in 0..scale.rounds {
            let before = meter.read()?;
            let load = drive::run(&address, scale.clients, scale.round, &contest.requests).await?;
            let used = meter.read()?.since(before);
            #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
            let requests = load.requests as f64;
            lanes.surv.rates.push(load.rate());
            lanes.surv.app.push(micros(used.app) / requests);
            lanes.surv.postgres.push(micros(used.postgres) / requests);
            lanes.surv.generator.push(micros(used.generator) / requests);
            for (lane, scripts) in [(&mut lanes.each, &contest.each), (&mut lanes.one, &contest.one)] {
                let before = meter.read()?;
                let outcome = pgbench::run(login, scripts, scale.round).await?;
                let used = meter.read()?.since(before);
                lane.rates.push(outcome.rate);
                lane.postgres.push(micros(used.postgres) / outcome.transactions);
            }
        }
        lanes.report(contest.requests.operation, figures);
    }
    Ok(())
}

async fn record<'a>(
    stack: &Stack,
    scale: &Scale,
    superuser: &mut PgConnection,
    requests: Own<'a>,
) -> anyhow::Result<Contest<'a>> {
    let mut recorder = Recorder::begin(stack, superuser).await?;
    let (mut each, mut one) = (Vec::new(), Vec::new());
    for client in 0..scale.clients {
        let recorded = recorder.transactions(LOGIN, &requests, client, scale.targets).await;
        let recorded = recorded.with_context(|| format!("recording {}", requests.operation.name()))?;
        each.push(Script::of(&recorded, Trips::Each));
        one.push(Script::of(&recorded, Trips::One));
    }
    recorder.end().await?;
    Ok(Contest { requests, each, one })
}

impl Lanes {
    fn report(self, operation: Operation, figures: &mut Figures) {
        let name = operation.name();
        let ratios =
            |other: &Lane| self.surv.rates.iter().zip(&other.rates).map(|(surv, pgbench)| surv / pgbench).collect();
        figures.add(&format!("{name}: throughput against pgbench, a trip a statement"), ratios(&self.each));
        figures.add(&format!("{name}: throughput against pgbench, pipelined"), ratios(&self.one));
        if operation == Operation::Get {
            figures.add("get: app CPU a request", self.surv.app.clone());
        }
        for (side, lane) in
            [("Surv", &self.surv), ("pgbench, a trip a statement", &self.each), ("pgbench, pipelined", &self.one)]
        {
            figures.sides.push(Side {
                operation: name,
                side,
                rate: median(&lane.rates),
                app_us: (!lane.app.is_empty()).then(|| median(&lane.app)),
                postgres_us: median(&lane.postgres),
                generator_us: (!lane.generator.is_empty()).then(|| median(&lane.generator)),
            });
        }
    }
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(crate) fn with_database(url: &url::Url, name: &str) -> url::Url {
    let mut other = url.clone();
    other.set_path(name);
    other
}
