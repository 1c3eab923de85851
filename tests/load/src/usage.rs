//! What processes have used, from /proc.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;

/// A tick of the kernel's accounting: 100 a second on every Linux that Surv runs on.
const TICK: Duration = Duration::from_millis(10);

/// CPU time of a process with all its threads, and of its children that have ended.
fn of_process(pid: u32) -> anyhow::Result<(u32, Duration, Duration)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid}"))?;
    // The name of the program may hold spaces; what follows its parenthesis does not.
    let fields: Vec<&str> = stat.rsplit_once(')').context("a stat line")?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|text| text.parse::<u32>().ok()).unwrap_or_default();
    Ok((number(1), TICK * (number(11) + number(12)), TICK * (number(13) + number(14))))
}

/// CPU time of one process so far.
///
/// # Errors
/// When it does not run.
pub fn cpu(pid: u32) -> anyhow::Result<Duration> {
    Ok(of_process(pid)?.1)
}

/// CPU time so far of a Postgres: the postmaster, its living children, and those that have ended.
///
/// # Errors
/// When it does not run.
pub fn postgres_cpu(postmaster: u32) -> anyhow::Result<Duration> {
    let (_, own, ended) = of_process(postmaster)?;
    let children = std::fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| of_process(pid).ok())
        .filter(|(parent, ..)| *parent == postmaster)
        .map(|(_, used, _)| used);
    Ok(own + ended + children.sum::<Duration>())
}

/// Resident memory of a process now, and the most it ever had, in bytes.
///
/// # Errors
/// When it does not run.
pub fn resident(pid: u32) -> anyhow::Result<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let sizes: HashMap<&str, u64> = status
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter_map(|(name, rest)| Some((name, rest.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)))
        .collect();
    Ok((*sizes.get("VmRSS").context("VmRSS")?, *sizes.get("VmHWM").context("VmHWM")?))
}

/// CPU of the app, of Postgres and of this program during some work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    pub app: Duration,
    pub postgres: Duration,
    pub generator: Duration,
}

/// Reads all three.
#[derive(Debug, Clone, Copy)]
pub struct Meter {
    pub app: u32,
    pub postmaster: u32,
}

impl Meter {
    /// Since the processes began.
    ///
    /// # Errors
    /// When one of them does not run.
    pub fn read(self) -> anyhow::Result<Used> {
        Ok(Used { app: cpu(self.app)?, postgres: postgres_cpu(self.postmaster)?, generator: cpu(std::process::id())? })
    }
}

impl Used {
    /// What came on top of `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            app: self.app.saturating_sub(before.app),
            postgres: self.postgres.saturating_sub(before.postgres),
            generator: self.generator.saturating_sub(before.generator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen_to_work_and_to_take_memory() {
        let own = std::process::id();
        let before = cpu(own).unwrap();
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(80) {
            std::hint::black_box(before);
        }

        assert!(cpu(own).unwrap() > before);
        let (now, most) = resident(own).unwrap();
        assert!(now > 1 << 18 && most >= now);
    }
}
