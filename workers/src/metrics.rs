//! What workers count. Labels are kinds and outcomes of our own: no tenant, no person.

use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// How one attempt ended, as a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// To be tried again, after a failure or a wait.
    Retry,
    /// Parked until somebody looks at it.
    Dead,
    /// Another worker has taken it over, or it was finished by an answer that got lost.
    Lost,
    /// Put back as it was: shutdown, or a kind of a newer release.
    Returned,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry => "retry",
            Self::Dead => "dead",
            Self::Lost => "lost",
            Self::Returned => "returned",
        }
    }
}

pub(crate) struct Metrics {
    tasks: IntCounterVec,
    seconds: HistogramVec,
    pub(crate) purged: IntCounterVec,
    pub(crate) running: IntGauge,
    pub(crate) stuck: IntGauge,
    pub(crate) email_duplicates: IntCounter,
    pub(crate) audit_entries: IntCounter,
    pub(crate) audit_failures: IntCounter,
    pub(crate) dead: IntGauge,
    pub(crate) overdue_seconds: IntGauge,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let tasks = IntCounterVec::new(Opts::new("surv_tasks_total", "Attempts at tasks"), &["kind", "outcome"])?;
        let options = HistogramOpts::new("surv_task_seconds", "How long attempts took")
            .buckets(vec![0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0]);
        let seconds = HistogramVec::new(options, &["kind"])?;
        let help = "Rows deleted because their time was over";
        let purged = IntCounterVec::new(Opts::new("surv_purged_rows_total", help), &["table"])?;
        registry.register(Box::new(purged.clone()))?;
        registry.register(Box::new(tasks.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        let counter = |name: &str, help: &str| -> prometheus::Result<IntCounter> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauge = |name: &str, help: &str| -> prometheus::Result<IntGauge> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        Ok(Self {
            running: gauge("surv_tasks_running", "Tasks that this process runs now")?,
            stuck: gauge("surv_tasks_stuck", "Handlers that did not stop when told to; restart the process")?,
            dead: gauge("surv_tasks_dead", "Tasks that wait for a person")?,
            overdue_seconds: gauge("surv_tasks_overdue_seconds", "How long the oldest due task has waited")?,
            email_duplicates: counter("surv_email_duplicates_total", "Second copies of one mail that were accepted")?,
            audit_entries: counter("surv_audit_entries_total", "Entries added to audit chains")?,
            audit_failures: counter("surv_audit_failures_total", "Audit chains that could not be continued")?,
            tasks,
            seconds,
            purged,
        })
    }

    pub(crate) fn ended(&self, kind: &str, outcome: Outcome, after: std::time::Duration) {
        self.tasks.with_label_values(&[kind, outcome.as_str()]).inc();
        self.seconds.with_label_values(&[kind]).observe(after.as_secs_f64());
    }
}
