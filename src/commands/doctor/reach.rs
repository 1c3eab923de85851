//! Whether the services around us answer. What they answer is not judged: a 403 is somebody who is there.

use deadpool_redis::redis;
use secrecy::ExposeSecret as _;
use surv_integrations::{
    clamd::Scanner,
    http,
    s3::{FileStore, S3Config},
    sendgrid::SendgridConfig,
};
use surv_operations::files::FilesConfig;
use url::Url;

use crate::config::{self, RedisConfig, Sources};

use super::{Finding, PATIENCE, in_time};

pub async fn examine(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(redis) = config::section(sources, "redis", RedisConfig::problems) {
        findings.push(answers_redis(&redis).await);
    }
    if !sources.uses("s3") {
        findings.push(Finding::fine("S3", "not configured: no files"));
    } else if let Ok(s3) = sources.extract::<S3Config>("s3") {
        findings.push(has_bucket(&s3).await);
    }
    if let Ok(files) = sources.extract::<FilesConfig>("files") {
        findings.push(scans(&files).await);
    }
    if let Ok(sendgrid) = sources.extract::<SendgridConfig>("sendgrid") {
        findings.push(answers("SendGrid", &sendgrid.base_url, "sendgrid.base_url").await);
    }
    findings
}

async fn answers_redis(config: &RedisConfig) -> Finding {
    let Some(url) = &config.url else {
        return Finding::fine("Redis", "not configured: rate limits count per process");
    };
    let ping = async {
        let client = redis::Client::open(url.expose_secret())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").query_async::<String>(&mut connection).await
    };
    match in_time(ping).await {
        Ok(_) => Finding::fine("Redis", "answers"),
        Err(error) => {
            let repair = "start Redis or correct redis.url; until then rate limits count per process";
            Finding::broken("Redis", error, repair)
        }
    }
}

async fn has_bucket(config: &S3Config) -> Finding {
    match in_time(FileStore::new(config).check_bucket()).await {
        Ok(()) => Finding::fine("S3", format!("the bucket {} is there for our key", config.bucket)),
        Err(error) => {
            let repair =
                "correct s3.endpoint, s3.bucket and the key, or make the bucket (docs/how-to/prepare-a-bucket.md)";
            Finding::broken("S3", format!("bucket {}: {error}", config.bucket), repair)
        }
    }
}

async fn scans(config: &FilesConfig) -> Finding {
    let Some(address) = &config.clamd else {
        return Finding::fine("ClamAV", "not configured: uploads are not scanned for viruses, only made anew");
    };
    match in_time(Scanner::new(address).ping()).await {
        Ok(()) => Finding::fine("ClamAV", format!("{address} answers")),
        Err(error) => Finding::broken(
            "ClamAV",
            format!("{address}: {error}"),
            "start clamd or correct files.clamd; files wait for it",
        ),
    }
}

async fn answers(name: &str, url: &Url, key: &str) -> Finding {
    let at = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
    let repair = format!("correct {key}, or let this machine reach {at}");
    let client = match http::client(url, PATIENCE) {
        Ok(client) => client,
        Err(error) => return Finding::broken(name, error.to_string(), "install the machine's root certificates"),
    };
    match in_time(async { client.head(url.clone()).send().await.map_err(http::CallFailure::from) }).await {
        Ok(response) => Finding::fine(name, format!("{at} answers ({})", response.status().as_u16())),
        Err(error) => Finding::broken(name, format!("{at}: {error}"), repair),
    }
}
