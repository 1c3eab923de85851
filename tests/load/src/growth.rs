//! What more rows and more companies cost Postgres, asked over HTTP.

use std::time::Duration;

use crate::{
    drive::{self, Source},
    figures::Figures,
    requests::{Asker, Everywhere, Operation, Own},
    scale::Scale,
    throughput::micros,
    usage::postgres_cpu,
};

/// A server, and whose requests it gets.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    pub address: &'a str,
    pub askers: &'a [Asker],
}

/// The same search in the large company and in an ordinary one.
///
/// # Errors
/// When a request is refused.
pub async fn rows(
    postmaster: u32,
    scale: &Scale,
    address: &str,
    (large, ordinary): (&Asker, &Asker),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let source = |asker: &'_ Asker| [asker.clone()];
    let (large, ordinary) = (source(large), source(ordinary));
    let many = Own { operation: Operation::Search, askers: &large, targets: 6 };
    let few = Own { operation: Operation::Search, askers: &ordinary, targets: 6 };
    let ratios = compare(postmaster, scale, (address, &many), (address, &few)).await?;
    figures.add("rows: search among many customers against few, Postgres CPU", ratios);
    Ok(())
}

/// The same requests spread over all companies of two databases.
///
/// # Errors
/// When a request is refused.
pub async fn tenants(
    postmaster: u32,
    scale: &Scale,
    many: Site<'_>,
    few: Site<'_>,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    for operation in [Operation::Get, Operation::Schedule] {
        let (all, some) = (Everywhere { operation, askers: many.askers }, Everywhere { operation, askers: few.askers });
        let ratios = compare(postmaster, scale, (many.address, &all), (few.address, &some)).await?;
        let name = operation.name();
        figures.add(&format!("tenants: {name}, many companies against few, Postgres CPU"), ratios);
    }
    Ok(())
}

/// Postgres CPU of a request here against there, by turns.
async fn compare(
    postmaster: u32,
    scale: &Scale,
    here: (&str, &impl Source),
    there: (&str, &impl Source),
) -> anyhow::Result<Vec<f64>> {
    let warm = Duration::from_millis(300);
    drive::run(here.0, scale.clients, warm, here.1).await?;
    drive::run(there.0, scale.clients, warm, there.1).await?;
    let mut ratios = Vec::with_capacity(scale.rounds);
    for _ in 0..scale.rounds {
        let one = cost(postmaster, scale, here.0, here.1).await?;
        let other = cost(postmaster, scale, there.0, there.1).await?;
        ratios.push(one / other);
    }
    Ok(ratios)
}

async fn cost(postmaster: u32, scale: &Scale, address: &str, source: &impl Source) -> anyhow::Result<f64> {
    let before = postgres_cpu(postmaster)?;
    let load = drive::run(address, scale.clients, scale.round, source).await?;
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let requests = load.requests as f64;
    Ok(micros(postgres_cpu(postmaster)?.saturating_sub(before)) / requests)
}
