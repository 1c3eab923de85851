//! `[files]` in the file, `SURV_FILES__MAX_BYTES` in the environment: what may be uploaded.

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// The largest photo, in bytes as it is uploaded.
    pub max_bytes: i64,
    /// The largest logo, in bytes as it is uploaded.
    pub logo_max_bytes: i64,
    /// The largest image, in millions of pixels: it is what an image takes in memory.
    pub max_megapixels: u32,
    /// How many uploads one company may announce on a day (UTC), and how much in all.
    pub uploads_per_day: i32,
    pub megabytes_per_day: i64,
    /// How long storage takes an announced upload.
    pub upload_minutes: i64,
    /// How long an address to download works: who loses the right to a file keeps it for so long.
    pub link_minutes: i64,
    /// ClamAV's `host:port`; without it nothing is scanned.
    #[serde(default)]
    pub clamd: Option<String>,
}

impl FilesConfig {
    /// What is wrong with these values, each as a sentence.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut within = |key: &str, value: i64, most: i64| {
            if !(1..=most).contains(&value) {
                problems.push(format!("files.{key} has to be from 1 to {most}"));
            }
        };
        within("max_bytes", self.max_bytes, 100_000_000);
        within("logo_max_bytes", self.logo_max_bytes, 100_000_000);
        within("max_megapixels", self.max_megapixels.into(), 200);
        within("uploads_per_day", self.uploads_per_day.into(), 1_000_000);
        within("megabytes_per_day", self.megabytes_per_day, 10_000_000);
        // A signed address can't be valid for longer than a week.
        within("upload_minutes", self.upload_minutes, 24 * 60);
        within("link_minutes", self.link_minutes, 24 * 60);
        if self.clamd.as_deref().is_some_and(|address| !address.contains(':')) {
            problems.push("files.clamd has to be host:port".to_owned());
        }
        problems
    }

    /// The most that one company may announce on a day, in bytes.
    pub const fn bytes_per_day(&self) -> i64 {
        self.megabytes_per_day * 1_000_000
    }

    /// The most pixels that an image may have.
    pub const fn max_pixels(&self) -> u64 {
        self.max_megapixels as u64 * 1_000_000
    }
}
