//! Mails, bounces and keys survive a restart; the binary makes and prints the same keys.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use surv_simulators::sendgrid::SendgridOptions;
use surv_simulators::{Running, SimulatorOptions, Simulators};

use super::{LIMIT, send_to};

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("surv-simulators-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn start_in(dir: &Path, keep: usize) -> Running {
    let sendgrid = SendgridOptions { keep, ..SendgridOptions::default() };
    let options = SimulatorOptions { dir: Some(dir.to_owned()), sendgrid, ..SimulatorOptions::default() };
    Simulators::start(options).await.expect("starts")
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let folder = Folder::new("restart");
    let first = start_in(&folder.0, 100).await;
    for address in ["bounce@example.com", "pat@example.com"] {
        send_to(&first, address).await;
    }
    assert!(first.sendgrid().settled(LIMIT).await);
    let (sent, bounces, key) =
        (first.sendgrid().sent(), first.sendgrid().bounces(), first.sendgrid().webhook_public_key());
    first.stop().await;
    // What a kill in the middle of writing may leave.
    std::fs::write(folder.0.join("sendgrid/mails/half.json"), "{\"id\":").expect("writable");

    let second = start_in(&folder.0, 100).await;

    assert_eq!(sent.len(), 2);
    assert_eq!(second.sendgrid().sent(), sent);
    assert_eq!((second.sendgrid().bounces(), second.sendgrid().webhook_public_key()), (bounces, key));
    let third = send_to(&second, "sam@example.com").await;
    assert_eq!(second.sendgrid().sent().last().map(|mail| mail.id.clone()), Some(third));
}

#[tokio::test]
async fn only_the_newest_are_kept_in_memory_and_on_disk() {
    let folder = Folder::new("keep");
    let running = start_in(&folder.0, 2).await;

    for address in ["a@example.com", "b@example.com", "c@example.com"] {
        send_to(&running, address).await;
    }
    assert!(running.sendgrid().settled(LIMIT).await);

    let kept: Vec<_> = running.sendgrid().sent().iter().flat_map(|mail| mail.to()).collect();
    assert_eq!(kept, ["b@example.com", "c@example.com"]);
    assert_eq!(std::fs::read_dir(folder.0.join("sendgrid/mails")).expect("a folder").count(), 2);
}

#[tokio::test]
async fn the_keys_command_prints_the_key_that_serve_signs_with() {
    let folder = Folder::new("keys");
    let keys = || {
        let command =
            Command::new(env!("CARGO_BIN_EXE_surv-simulators")).args(["keys", "--dir"]).arg(&folder.0).output();
        serde_json::from_slice::<Value>(&command.expect("runs").stdout).expect("JSON")
    };

    let printed = keys();

    assert_eq!(printed, keys());
    let running = start_in(&folder.0, 10).await;
    assert_eq!(printed["sendgrid"]["webhook_public_key"], running.sendgrid().webhook_public_key());
    let path = Path::new(printed["sendgrid"]["webhook_private_key_pem_path"].as_str().expect("a path"));
    let mode = std::fs::metadata(path).expect("the key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else may read the private key");
}
