//! One program of a stack: started, killed, and gone when the test is, however that ends.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// What to start.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    pub arguments: Vec<String>,
    /// Its whole environment, apart from `PATH`.
    pub environment: BTreeMap<String, String>,
    pub folder: PathBuf,
    /// Standard output and standard error, appended to.
    pub log: PathBuf,
    /// The system user, for a program that refuses root.
    pub user: Option<String>,
}

impl Program {
    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(&self) -> Process {
        // The kernel kills it with us: not even a test that is killed itself leaves anything behind.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(user) = &self.user {
            command.args(["--reuid", user, "--regid", user, "--init-groups"]);
        }
        command.arg("--").arg(&self.path).args(&self.arguments);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").envs(&self.environment);
        command.current_dir(&self.folder).stdin(Stdio::null());
        let log = File::options().append(true).create(true).open(&self.log).expect("the log can be written");
        command.stdout(log.try_clone().expect("a second handle")).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("starting {}: {error}", self.path.display()));
        Process { child }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it does not succeed.
    pub fn run(&self) {
        let ended = self.start().child.wait().expect("a child can be waited for");
        assert!(ended.success(), "{} {:?}: {ended}\n{}", self.path.display(), self.arguments, text_of(&self.log));
    }
}

/// A log so far; empty when there is none.
pub fn text_of(log: &Path) -> String {
    std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// A running program.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    ///
    /// # Panics
    /// When there is no such process any more.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status();
        assert!(sent.expect("kill can be run").success(), "the process is gone");
    }

    /// Waits until it ends by itself; nothing when time is up.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub async fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return Some(status);
            }
            if start.elapsed() > limit {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    /// SIGKILL, unless it has ended.
    fn drop(&mut self) {
        // One that is gone already is as good as killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
