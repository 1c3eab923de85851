//! Four personas at once against each of them alone.
//!
//! Were they to share connections, Postgres would plan anew with each change of role (docs/decisions/0001).

use std::time::Duration;

use crate::{
    drive,
    figures::Figures,
    http::Request,
    people::{self, Company},
    requests::{Operation, Turns},
    scale::Scale,
};

/// Short names of those who ask.
const PERSONAS: [&str; 4] = ["admin", "manager", "tech0", "customer0"];

/// Throughput of all together against what each alone makes one expect, that is their harmonic mean.
///
/// # Errors
/// When a request is refused.
pub async fn measure(address: &str, scale: &Scale, companies: &[Company], figures: &mut Figures) -> anyhow::Result<()> {
    let mut alone: Vec<Vec<Vec<Request>>> = Vec::new();
    for persona in PERSONAS {
        let people: Vec<_> = companies.iter().map(|company| (company.slug.as_str(), persona)).collect();
        let (tokens, ..) = people::log_in(address, 2, &people).await?;
        alone.push(companies.iter().zip(&tokens).map(|(company, token)| own(persona, company, token)).collect());
    }
    // A client each, in turn: with eight clients two of each persona.
    let mixed: Vec<Vec<Request>> = (0..companies.len().max(PERSONAS.len()))
        .map(|client| alone[client % PERSONAS.len()][client % companies.len()].clone())
        .collect();
    let clients = scale.clients.max(PERSONAS.len());
    let warm = Duration::from_millis(300);
    for lists in alone.iter().chain([&mixed]) {
        drive::run(address, clients, warm, &Turns(lists)).await?;
    }
    let mut ratios = Vec::with_capacity(scale.rounds);
    for _ in 0..scale.rounds {
        let mut seconds = 0.0;
        for lists in &alone {
            seconds += 1.0 / drive::run(address, clients, scale.round / 2, &Turns(lists)).await?.rate();
        }
        let together = drive::run(address, clients, scale.round / 2, &Turns(&mixed)).await?.rate();
        #[allow(clippy::cast_precision_loss, reason = "four")]
        ratios.push(together * seconds / PERSONAS.len() as f64);
    }
    figures.add("mixed personas: throughput against each alone", ratios);
    Ok(())
}

/// Things that each persona may read, one at a time.
fn own(persona: &str, company: &Company, token: &str) -> Vec<Request> {
    match persona {
        "tech0" => (company.visits.iter()).map(|id| Request::get(&format!("/v1/work/visits/{id}"), token)).collect(),
        "customer0" => (company.jobs.iter()).map(|id| Request::get(&format!("/v1/portal/jobs/{id}"), token)).collect(),
        _ => (0..8).map(|number| Operation::Get.request(company, token, number)).collect(),
    }
}
