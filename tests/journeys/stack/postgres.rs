//! A database server of the test's own, which may be killed without harm to other tests.

use std::{
    collections::BTreeMap,
    os::unix::fs::{MetadataExt as _, PermissionsExt, chown},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

use super::{
    folder::{Folder, free_port},
    process::{Process, Program, text_of},
};

/// As in `deploy/dev/services.sh`, but for what a test need not wait for: nobody cuts the power.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "password_encryption=scram-sha-256",
    "max_connections=120",
    "shared_buffers=64MB",
    "fsync=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_line_prefix=%m [%p] %u ",
    "log_lock_waits=on",
    "log_parameter_max_length=0",
];

#[derive(Debug)]
pub struct Postgres {
    port: u16,
    password: String,
    cluster: PathBuf,
    program: Program,
    process: Option<Process>,
}

impl Postgres {
    /// Makes a cluster in the folder and starts its server.
    ///
    /// # Panics
    /// When `SURV_TEST_PG_BIN` names no Postgres, or it does not start.
    pub async fn start(folder: &Folder, more_settings: &[&str]) -> Self {
        let bin = PathBuf::from(variable("SURV_TEST_PG_BIN"));
        let (port, password) = (free_port(), format!("{:032x}", rand::random::<u128>()));
        let cluster = folder.join("postgres");
        let user = make_home(folder, &cluster);
        initialise(&bin, folder, &cluster, user.as_deref(), &password);
        let mut arguments = vec!["-D".to_owned(), cluster.display().to_string(), "-p".to_owned(), port.to_string()];
        for setting in SETTINGS.iter().chain(more_settings) {
            arguments.extend(["-c".to_owned(), (*setting).to_owned()]);
        }
        let program = Program {
            path: bin.join("postgres"),
            arguments,
            environment: BTreeMap::new(),
            folder: cluster.clone(),
            log: folder.join("postgres.log"),
            user,
        };
        let mut postgres = Self { port, password, cluster, program, process: None };
        postgres.start_again();
        postgres.answers(Duration::from_secs(30)).await;
        postgres
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    pub fn superuser_url(&self) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/postgres", self.password, self.port)
    }

    pub fn log(&self) -> String {
        text_of(&self.program.log)
    }

    /// Starts the server on the same data. Does not wait for its answer.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_again(&mut self) {
        self.process = Some(self.program.start());
    }

    /// SIGKILL for every process of the server: none gets to say goodbye or to write anything down.
    ///
    /// # Panics
    /// When one of them lives on.
    pub fn kill(&mut self) {
        let limit = Instant::now();
        let first = self.process.take();
        loop {
            let all = self.processes();
            if all.is_empty() {
                break;
            }
            // Some end by themselves meanwhile.
            let _ = std::process::Command::new("kill")
                .args(["-s", "KILL"])
                .args(&all)
                .stderr(std::process::Stdio::null())
                .status();
            assert!(limit.elapsed() < Duration::from_secs(10), "processes of Postgres live on: {all:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(first);
    }

    /// The shutdown of an administrator: sessions are told (57P01), then ended.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal("INT");
            assert!(process.ended(Duration::from_secs(30)).await.is_some(), "Postgres does not stop");
        }
    }

    /// Waits until it answers.
    ///
    /// # Panics
    /// When it does not.
    pub async fn answers(&self, limit: Duration) {
        let start = Instant::now();
        let server: PgConnectOptions = self.superuser_url().parse().expect("an address of ours");
        loop {
            match PgConnection::connect_with(&server).await {
                Ok(connection) => return drop(connection.close().await),
                Err(error) => {
                    assert!(start.elapsed() < limit, "Postgres does not answer: {error}\n{}", self.log());
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// Every process of a cluster works in its folder.
    fn processes(&self) -> Vec<String> {
        let cluster = self.cluster.canonicalize().expect("the cluster is there");
        let works_here = |entry: &std::fs::DirEntry| {
            std::fs::read_link(entry.path().join("cwd")).is_ok_and(|folder| folder == cluster)
        };
        let all = std::fs::read_dir("/proc").expect("/proc is there").flatten();
        let numbers = all.filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()));
        numbers.filter(works_here).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

/// The cluster's folder, and the user that it belongs to: Postgres refuses root.
fn make_home(folder: &Folder, cluster: &Path) -> Option<String> {
    std::fs::create_dir(cluster).expect("a folder can be made");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).expect("our own folder");
    std::fs::set_permissions(cluster, PermissionsExt::from_mode(0o700)).expect("our own folder");
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root {
        return None;
    }
    let number = |flag: &str| -> u32 {
        let output = std::process::Command::new("id").args([flag, "postgres"]).output().expect("id can be run");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("there is a user postgres")
    };
    chown(cluster, Some(number("-u")), Some(number("-g"))).expect("root gives folders away");
    Some("postgres".to_owned())
}

fn initialise(bin: &Path, folder: &Folder, cluster: &Path, user: Option<&str>, password: &str) {
    let file = folder.join("postgres.password");
    std::fs::write(&file, password).expect("our own folder");
    // Root's file is read by the user of the cluster; it is gone a moment later.
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).expect("our own file");
    let arguments = ["-D", &cluster.display().to_string(), "-U", "postgres", "--pwfile", &file.display().to_string()]
        .into_iter()
        .chain(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
        .map(str::to_owned)
        .collect();
    Program {
        path: bin.join("initdb"),
        arguments,
        environment: BTreeMap::new(),
        folder: cluster.to_owned(),
        log: folder.join("initdb.log"),
        user: user.map(str::to_owned),
    }
    .run();
    std::fs::remove_file(file).expect("our own file");
}

#[allow(clippy::disallowed_methods, reason = "tests are told by the environment where programs are")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run these tests by `./dev test`"))
}
