//! Sections whose user is this crate, or not yet written. Each says what is wrong with itself.

use std::net::{IpAddr, SocketAddr};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use surv_integrations::{http::base_url_problem, sendgrid::is_address};
use surv_rls_policies::LOGINS;
use surv_tenancy::db::DatabaseConfig;
use url::Url;

/// `[http]`: the API server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    pub listen: SocketAddr,
    pub public_url: Url,
    pub trusted_proxies: Vec<String>,
    pub cors_origins: Vec<String>,
    pub body_limit_bytes: usize,
    pub request_timeout_s: u64,
    pub drain_s: u64,
}

/// An address, or all that share its first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    pub address: IpAddr,
    pub prefix: u8,
}

impl std::str::FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), str::parse).map_err(|_| ())?;
        if prefix > most { Err(()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    pub fn contains(&self, other: IpAddr) -> bool {
        let shift = |bits: u8| u32::from(bits - self.prefix);
        match (self.address, other.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                u32::from(a).checked_shr(shift(32)).unwrap_or(0) == u32::from(b).checked_shr(shift(32)).unwrap_or(0)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                u128::from(a).checked_shr(shift(128)).unwrap_or(0) == u128::from(b).checked_shr(shift(128)).unwrap_or(0)
            }
            _ => false,
        }
    }
}

impl HttpConfig {
    /// The parsed `trusted_proxies`.
    pub fn proxies(&self) -> Vec<Network> {
        self.trusted_proxies.iter().filter_map(|text| text.parse().ok()).collect()
    }

    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(problem) = base_url_problem(&self.public_url) {
            problems.push(format!("http.public_url {problem}"));
        }
        for text in self.trusted_proxies.iter().filter(|text| text.parse::<Network>().is_err()) {
            problems.push(format!("http.trusted_proxies holds {text:?}, which is no address or network"));
        }
        for text in self.cors_origins.iter().filter(|text| !is_origin(text)) {
            problems
                .push(format!("http.cors_origins holds {text:?}, which is no origin such as https://app.surv.example"));
        }
        within(&mut problems, "http.body_limit_bytes", self.body_limit_bytes as u64, 1024..=64 << 20);
        within(&mut problems, "http.request_timeout_s", self.request_timeout_s, 1..=300);
        within(&mut problems, "http.drain_s", self.drain_s, 0..=300);
        problems
    }
}

fn is_origin(text: &str) -> bool {
    // `*` and `null` are no origins: either would let any site use a visitor's session.
    Url::parse(text).is_ok_and(|url| base_url_problem(&url).is_none() && url.origin().ascii_serialization() == text)
}

/// `[redis]`: optional, and so is everything that it does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    pub url: Option<SecretString>,
}

impl RedisConfig {
    pub fn problems(&self) -> Vec<String> {
        match &self.url {
            Some(url) if deadpool_redis::Config::from_url(url.expose_secret()).builder().is_err() => {
                vec!["redis.url has to be a redis:// address".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}

/// `[worker]`: `surv work`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    pub listen: SocketAddr,
    /// The sender of all e-mails.
    pub from_address: String,
    pub concurrency: usize,
    pub per_tenant: usize,
    pub poll_ms: u64,
    pub lease_s: u64,
    pub drain_s: u64,
}

impl WorkerConfig {
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !is_address(&self.from_address) {
            problems.push("worker.from_address has to be an e-mail address".to_owned());
        }
        within(&mut problems, "worker.concurrency", self.concurrency as u64, 1..=256);
        within(&mut problems, "worker.per_tenant", self.per_tenant as u64, 1..=self.concurrency.max(1) as u64);
        within(&mut problems, "worker.poll_ms", self.poll_ms, 10..=60_000);
        within(&mut problems, "worker.lease_s", self.lease_s, 5..=3600);
        within(&mut problems, "worker.drain_s", self.drain_s, 0..=300);
        problems
    }
}

/// `[limits]`: how many requests are answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    pub ip: Rate,
    pub principal: Rate,
    pub tenant: Rate,
    pub login: Rate,
}

/// A sustained rate, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    pub per_minute: u32,
    pub burst: u32,
}

impl LimitsConfig {
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let rates = [("ip", self.ip), ("principal", self.principal), ("tenant", self.tenant), ("login", self.login)];
        for (name, rate) in rates {
            within(&mut problems, &format!("limits.{name}.per_minute"), rate.per_minute.into(), 1..=1_000_000);
            within(&mut problems, &format!("limits.{name}.burst"), rate.burst.into(), 1..=1_000_000);
        }
        problems
    }
}

/// `[log]`: on standard error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    pub format: LogFormat,
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Json,
    Pretty,
}

impl LogConfig {
    pub fn problems(&self) -> Vec<String> {
        match self.filter.parse::<tracing_subscriber::EnvFilter>() {
            Ok(_) => Vec::new(),
            Err(error) => vec![format!("log.filter: {error}")],
        }
    }
}

/// The section's own problems, and passwords of logins that do not exist.
pub fn database_problems(database: &DatabaseConfig) -> Vec<String> {
    let mut problems = database.problems();
    for name in database.passwords.keys().filter(|name| !LOGINS.contains(&format!("surv_{name}_login").as_str())) {
        problems.push(format!("database.passwords.{name}: there is no login surv_{name}_login"));
    }
    if let Some(url) = &database.superuser_url
        && url.expose_secret().parse::<sqlx::postgres::PgConnectOptions>().is_err()
    {
        problems.push("database.superuser_url has to be a postgres:// address".to_owned());
    }
    problems
}

fn within(problems: &mut Vec<String>, key: &str, value: u64, range: std::ops::RangeInclusive<u64>) {
    if !range.contains(&value) {
        problems.push(format!("{key} has to be from {} to {}", range.start(), range.end()));
    }
}
