//! The program under test, as one of its roles.

use std::{collections::BTreeMap, path::PathBuf, process::ExitStatus, time::Duration};

use super::{
    folder::{Folder, wait_until},
    process::{Process, Program, text_of},
};

/// How long a restarted role may take until it serves.
pub const SERVING: Duration = Duration::from_secs(10);

/// `surv serve` or `surv work`, running or not.
#[derive(Debug)]
pub struct Role {
    name: &'static str,
    base: String,
    /// Answers 2xx when it can work.
    health: &'static str,
    program: Program,
    process: Option<Process>,
    http: reqwest::Client,
}

/// `surv` with these arguments, in the folder of the stack.
pub fn program(folder: &Folder, environment: &BTreeMap<String, String>, log: &str, arguments: &[&str]) -> Program {
    Program {
        path: PathBuf::from(env!("CARGO_BIN_EXE_surv-under-test")),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        environment: environment.clone(),
        folder: folder.path().to_owned(),
        log: folder.join(log),
        user: None,
    }
}

impl Role {
    /// Not started yet.
    pub fn new(name: &'static str, port: u16, health: &'static str, program: Program) -> Self {
        let base = format!("http://127.0.0.1:{port}");
        let address = base.parse().expect("an address of ours");
        let http = surv_integrations::http::client(&address, Duration::from_secs(3)).expect("an HTTP client");
        Self { name, base, health, program, process: None, http }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// All that it ever logged, over restarts.
    pub fn log(&self) -> String {
        text_of(&self.program.log)
    }

    /// What it logged last, for a message.
    pub fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Does not wait until it serves.
    pub fn start(&mut self) {
        self.process = Some(self.program.start());
    }

    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").pid()
    }

    pub fn kill(&mut self) {
        // Dropping a process ends it with SIGKILL.
        self.process = None;
    }

    /// # Panics
    /// When it does not run.
    pub fn signal(&self, name: &str) {
        self.process.as_ref().expect("it runs").signal(name);
    }

    /// How it ended by itself; nothing when time is up.
    pub async fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        let ended = self.process.as_mut().expect("it was started").ended(limit).await;
        if ended.is_some() {
            self.process = None;
        }
        ended
    }

    /// A page of the role itself, such as `/metrics`: status and text; nothing when there is no answer.
    pub async fn page(&self, path: &str) -> Option<(u16, String)> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// Waits until it can work, and says how long that took.
    ///
    /// # Panics
    /// When it ends or takes longer than [`SERVING`].
    pub async fn ready(&mut self) -> Duration {
        let what = format!("{} is ready", self.name);
        wait_until(&what, SERVING, async || {
            let process = self.process.as_mut().expect("it was started");
            if let Some(status) = process.ended(Duration::ZERO).await {
                panic!("{} ended with {status}:\n{}", self.name, text_of(&self.program.log));
            }
            let answer = self.http.get(format!("{}{}", self.base, self.health)).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await
    }
}
