//! What the API is built from. Made once by the binary, or by a test.

use std::sync::Arc;

use surv_integrations::{s3::FileStore, sendgrid::event_webhook::PublicKey};
use surv_operations::files::FilesConfig;
use surv_tenancy::{
    Clock, Identity, Ids,
    db::{PlatformDb, TenantDb},
    token::{CachedVerifier, KeyRing},
};

use crate::{
    live::Live,
    middleware::rate_limit::{RateLimits, TrustedProxies},
};

/// Values that decide how the API behaves.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Whom tokens are for: deployment and API, such as `surv:production`.
    pub audience: Arc<str>,
    pub access_minutes: i64,
    /// How long a link in an e-mail works.
    pub link_days: i64,
    pub body_limit_bytes: usize,
    pub request_timeout: std::time::Duration,
    /// What may be uploaded.
    pub files: FilesConfig,
    /// Sites that may call the API from a browser with their own tokens.
    pub cors_origins: Vec<String>,
    /// Our own sites: requests with cookies come from these or from the API's own address.
    pub own_origins: Vec<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
}

/// Everything that handlers use.
#[derive(Debug, Clone)]
pub struct Deps {
    pub config: Arc<ApiConfig>,
    pub tenant_db: TenantDb,
    pub platform_db: PlatformDb,
    pub identity: Identity,
    pub keys: Arc<KeyRing>,
    pub verifier: Arc<CachedVerifier>,
    pub limits: RateLimits,
    pub live: Live,
    /// Absent: no files.
    pub storage: Option<FileStore>,
    pub sendgrid_key: Option<Arc<PublicKey>>,
    pub metrics: crate::middleware::metrics::Metrics,
}

impl Deps {
    pub fn clock(&self) -> &Clock {
        &self.identity.clock
    }

    pub fn ids(&self) -> &Ids {
        &self.identity.ids
    }
}
