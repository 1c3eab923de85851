//! Addresses in e-mails. They come from the configuration, never from what a request says of its host, and carry
//! their secret behind `#`: a fragment is in no log, no Referer and no server's hands.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

/// `[links]` in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinksConfig {
    /// Where the office's console is.
    pub console_url: Url,
    /// Where customers' portals are; `{slug}` stands for the company, as in `https://{slug}.surv.example`.
    pub portal_url: String,
}

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("links.portal_url needs {{slug}} and has to be an http address")]
    Portal,
    #[error("links.console_url has to be an http address")]
    Console,
}

/// Builds the addresses in e-mails. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LinkBuilder {
    console: Arc<str>,
    portal: Arc<str>,
}

impl LinkBuilder {
    /// # Errors
    /// [`LinkError`] names the value that is no address.
    pub fn new(config: &LinksConfig) -> Result<Self, LinkError> {
        if !matches!(config.console_url.scheme(), "http" | "https") {
            return Err(LinkError::Console);
        }
        let sample = config.portal_url.replace("{slug}", "acme");
        let is_address = Url::parse(&sample).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_address || !config.portal_url.contains("{slug}") {
            return Err(LinkError::Portal);
        }
        Ok(Self {
            console: config.console_url.as_str().trim_end_matches('/').into(),
            portal: config.portal_url.trim_end_matches('/').into(),
        })
    }

    pub fn sign_up(&self, secret: &SecretString) -> String {
        format!("{}/sign-up/confirm#{}", self.console, secret.expose_secret())
    }

    pub fn password_reset(&self, secret: &SecretString) -> String {
        format!("{}/reset-password#{}", self.console, secret.expose_secret())
    }

    pub fn invitation(&self, secret: &SecretString) -> String {
        format!("{}/invitation#{}", self.console, secret.expose_secret())
    }

    /// `slug` is a stored one, so it is a host name.
    pub fn customer_login(&self, slug: &str, secret: &SecretString) -> String {
        format!("{}/log-in#{}", self.portal.replace("{slug}", slug), secret.expose_secret())
    }

    /// One thing that a link token opens, such as a job to follow.
    pub fn portal_token(&self, slug: &str, token: &SecretString) -> String {
        format!("{}/link#{}", self.portal.replace("{slug}", slug), token.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(console: &str, portal: &str) -> Result<LinkBuilder, LinkError> {
        LinkBuilder::new(&LinksConfig { console_url: console.parse().unwrap(), portal_url: portal.to_owned() })
    }

    #[test]
    fn secrets_stay_behind_the_fragment() {
        let links = links("https://app.surv.example/", "https://{slug}.surv.example").unwrap();
        let secret = SecretString::from("s3cret".to_owned());

        assert_eq!(links.password_reset(&secret), "https://app.surv.example/reset-password#s3cret");
        assert_eq!(links.customer_login("acme", &secret), "https://acme.surv.example/log-in#s3cret");
    }

    #[test]
    fn addresses_that_are_none_are_refused() {
        assert!(matches!(links("https://a.example", "https://surv.example"), Err(LinkError::Portal)));
        assert!(matches!(links("https://a.example", "javascript:{slug}"), Err(LinkError::Portal)));
        assert!(matches!(links("ftp://a.example", "https://{slug}.example"), Err(LinkError::Console)));
    }
}
