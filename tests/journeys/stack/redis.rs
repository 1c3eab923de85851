//! A Redis of the test's own.

use std::{collections::BTreeMap, time::Duration};

use super::{
    folder::{Folder, free_port, wait_until},
    process::{Process, Program, text_of},
};

#[derive(Debug)]
pub struct Redis {
    pub port: u16,
    password: String,
    program: Program,
    process: Option<Process>,
}

impl Redis {
    /// # Panics
    /// When there is no `redis-server`, or it does not answer.
    pub async fn start(folder: &Folder) -> Self {
        let (port, password) = (free_port(), format!("{:032x}", rand::random::<u128>()));
        let settings = format!(
            "bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {}\nappendonly no\nsave \"\"\n",
            folder.path().display()
        );
        let file = folder.join("redis.conf");
        std::fs::write(&file, settings).expect("our own folder");
        let program = Program {
            path: "redis-server".into(),
            arguments: vec![file.display().to_string()],
            environment: BTreeMap::new(),
            folder: folder.path().to_owned(),
            log: folder.join("redis.log"),
            user: None,
        };
        let mut redis = Self { port, password, program, process: None };
        redis.start_again().await;
        redis
    }

    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/", self.password, self.port)
    }

    pub fn kill(&mut self) {
        // Dropping a process ends it with SIGKILL.
        self.process = None;
    }

    /// Listens to every command from now on.
    pub fn monitor(&self) -> Monitor {
        let log = self.program.log.with_file_name("monitor.log");
        let program = Program {
            path: "redis-cli".into(),
            arguments: ["-h", "127.0.0.1", "-p", &self.port.to_string(), "monitor"].map(str::to_owned).into(),
            environment: [("REDISCLI_AUTH".to_owned(), self.password.clone())].into(),
            folder: self.program.folder.clone(),
            log: log.clone(),
            user: None,
        };
        Monitor { _process: program.start(), log }
    }

    /// # Panics
    /// When it does not run.
    pub fn signal(&self, name: &str) {
        self.process.as_ref().expect("it runs").signal(name);
    }

    /// Starts it, empty, and waits for its answer.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn start_again(&mut self) {
        self.process = Some(self.program.start());
        let port = self.port;
        wait_until("Redis answers", Duration::from_secs(10), async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
    }
}

/// What Redis is told.
#[derive(Debug)]
pub struct Monitor {
    _process: Process,
    log: std::path::PathBuf,
}

impl Monitor {
    /// All commands so far.
    pub fn stop(self) -> String {
        text_of(&self.log)
    }
}
