//! How long people wait when many ask at once, and what memory that takes.

use crate::{
    drive,
    figures::Figures,
    requests::{Asker, Operation, Own},
    scale::Scale,
    usage::resident,
};

/// p95 of get, schedule and search.
///
/// # Errors
/// When a request is refused.
pub async fn measure(
    address: &str,
    pid: u32,
    scale: &Scale,
    askers: &[Asker],
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut most = 0;
    for operation in [Operation::Get, Operation::Schedule, Operation::Search] {
        let mut waits = Vec::new();
        for _ in 0..scale.rounds.min(3) {
            let requests = Own { operation, askers, targets: scale.targets };
            let mut load = drive::run(address, scale.crowd, scale.round, &requests).await?;
            waits.push(load.percentile(95).as_secs_f64() * 1e3);
            most = most.max(resident(pid)?.0);
        }
        figures.add(&format!("{}: p95 in a crowd", operation.name()), waits);
    }
    figures.add("memory under load, without log-ins", vec![megabytes(most)]);
    figures.add("memory under load, with log-ins", vec![megabytes(resident(pid)?.1)]);
    Ok(())
}

fn megabytes(bytes: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "memory of a process is below 2^52")]
    let bytes = bytes as f64;
    bytes / 1e6
}
