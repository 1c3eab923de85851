//! Runs pgbench: one process a client, so that each connection keeps to its own script and plans.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context as _, bail};
use futures_util::future::try_join_all;
use surv_tenancy::clock::Clock;
use tokio::process::Command;
use url::Url;

use crate::script::Script;

/// The pgbench of the machine; Debian's own place for it comes first, since PATH may lead to a wrapper.
fn program() -> PathBuf {
    let debian = PathBuf::from("/usr/lib/postgresql/15/bin/pgbench");
    if debian.exists() { debian } else { PathBuf::from("pgbench") }
}

/// Transactions a second of all scripts together.
///
/// # Errors
/// When pgbench fails: a statement that Postgres refuses ends it.
pub async fn run(login: &Url, scripts: &[Script], time: Duration) -> anyhow::Result<Outcome> {
    // Fresh values must not repeat those of an earlier run.
    let base = Clock::system().now().timestamp() * 100_000_000;
    let clients = scripts.iter().enumerate().map(|(client, script)| one(login, script, client, base, time));
    let outcomes = try_join_all(clients).await?;
    Ok(outcomes.into_iter().fold(Outcome::default(), |all, one| Outcome {
        rate: all.rate + one.rate,
        transactions: all.transactions + one.transactions,
    }))
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// Transactions a second, without the time to connect.
    pub rate: f64,
    pub transactions: f64,
}

async fn one(login: &Url, script: &Script, client: usize, base: i64, time: Duration) -> anyhow::Result<Outcome> {
    let file = std::env::temp_dir().join(format!("surv-load-{}-{client}.sql", std::process::id()));
    tokio::fs::write(&file, &script.text).await?;
    let mut command = Command::new(program());
    command.args(["-n", "-M", "prepared", "-c", "1", "-j", "1", "-T", &time.as_secs().max(1).to_string(), "-f"]);
    command.arg(&file).arg("-D").arg(format!("n={}", base + i64::try_from(client)? * 10_000_000));
    for (name, value) in &script.variables {
        command.arg("-D").arg(format!("{name}={value}"));
    }
    command.args(["-h", login.host_str().context("a login has a host")?]);
    command.args(["-p", &login.port().unwrap_or(5432).to_string(), "-U", login.username()]);
    command.arg(login.path().trim_start_matches('/'));
    command.env("PGPASSWORD", login.password().unwrap_or_default());
    // A pipeline's statements are parsed before the first of them runs, so the names in them have to be known by then.
    command.env("PGOPTIONS", format!("-c role={}", login.username().trim_end_matches("_login")));
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.context("starting pgbench")?;
    tokio::fs::remove_file(&file).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || text.contains("aborted") {
        bail!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let many = f64::from(script.transactions);
    Ok(Outcome {
        rate: many * number(&text, "tps = ")?,
        transactions: many * number(&text, "number of transactions actually processed: ")?,
    })
}

fn number(text: &str, label: &str) -> anyhow::Result<f64> {
    let after = text.split_once(label).with_context(|| format!("pgbench says no {label:?}: {text}"))?.1;
    let digits: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    digits.parse().with_context(|| format!("a number after {label:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_figures_are_found() {
        let text =
            "number of transactions actually processed: 1207\ntps = 603.123456 (without initial connection time)\n";

        assert!((number(text, "tps = ").unwrap() - 603.123_456).abs() < 1e-9);
        assert!((number(text, "number of transactions actually processed: ").unwrap() - 1207.0).abs() < 1e-9);
        assert!(number(text, "latency").is_err());
    }
}
