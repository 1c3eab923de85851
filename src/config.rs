//! The configuration: one struct per section, joined here from three layers.
//!
//! Layers, later ones win: the compiled-in `defaults.toml` (the reference), `surv.toml`, `SURV_SECTION__KEY`. A wrong
//! configuration is reported whole: unknown keys, missing ones, types and values in one answer, secrets in none.

mod reference;
mod sections;
mod sources;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::DeserializeOwned;
use surv_integrations::{s3::S3Config, sendgrid::SendgridConfig};
use surv_operations::files::FilesConfig;
use surv_tenancy::{
    db::DatabaseConfig, links::LinkBuilder, links::LinksConfig, secrets::SecretsConfig, token::TokensConfig,
};
use surv_workers::Retention;

pub use reference::{Entry, Need, Section, reference};
pub use sections::{HttpConfig, LimitsConfig, LogConfig, LogFormat, Network, Rate, RedisConfig, WorkerConfig};
pub use sources::Sources;

/// All of it, for servers and workers.
#[derive(Debug, Clone)]
pub struct Config {
    pub http: HttpConfig,
    pub links: LinksConfig,
    pub database: DatabaseConfig,
    pub redis: RedisConfig,
    /// Absent: no files.
    pub s3: Option<S3Config>,
    pub files: FilesConfig,
    pub tokens: TokensConfig,
    pub secrets: SecretsConfig,
    pub sendgrid: SendgridConfig,
    pub worker: WorkerConfig,
    pub retention: Retention,
    pub limits: LimitsConfig,
    pub log: LogConfig,
}

/// Everything that is wrong with a configuration, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblems(pub Vec<String>);

impl std::error::Error for ConfigProblems {}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl Config {
    /// Reads and validates every section.
    ///
    /// # Errors
    /// All problems of all sections at once.
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigProblems> {
        let mut problems = sources.problems().to_vec();
        let http = checked(sources, "http", &mut problems, HttpConfig::problems);
        let links = checked(sources, "links", &mut problems, link_problems);
        let database = checked(sources, "database", &mut problems, sections::database_problems);
        let redis = checked(sources, "redis", &mut problems, RedisConfig::problems);
        let s3 = if sources.uses("s3") {
            checked(sources, "s3", &mut problems, S3Config::problems).map(Some)
        } else {
            Some(None)
        };
        let files = checked(sources, "files", &mut problems, FilesConfig::problems);
        let tokens = checked(sources, "tokens", &mut problems, TokensConfig::problems);
        let secrets = checked(sources, "secrets", &mut problems, SecretsConfig::problems);
        let sendgrid = checked(sources, "sendgrid", &mut problems, SendgridConfig::validate);
        let worker = checked(sources, "worker", &mut problems, WorkerConfig::problems);
        let retention = checked(sources, "retention", &mut problems, Retention::problems);
        let limits = checked(sources, "limits", &mut problems, LimitsConfig::problems);
        let log = checked(sources, "log", &mut problems, LogConfig::problems);
        if let (Some(worker), Some(sendgrid)) = (&worker, &sendgrid) {
            problems.extend(sender_problem(worker, sendgrid));
        }
        let all = || {
            Some(Self {
                http: http?,
                links: links?,
                database: database?,
                redis: redis?,
                s3: s3?,
                files: files?,
                tokens: tokens?,
                secrets: secrets?,
                sendgrid: sendgrid?,
                worker: worker?,
                retention: retention?,
                limits: limits?,
                log: log?,
            })
        };
        match all() {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigProblems(problems)),
        }
    }
}

/// One section, for commands that need no more: `surv migrate` runs without a signing key.
///
/// # Errors
/// All problems of this section, and keys anywhere that nobody knows.
pub fn section<T: DeserializeOwned>(
    sources: &Sources,
    name: &str,
    check: impl Fn(&T) -> Vec<String>,
) -> Result<T, ConfigProblems> {
    let mut problems = sources.problems().to_vec();
    match checked(sources, name, &mut problems, check) {
        Some(section) if problems.is_empty() => Ok(section),
        _ => Err(ConfigProblems(problems)),
    }
}

/// The database section alone.
///
/// # Errors
/// As [`section`].
pub fn database(sources: &Sources) -> Result<DatabaseConfig, ConfigProblems> {
    section(sources, "database", sections::database_problems)
}

/// The log section alone.
///
/// # Errors
/// As [`section`].
pub fn log(sources: &Sources) -> Result<LogConfig, ConfigProblems> {
    section(sources, "log", LogConfig::problems)
}

fn checked<T: DeserializeOwned>(
    sources: &Sources,
    name: &str,
    problems: &mut Vec<String>,
    check: impl Fn(&T) -> Vec<String>,
) -> Option<T> {
    match sources.extract::<T>(name) {
        Ok(section) => {
            problems.extend(check(&section));
            Some(section)
        }
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

fn link_problems(links: &LinksConfig) -> Vec<String> {
    LinkBuilder::new(links).err().map(|error| error.to_string()).into_iter().collect()
}

/// Found here rather than by the first mail that is refused.
fn sender_problem(worker: &WorkerConfig, sendgrid: &SendgridConfig) -> Option<String> {
    let (_, domain) = worker.from_address.rsplit_once('@')?;
    let known = sendgrid.from_domains.iter().any(|known| known.eq_ignore_ascii_case(domain));
    (!known).then(|| format!("worker.from_address is at {domain}, which sendgrid.from_domains does not name"))
}
