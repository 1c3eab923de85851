//! Which databases belong to this run of the tests, and which to runs that are over.
//!
//! A run is a process: its number and its start, because numbers come back. With nextest every test is a process of
//! its own, and the run is the parent of them all.

/// The part of a database's name that tells its run.
pub(crate) fn this_run() -> String {
    let pid = if is_nextest() { std::os::unix::process::parent_id() } else { std::process::id() };
    format!("{pid}_{}", started_at(pid).unwrap_or_default())
}

/// Whether `name` is a test database of a run that has ended.
pub(crate) fn is_left_over(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("surv_test_") else { return false };
    let mut parts = rest.splitn(3, '_');
    let pid = parts.next().and_then(|part| part.parse().ok());
    let start = parts.next().and_then(|part| part.parse().ok());
    matches!((pid, start), (Some(pid), Some(start)) if started_at(pid) != Some(start))
}

#[allow(clippy::disallowed_methods, reason = "set by the test runner")]
fn is_nextest() -> bool {
    std::env::var("NEXTEST_RUN_ID").is_ok()
}

/// Clock ticks since boot; `None` when there is no such process.
fn started_at(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program may hold spaces; what follows its parenthesis does not.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}
