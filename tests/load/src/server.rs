//! Servers that the bench starts itself, from the stack's own configuration: one on a second database, and some only
//! to see how long a start takes.

use std::{
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};

use crate::{
    http::{Connection, Request},
    stack::Stack,
};

/// The program `surv`, and how the stack configures it.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    pub environment: Vec<(String, String)>,
}

/// A server that ends with this value.
#[derive(Debug)]
pub struct Server {
    pub address: String,
    pub pid: u32,
    _child: Child,
}

impl Program {
    /// The `surv` that was built beside this program.
    ///
    /// # Errors
    /// When it is not there, or the stack has no configuration.
    pub fn beside_this(stack: &Stack) -> anyhow::Result<Self> {
        let path = std::env::current_exe()?.with_file_name("surv");
        if !path.exists() {
            bail!("{} is not there: build it with the same profile", path.display());
        }
        Ok(Self { path, environment: stack.environment()? })
    }

    fn command(&self, role: &str, settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(&self.path);
        command.arg(role).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        command.envs(self.environment.iter().cloned()).envs(settings.iter().copied());
        command
    }

    /// `surv migrate` on a database.
    ///
    /// # Errors
    /// When it fails.
    pub async fn migrate(&self, database: &str, superuser: &str) -> anyhow::Result<()> {
        let settings = [("SURV_DATABASE__NAME", database), ("SURV_DATABASE__SUPERUSER_URL", superuser)];
        let output = self.command("migrate", &settings).stderr(Stdio::piped()).output().await?;
        if !output.status.success() {
            bail!("surv migrate on {database}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// `surv serve` on a database, and how long it took until `/ready` answered 200.
    ///
    /// # Errors
    /// When it does not within ten seconds.
    pub async fn serve(&self, database: &str, address: &str) -> anyhow::Result<(Server, Duration)> {
        let settings = [("SURV_DATABASE__NAME", database), ("SURV_HTTP__LISTEN", address)];
        let begun = Instant::now();
        let child = self.command("serve", &settings).spawn().context("starting surv serve")?;
        let pid = child.id().context("a server has a process id")?;
        let server = Server { address: address.to_owned(), pid, _child: child };
        while !is_ready(address).await {
            if begun.elapsed() > Duration::from_secs(10) {
                bail!("a server on {address} is not ready after 10 s");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok((server, begun.elapsed()))
    }
}

async fn is_ready(address: &str) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    let answer = connection.call(&Request::get("/ready", "")).await;
    matches!(answer, Ok(answer) if answer.status == 200)
}
