//! The sub-commands, one file each: to add one, write its file, a variant here and a line in [`Program::run`].
//!
//! Only commands print: answers on standard output, the log on standard error.
#![allow(clippy::print_stdout, reason = "what a command answers belongs on standard output")]

pub mod audit;
pub mod day;
pub mod demo;
pub mod docs;
pub mod doctor;
pub mod migrate;
pub mod openapi;
#[cfg(test)]
mod scratch;
pub mod serve;
pub mod tasks;
pub mod tenants;
pub mod token;
pub mod work;

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
    /// Run the API server
    Serve {
        /// Only say whether the configuration can be used
        #[arg(long)]
        check: bool,
    },
    /// Run background work
    Work,
    /// Make two demo companies and print their log-ins
    Demo {
        /// Write the log-ins to this file instead
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Play a working day on a running stack, over HTTP
    Day {
        /// The stack file of `./dev up`
        #[arg(long, value_name = "FILE", default_value = ".surv/stack.json")]
        stack: PathBuf,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Look at a deployment and say what to repair
    Doctor(doctor::Doctor),
    /// Read capability tokens, and make weaker ones
    #[command(subcommand)]
    Token(token::Token),
    /// The companies of this deployment
    #[command(subcommand)]
    Tenants(tenants::Tenants),
    /// The ends of the audit chains, and whether the chains are what they were
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Background work that failed for good, and what is to become of it
    #[command(subcommand)]
    Tasks(tasks::Tasks),
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
            Command::Serve { check } => {
                let config = config::Config::from_sources(&self.sources()?)?;
                if *check {
                    println!("the configuration can be used");
                    return Ok(ExitCode::SUCCESS);
                }
                telemetry::start(&config.log)?;
                serve::run(&config).await
            }
            Command::Work => {
                let config = config::Config::from_sources(&self.sources()?)?;
                telemetry::start(&config.log)?;
                work::run(&config).await
            }
            Command::Demo { json } => {
                let config = config::Config::from_sources(&self.sources()?)?;
                telemetry::start(&config.log)?;
                demo::run(&config, json.as_deref()).await
            }
            Command::Day { stack } => day::run(stack).await,
            Command::Openapi => openapi::print_document(),
            Command::Doctor(doctor) => doctor.run(&self.sources()?).await,
            Command::Token(token) => token.run(&Clock::system()),
            Command::Tenants(tenants) => tenants.run(&config::database(&self.sources()?)?).await,
            Command::Audit(audit) => audit.run(&config::database(&self.sources()?)?).await,
            Command::Tasks(tasks) => tasks.run(&config::database(&self.sources()?)?).await,
            Command::Docs(docs) => Ok(docs.run()),
        }
    }

    fn sources(&self) -> anyhow::Result<Sources> {
        Sources::read(self.config.as_deref())
    }
}
