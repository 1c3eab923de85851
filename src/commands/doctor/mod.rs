//! `surv doctor`: looks at a deployment and says what to repair. It changes nothing.
//!
//! Every check answers; one that cannot be made says why. The database is looked at through a login that serving has
//! anyway, so that the doctor needs no right of its own.

mod access;
mod keys;
mod queue;
mod reach;
mod roles;
mod server;
#[cfg(test)]
mod tests;

use std::{future::Future, process::ExitCode, time::Duration};

use clap::Args;
use serde::Serialize;
use surv_tenancy::Clock;

use crate::config::{self, Config, Sources};

/// How long one outside thing may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub struct Doctor {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: String,
    pub ok: bool,
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
}

impl Finding {
    fn fine(check: &str, detail: impl Into<String>) -> Self {
        Self { check: check.to_owned(), ok: true, detail: detail.into(), repair: None }
    }

    fn broken(check: &str, detail: impl Into<String>, repair: impl Into<String>) -> Self {
        Self { check: check.to_owned(), ok: false, detail: detail.into(), repair: Some(repair.into()) }
    }

    /// Nothing wrong: fine. Else one finding for each, with the same repair.
    fn each(check: &str, fine: impl Into<String>, wrong: Vec<String>, repair: &str) -> Vec<Self> {
        if wrong.is_empty() {
            return vec![Self::fine(check, fine)];
        }
        wrong.into_iter().map(|detail| Self::broken(check, detail, repair)).collect()
    }
}

impl Doctor {
    /// Prints every finding; fails if one is broken.
    ///
    /// # Errors
    /// Findings that cannot be printed.
    pub async fn run(&self, sources: &Sources) -> anyhow::Result<ExitCode> {
        let findings = examine(sources, &Clock::system()).await;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&findings)?);
        } else {
            print!("{}", table(&findings));
        }
        Ok(if findings.iter().all(|finding| finding.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// All checks, in the order in which their failures explain each other.
pub async fn examine(sources: &Sources, clock: &Clock) -> Vec<Finding> {
    let mut findings = match Config::from_sources(sources) {
        Ok(_) => vec![Finding::fine("configuration", "every section is complete")],
        Err(problems) => {
            Finding::each("configuration", "", problems.0, "correct it in surv.toml or in the environment")
        }
    };
    // Each section for itself: one that is wrong does not hide what the others say.
    if let Ok(database) = config::database(sources) {
        let found = server::examine(&database, clock).await;
        let sound = found.iter().all(|finding| finding.ok);
        findings.extend(found);
        // A database that is not in order would only say so again.
        if sound {
            findings.extend(queue::examine(&database).await);
        }
    }
    findings.extend(keys::examine(sources));
    findings.extend(reach::examine(sources).await);
    findings
}

fn table(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.check.chars().count()).max().unwrap_or_default();
    let line = |finding: &Finding| {
        let mark = if finding.ok { '✓' } else { '✗' };
        let repair = finding.repair.as_ref().map(|text| format!("    repair: {text}\n")).unwrap_or_default();
        format!("{mark} {:<width$}  {}\n{repair}", finding.check, finding.detail)
    };
    let broken = findings.iter().filter(|finding| !finding.ok).count();
    let sum = match broken {
        0 => format!("\nAll {} checks are fine.\n", findings.len()),
        _ => format!("\n{broken} of {} checks need repair.\n", findings.len()),
    };
    findings.iter().map(line).chain([sum]).collect()
}

/// What `work` answers, or that it took too long.
async fn in_time<T, E: std::fmt::Display>(work: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}
