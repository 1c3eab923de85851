//! S3 and what speaks its protocol: where the bytes of files lie.
//!
//! [`FileStore`] signs what browsers and phones do by themselves (upload, download) and does for workers what they need.
//! It knows keys, not whose they are.

mod client;
mod error;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

pub use client::{FileStore, Listed, Presigned, Stored, Upload};
pub use error::StorageError;

use crate::http::base_url_problem;

/// `[s3]` in the file, `SURV_S3__BUCKET` in the environment. Without the section there are no files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Config {
    pub endpoint: Url,
    pub region: String,
    pub bucket: String,
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    /// Addresses are `endpoint/bucket/key`; else the bucket is part of the host name.
    #[serde(default = "yes")]
    pub path_style: bool,
}

const fn yes() -> bool {
    true
}

impl S3Config {
    /// What is wrong with these values, each as a sentence.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(problem) = base_url_problem(&self.endpoint) {
            problems.push(format!("s3.endpoint {problem}"));
        }
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        if !(3..=63).contains(&self.bucket.len()) || !self.bucket.chars().all(is_name) {
            problems.push("s3.bucket has to be 3 to 63 small letters, digits, - and .".to_owned());
        }
        let filled = [("region", &self.region[..]), ("access_key_id", &self.access_key_id)];
        for (key, _) in filled.into_iter().filter(|(_, value)| value.is_empty()) {
            problems.push(format!("s3.{key} is empty"));
        }
        if self.secret_access_key.expose_secret().is_empty() {
            problems.push("s3.secret_access_key is empty".to_owned());
        }
        problems
    }
}
