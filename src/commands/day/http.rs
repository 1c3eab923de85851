//! One persona's calls.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use surv_integrations::http;
use surv_tenancy::Ids;

/// Somebody who is logged in.
#[derive(Clone)]
pub struct Persona {
    client: Client,
    api: String,
    token: String,
}

impl Persona {
    /// Logs in with the e-mail address and password of the stack file.
    pub async fn log_in(api: &str, slug: &str, who: &Value) -> anyhow::Result<Self> {
        let client = http::client(&api.parse()?, Duration::from_secs(20))?;
        let persona = Self { client, api: api.to_owned(), token: String::new() };
        let body = json!({ "email": who["email"], "password": who["password"], "company": slug });
        let request = persona.client.post(format!("{api}/v1/auth/log-in")).json(&body);
        let answer = read(request, "/v1/auth/log-in").await?;
        let token = answer["access_token"].as_str().context("the log-in wants a second step")?.to_owned();
        Ok(Self { token, ..persona })
    }

    /// The same calls with another token.
    pub fn with_token(&self, token: String) -> Self {
        Self { token, ..self.clone() }
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn request(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.api)).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        read(self.request(path), path).await
    }

    /// The status alone, for what should not be there.
    pub async fn status(&self, path: &str) -> anyhow::Result<u16> {
        Ok(self.request(path).send().await?.status().as_u16())
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let key = Ids::system().next::<uuid::Uuid>().to_string();
        let mut request = self.client.post(format!("{}{path}", self.api)).bearer_auth(&self.token);
        request = request.header("idempotency-key", key);
        if !body.is_null() {
            request = request.json(body);
        }
        read(request, path).await
    }
}

impl Persona {
    /// Uploads to storage as the API said, with no token.
    pub async fn upload(&self, upload: &Value, bytes: &'static [u8]) -> anyhow::Result<()> {
        let url = upload["url"].as_str().context("an upload has an address")?;
        let headers = upload["headers"].as_object().context("an upload has headers")?;
        let request = headers.iter().fold(self.client.put(url), |request, (name, value)| {
            request.header(name, value.as_str().unwrap_or_default())
        });
        read(request.body(bytes), "storage").await?;
        Ok(())
    }

    /// How long a download by a signed address is.
    pub async fn download(&self, link: &Value) -> anyhow::Result<usize> {
        let url = link["url"].as_str().context("a link has an address")?;
        let answer = self.client.get(url).send().await.context("calling storage")?.error_for_status()?;
        Ok(answer.bytes().await?.len())
    }
}

async fn read(request: RequestBuilder, path: &str) -> anyhow::Result<Value> {
    let response = request.send().await.with_context(|| format!("calling {path}"))?;
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        bail!("{path} answered {status}: {text}");
    }
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}
