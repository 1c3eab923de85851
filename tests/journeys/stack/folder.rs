//! A folder of the test's own, ports that nobody has, and waiting for a condition.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rand::Rng as _;

/// Is removed with all that is in it.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// # Panics
    /// When it cannot be made.
    pub fn new() -> Self {
        let path =
            std::env::temp_dir().join(format!("surv-journey-{}-{:08x}", std::process::id(), rand::random::<u32>()));
        std::fs::create_dir(&path).expect("a temporary folder can be made");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let kept = std::thread::panicking() && is_set("SURV_TEST_KEEP");
        if !kept {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "set by whoever looks for the cause of a failure")]
fn is_set(name: &str) -> bool {
    std::env::var(name).is_ok()
}

/// A port that is free and stays so while its server is down: below those that outgoing connections get.
///
/// # Panics
/// When none is found.
pub fn free_port() -> u16 {
    let mut random = rand::rng();
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (0..200).map(|_| random.random_range(12_000..32_000)).find(is_free).expect("a port is free")
}

/// Asks until `yes`, and says how long that took.
///
/// # Panics
/// When time is up.
pub async fn wait_until(what: &str, limit: Duration, mut yes: impl AsyncFnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !yes().await {
        assert!(start.elapsed() < limit, "not within {} s: {what}", limit.as_secs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}
