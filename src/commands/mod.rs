//! The sub-commands, one file each: to add one, write its file, a variant here and a line in [`Program::run`].
//!
//! Only commands print: answers on standard output, the log on standard error.
#![allow(clippy::print_stdout, reason = "what a command answers belongs on standard output")]

pub mod docs;
pub mod doctor;
pub mod migrate;
#[cfg(test)]
mod scratch;
pub mod tenants;
pub mod token;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use surv_tenancy::Clock;

use crate::{config, config::Sources, telemetry};

/// Surv: field service for the trades.
#[derive(Debug, Parser)]
#[command(name = "surv", version, about)]
pub struct Program {
    /// The configuration file [default: surv.toml, if there is one]
    #[arg(long, global = true, env = "SURV_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the database into shape: roles, schema, policies
    Migrate,
    /// Look at a deployment and say what to repair
    Doctor(doctor::Doctor),
    /// Read capability tokens, and make weaker ones
    #[command(subcommand)]
    Token(token::Token),
    /// The companies of this deployment
    #[command(subcommand)]
    Tenants(tenants::Tenants),
    /// Print documentation that is derived from the program
    #[command(subcommand)]
    Docs(docs::Docs),
}

impl Program {
    /// Runs the command and prints what went wrong.
    pub async fn run(self) -> ExitCode {
        match self.dispatch().await {
            Ok(code) => code,
            Err(error) => {
                eprintln!("surv: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    async fn dispatch(&self) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Migrate => {
                let sources = self.sources()?;
                let database = config::database(&sources)?;
                telemetry::start(&config::log(&sources)?)?;
                migrate::run(&database).await
            }
            Command::Doctor(doctor) => doctor.run(&self.sources()?).await,
            Command::Token(token) => token.run(&Clock::system()),
            Command::Tenants(tenants) => tenants.run(&config::database(&self.sources()?)?).await,
            Command::Docs(docs) => Ok(docs.run()),
        }
    }

    fn sources(&self) -> anyhow::Result<Sources> {
        Sources::read(self.config.as_deref())
    }
}
