//! Where the database is, and how many connections each persona may hold.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// `[database]` in the file, `SURV_DATABASE__HOST` in the environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    pub host: String,
    pub port: u16,
    pub name: String,
    /// `disable`, `prefer`, `require`, `verify-ca` or `verify-full`.
    pub ssl_mode: String,
    /// One password per login, by the login's short name (`admin`, `worker`, `identity`, …).
    pub passwords: BTreeMap<String, SecretString>,
    /// Superuser's connection, for `surv migrate` on a new cluster only. Serving never needs it.
    pub superuser_url: Option<SecretString>,
    pub pool: PoolConfig,
}

/// `[database.pool]`: sizes are connections of one process.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolConfig {
    /// Connections for each of the personas (admin, manager, technician, customer).
    pub persona: usize,
    /// Connections for the worker persona.
    pub worker: usize,
    /// Connections for each cross-tenant path.
    pub path: usize,
    /// How long a request waits for a connection before it is answered with 503, in milliseconds.
    pub wait_ms: u64,
}

impl DatabaseConfig {
    /// Options for one login, such as `surv_admin_login`.
    pub fn options(&self, login: &str) -> PgConnectOptions {
        let short = login.trim_start_matches("surv_").trim_end_matches("_login");
        let options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .database(&self.name)
            .username(login)
            .ssl_mode(self.ssl_mode.parse().unwrap_or(PgSslMode::VerifyFull))
            // Lists and search have a few shapes each; sqlx's 100 would evict them on busy personas.
            .statement_cache_capacity(256)
            .application_name("surv");
        match self.passwords.get(short) {
            Some(password) => options.password(password.expose_secret()),
            None => options,
        }
    }

    /// What is wrong with these values, each as a sentence.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.ssl_mode.parse::<PgSslMode>().is_err() {
            problems.push(format!(
                "database.ssl_mode: {:?} is none of disable, prefer, require, verify-ca, verify-full",
                self.ssl_mode
            ));
        }
        if self.pool.persona == 0 || self.pool.worker == 0 || self.pool.path == 0 {
            problems.push("database.pool: every size has to be at least 1".to_owned());
        }
        problems
    }
}
