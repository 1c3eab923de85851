//! Whether the services around us answer. What they answer is not judged: a 403 is somebody who is there.

use deadpool_redis::redis;
use secrecy::ExposeSecret as _;
use surv_integrations::{http, sendgrid::SendgridConfig};
use url::Url;

use crate::config::{self, RedisConfig, S3Config, Sources};

use super::{Finding, PATIENCE, in_time};

pub async fn examine(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(redis) = config::section(sources, "redis", RedisConfig::problems) {
        findings.push(answers_redis(&redis).await);
    }
    if !sources.uses("s3") {
        findings.push(Finding::fine("S3", "not configured: no files"));
    } else if let Ok(s3) = sources.extract::<S3Config>("s3") {
        findings.push(answers("S3", &s3.endpoint, "s3.endpoint").await);
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
