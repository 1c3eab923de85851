//! How workers work. `[worker]` in the file, `SURV_WORKER__CONCURRENCY` in the environment.

use std::time::Duration;

use serde::Deserialize;

use crate::Retention;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// The sender of all e-mails: an address of a domain that `sendgrid.from_domains` names.
    pub from_address: String,
    /// How many tasks run at once in one process.
    #[serde(default = "WorkerConfig::default_concurrency")]
    pub concurrency: usize,
    /// How many tasks of one company are claimed at once.
    #[serde(default = "WorkerConfig::default_per_tenant")]
    pub per_tenant: usize,
    /// How often to look for work when nothing says that there is some.
    #[serde(default = "WorkerConfig::default_poll_ms")]
    pub poll_ms: u64,
    /// How long a task is ours without a sign of life. Longer tasks renew it.
    #[serde(default = "WorkerConfig::default_lease_ms")]
    pub lease_ms: u64,
    /// How long a shutdown waits for running tasks.
    #[serde(default = "WorkerConfig::default_shutdown_ms")]
    pub shutdown_ms: u64,
    /// How often audit chains are brought up to date.
    #[serde(default = "WorkerConfig::default_audit_ms")]
    pub audit_ms: u64,
    /// How often what is too old is deleted.
    #[serde(default = "WorkerConfig::default_purge_ms")]
    pub purge_ms: u64,
    /// What is too old.
    #[serde(default)]
    pub retention: Retention,
}

impl WorkerConfig {
    /// The defaults, sending from this address.
    pub fn sending_from(from_address: impl Into<String>) -> Self {
        Self {
            from_address: from_address.into(),
            concurrency: Self::default_concurrency(),
            per_tenant: Self::default_per_tenant(),
            poll_ms: Self::default_poll_ms(),
            lease_ms: Self::default_lease_ms(),
            shutdown_ms: Self::default_shutdown_ms(),
            audit_ms: Self::default_audit_ms(),
            purge_ms: Self::default_purge_ms(),
            retention: Retention::default(),
        }
    }

    /// What is wrong with these values, each as a sentence.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !surv_integrations::sendgrid::is_address(&self.from_address) {
            problems.push("worker.from_address has to be an e-mail address".to_owned());
        }
        if self.concurrency == 0 || self.per_tenant == 0 {
            problems.push("worker.concurrency and worker.per_tenant have to be at least 1".to_owned());
        }
        if self.poll_ms == 0 || self.audit_ms == 0 || self.purge_ms == 0 {
            problems.push("worker.poll_ms, worker.audit_ms and worker.purge_ms have to be at least 1".to_owned());
        }
        if self.lease_ms < 1_000 {
            problems.push("worker.lease_ms has to be at least 1000".to_owned());
        }
        problems.extend(self.retention.problems());
        problems
    }

    pub(crate) const fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    pub(crate) const fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }

    const fn default_concurrency() -> usize {
        16
    }

    const fn default_per_tenant() -> usize {
        4
    }

    const fn default_poll_ms() -> u64 {
        1_000
    }

    const fn default_lease_ms() -> u64 {
        60_000
    }

    const fn default_shutdown_ms() -> u64 {
        25_000
    }

    const fn default_audit_ms() -> u64 {
        2_000
    }

    const fn default_purge_ms() -> u64 {
        3_600_000
    }
}
