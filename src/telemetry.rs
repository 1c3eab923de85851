//! The log: events and spans on standard error, so that a command's answer on standard output stays clean.

use anyhow::Context as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogConfig, LogFormat};

/// Starts the log. Once in a process.
///
/// # Errors
/// A filter that cannot be parsed, or a log that runs already.
pub fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter: EnvFilter = config.filter.parse().context("log.filter")?;
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Pretty => builder.compact().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("starting the log: {error}"))
}
