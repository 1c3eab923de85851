//! `surv-simulators`: the outside services on one port, for `./dev up`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use surv_simulators::keys::EventKey;
use surv_simulators::{SimulatorOptions, Simulators};

#[derive(Parser)]
#[command(about = "Simulators of outside services, speaking the vendors' wire on this machine only")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until interrupted.
    Serve {
        /// Where to listen, on this machine: 127.0.0.1:PORT.
        #[arg(long)]
        listen: SocketAddr,
        /// Where keys and mails are kept.
        #[arg(long)]
        dir: PathBuf,
        /// Where a vendor's webhooks go: sendgrid=http://127.0.0.1:8080/…  (may be given once per vendor)
        #[arg(long, value_name = "VENDOR=URL")]
        webhook_target: Vec<String>,
        /// Accept only this API key instead of any.
        #[arg(long)]
        sendgrid_api_key: Option<String>,
    },
    /// Print the keys that webhooks are signed with as JSON, making them first if need be.
    Keys {
        #[arg(long)]
        dir: PathBuf,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::WARN).init();
    match Arguments::parse().command {
        Command::Serve { listen, dir, webhook_target, sendgrid_api_key } => {
            let mut options = SimulatorOptions { listen, dir: Some(dir), ..SimulatorOptions::default() };
            options.sendgrid.api_key = sendgrid_api_key;
            for target in &webhook_target {
                match target.split_once('=') {
                    Some(("sendgrid", url)) => options.sendgrid.webhook_target = Some(url.to_owned()),
                    _ => bail!("--webhook-target takes sendgrid=URL, not {target:?}"),
                }
            }
            serve(options).await
        }
        Command::Keys { dir } => print_keys(&dir),
    }
}

async fn serve(options: SimulatorOptions) -> anyhow::Result<()> {
    let mut running = Simulators::start(options).await?;
    writeln!(std::io::stdout(), "simulators listen on {}", running.base_url())?;
    let mut terminated =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).context("waiting for SIGTERM")?;
    tokio::select! {
        failure = running.until_failure() => return failure.context("listening"),
        _ = terminated.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("waiting for an interrupt")?,
    }
    running.stop().await;
    Ok(())
}

fn print_keys(dir: &Path) -> anyhow::Result<()> {
    let key = EventKey::in_directory(dir)?;
    let path = std::path::absolute(EventKey::path(dir))?;
    let keys = serde_json::json!({
        "sendgrid": {"webhook_public_key": key.public_base64(), "webhook_private_key_pem_path": path},
    });
    writeln!(std::io::stdout(), "{keys}")?;
    Ok(())
}
