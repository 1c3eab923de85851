//! `surv-load --stack FILE`: runs the bench on a running stack and prints its figures.
#![allow(clippy::print_stderr, reason = "progress is for whoever waits")]

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::Parser;
use surv_load::{figures::Reached, report, run, scale::Scale, stack::Stack};

#[derive(Debug, Parser)]
#[command(about = "Compares Surv over HTTP with pgbench running the same statements")]
struct Arguments {
    /// What runs where: docs/stack-file.md.
    #[arg(long)]
    stack: PathBuf,
    /// Fewer rows and rounds.
    #[arg(long, conflicts_with = "smoke")]
    quick: bool,
    /// As small as can be: only to see that the bench works.
    #[arg(long)]
    smoke: bool,
    /// Also writes the figures there.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Ends with an error when a figure does not reach "at least".
    #[arg(long)]
    strict: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let stack = Stack::read(&arguments.stack)?;
    let scale = match &arguments {
        Arguments { smoke: true, .. } => Scale::SMOKE,
        Arguments { quick: true, .. } => Scale::QUICK,
        _ => Scale::FULL,
    };
    let figures = run(&stack, &scale, &|what| eprintln!("  {what} …")).await?;
    report::print(&figures);
    if let Some(file) = arguments.json {
        let text = serde_json::to_vec_pretty(&figures)?;
        std::fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    let missing = figures.missing();
    if !missing.is_empty() {
        bail!("these were not measured: {}", missing.join("; "));
    }
    let reached = figures.figures.iter().all(|figure| figure.reached() != Reached::Not);
    Ok(if reached || !arguments.strict { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
