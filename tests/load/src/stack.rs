//! A running stack, as its stack file tells (docs/stack-file.md).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Deserialize;
use url::Url;

/// The fields that the bench needs.
#[derive(Debug, Clone, Deserialize)]
pub struct Stack {
    /// Address of the API.
    pub api: Url,
    pub database: Database,
    pub pids: Pids,
    /// The folder of the stack.
    pub data: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Database {
    pub superuser: Url,
    pub logins: BTreeMap<String, Url>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Pids {
    pub api: u32,
    pub postgres: u32,
}

impl Stack {
    /// # Errors
    /// When there is no such file, or no API runs.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        serde_json::from_slice(&text).context("the stack file names no running API and Postgres")
    }

    /// Host and port of the API.
    ///
    /// # Errors
    /// When the stack file names none.
    pub fn api_address(&self) -> anyhow::Result<String> {
        let host = self.api.host_str().context("the API has a host")?;
        Ok(format!("{host}:{}", self.api.port_or_known_default().context("the API has a port")?))
    }

    /// The log of Postgres.
    pub fn postgres_log(&self) -> PathBuf {
        self.data.join("log/postgres.log")
    }

    /// The environment of the stack's programs: `NAME=value` a line.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn environment(&self) -> anyhow::Result<Vec<(String, String)>> {
        let file = self.data.join("surv.env");
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
