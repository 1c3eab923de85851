//! Storage of files for tests: the S3 server that `./dev services` starts.

use surv_integrations::s3::{FileStore, S3Config};
use surv_operations::files::FilesConfig;

/// The bucket that all tests share; whatever they put there lies under their own companies' ids or is theirs alone.
///
/// # Panics
/// When `test.env` was not read.
pub fn store() -> FileStore {
    FileStore::new(&config())
}

/// How the product would be told of it.
///
/// # Panics
/// When `test.env` was not read.
pub fn config() -> S3Config {
    S3Config {
        endpoint: variable("ENDPOINT").parse().expect("SURV_TEST_S3_ENDPOINT is an address"),
        region: variable("REGION"),
        bucket: variable("BUCKET"),
        access_key_id: variable("ACCESS_KEY_ID"),
        secret_access_key: variable("SECRET_ACCESS_KEY").into(),
        path_style: true,
    }
}

#[allow(clippy::disallowed_methods, reason = "tests are told by the environment where services are")]
fn variable(name: &str) -> String {
    let name = format!("SURV_TEST_S3_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run ./dev test, or read test.env"))
}

/// Small ones, so that tests reach some; no test uploads as much as a day allows.
pub const fn limits() -> FilesConfig {
    FilesConfig {
        max_bytes: 1_000_000,
        logo_max_bytes: 200_000,
        max_megapixels: 4,
        uploads_per_day: 1_000_000,
        megabytes_per_day: 1_000_000,
        upload_minutes: 15,
        link_minutes: 5,
        clamd: None,
    }
}
