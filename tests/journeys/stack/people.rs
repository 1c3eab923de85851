//! Calls to the server, and people who are logged in.

use std::time::Duration;

use serde_json::{Value, json};
use surv_tests::{Answer, Call};
use uuid::Uuid;

/// Where the server is. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    http: reqwest::Client,
}

impl Api {
    pub fn new(base: &str) -> Self {
        let address = base.parse().expect("an address of ours");
        let http = surv_integrations::http::client(&address, Duration::from_secs(30)).expect("an HTTP client");
        Self { base: base.to_owned(), http }
    }

    /// `path` begins with a slash.
    ///
    /// # Panics
    /// When it is no method.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let method = method.parse().expect("a method");
        Call::new(self.http.request(method, format!("{}{path}", self.base)))
    }

    /// Logs a person of the demo in, as the office's pages would.
    ///
    /// # Panics
    /// When the server does not let them in.
    pub async fn log_in(&self, company: &Value, who: &Value) -> Person {
        let body = json!({ "email": who["email"], "password": who["password"], "company": company["slug"] });
        let answer = self.call("POST", "/v1/auth/log-in").json(&body).expect(200).await;
        Person {
            api: self.clone(),
            id: uuid(&answer["user_id"]),
            tenant_id: uuid(&answer["tenant_id"]),
            token: text(&answer["access_token"]),
            refresh: text(&answer["refresh_token"]),
        }
    }
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Person {
    pub api: Api,
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub token: String,
    pub refresh: String,
}

impl Person {
    pub fn call(&self, method: &str, path: &str) -> Call {
        self.api.call(method, path).token(&self.token)
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    /// A GET that is asked until somebody answers it.
    pub async fn look(&self, path: &str) -> Value {
        loop {
            match self.get(path).try_send().await {
                Ok(answer) if is_final(&answer) => return answer.json(200),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

/// Whether asking again will not help: neither busy nor away.
pub const fn is_final(answer: &Answer) -> bool {
    answer.status < 500 && answer.status != 429
}

/// # Panics
/// When it is none.
#[track_caller]
pub fn uuid(value: &Value) -> Uuid {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no id"))
}

/// # Panics
/// When it is none.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
