//! Joins configuration and parts: what the API server and the worker are built from.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use prometheus::Registry;
use redis::aio::ConnectionManagerConfig;
use secrecy::{ExposeSecret as _, SecretString};
use surv_api::{
    ApiConfig, Deps,
    live::Live,
    middleware::{
        metrics::Metrics,
        rate_limit::{Rate, RateLimits, Rates, TrustedProxies},
    },
};
use surv_integrations::{s3::FileStore, sendgrid::event_webhook::PublicKey};
use surv_operations::files::FilesConfig;
use surv_tenancy::{
    Clock, Identity, Ids,
    db::{DatabaseConfig, PlatformDb, PoolConfig, TenantDb},
    links::LinkBuilder,
    passwords::PasswordHasher,
    secrets::{Sealer, SecretsConfig},
    token::{CachedVerifier, KeyRing, Verifier},
};

use crate::config::Config;

/// How many answers about tokens are remembered, and for how long.
const REMEMBERED_TOKENS: usize = 20_000;
const REMEMBERED_FOR: Duration = Duration::from_secs(300);

/// Everything that the API needs. Connections to Postgres are made when first used; Redis may be away.
///
/// # Errors
/// What is wrong with a key or an address.
pub async fn api(config: &Config) -> anyhow::Result<Deps> {
    let keys = Arc::new(config.tokens.key_ring().context("reading the token keys")?);
    let redis = redis(config).await;
    let live = match &redis {
        Some((client, connection)) => Live::shared(client.clone(), connection.clone()),
        None => Live::local(),
    };
    let tenant_db = TenantDb::new(&config.database);
    let mut identity = identity(config)?;
    identity.platform = identity.platform.nudging(tenant_db.nudge());
    let sendgrid_key = PublicKey::from_base64(&config.sendgrid.webhook_public_key).ok().map(Arc::new);
    Ok(Deps {
        config: Arc::new(api_config(config)),
        tenant_db,
        platform_db: identity.platform.clone(),
        identity,
        verifier: Arc::new(CachedVerifier::new(Verifier::new(Arc::clone(&keys)), REMEMBERED_TOKENS, REMEMBERED_FOR)),
        keys,
        limits: RateLimits::new(rates(config), redis.map(|(_, connection)| connection)),
        live,
        storage: storage(config),
        sendgrid_key,
        metrics: Metrics::new(Registry::new()).context("registering metrics")?,
    })
}

/// What the identity use cases need.
///
/// # Errors
/// What is wrong with a key or an address.
pub fn identity(config: &Config) -> anyhow::Result<Identity> {
    Ok(Identity {
        platform: PlatformDb::new(&config.database),
        hasher: PasswordHasher::new().context("preparing password hashing")?,
        sealer: Sealer::new(&config.secrets).context("reading the seal key")?,
        links: LinkBuilder::new(&config.links).context("reading the addresses of links")?,
        clock: Clock::system(),
        ids: Ids::system(),
        request_id: None,
        key: None,
        answer_floor: Identity::ANSWER_FLOOR,
    })
}

fn api_config(config: &Config) -> ApiConfig {
    let own = |url: &url::Url| url.origin().ascii_serialization();
    ApiConfig {
        audience: Arc::from(config.tokens.audience.as_str()),
        access_minutes: config.tokens.access_minutes.into(),
        link_days: config.tokens.link_days.into(),
        body_limit_bytes: config.http.body_limit_bytes,
        request_timeout: Duration::from_secs(config.http.request_timeout_s),
        files: config.files.clone(),
        cors_origins: config.http.cors_origins.clone(),
        own_origins: vec![own(&config.http.public_url), own(&config.links.console_url)],
        trusted_proxies: trusted_proxies(config),
    }
}

/// Only peers that the configuration names may say where a request comes from.
fn trusted_proxies(config: &Config) -> TrustedProxies {
    let networks = config.http.proxies();
    TrustedProxies::new(move |peer| networks.iter().any(|network| network.contains(peer)))
}

fn rates(config: &Config) -> Rates {
    let rate = |r: crate::config::Rate| Rate { per_minute: r.per_minute, burst: r.burst };
    let limits = &config.limits;
    Rates {
        address: rate(limits.ip),
        account: rate(limits.login),
        principal: rate(limits.principal),
        company: rate(limits.tenant),
    }
}

/// Where Redis is, if it is configured, whether it answers now or not.
pub fn redis_client(config: &Config) -> Option<redis::Client> {
    redis::Client::open(config.redis.url.as_ref()?.expose_secret()).ok()
}

/// Where files lie, if that is configured.
pub fn storage(config: &Config) -> Option<FileStore> {
    config.s3.as_ref().map(FileStore::new)
}

/// Redis, if it is configured. It may be away, now or later: the connection is made when it can be.
pub async fn redis(config: &Config) -> Option<(redis::Client, redis::aio::ConnectionManager)> {
    let client = redis_client(config)?;
    // Not the default, which waits twice as long each time: limits are shared again within seconds.
    let settings = ConnectionManagerConfig::new().set_max_delay(Duration::from_secs(1));
    let mut connection = redis::aio::ConnectionManager::new_lazy_with_config(client.clone(), settings).ok()?;
    let ping = redis::cmd("PING");
    let answered = ping.query_async::<()>(&mut connection);
    if !matches!(tokio::time::timeout(Duration::from_secs(2), answered).await, Ok(Ok(()))) {
        tracing::warn!("Redis does not answer: until it does, limits and nudges hold within this process only");
    }
    Some((client, connection))
}

/// An API without a database behind it, for its document.
///
/// # Errors
/// Never with these constants.
pub fn document_only() -> anyhow::Result<Deps> {
    let zeros = || SecretString::from("00".repeat(32));
    let keys = Arc::new(KeyRing::from_seeds(Some(1), [(1, zeros())])?);
    let database = DatabaseConfig {
        host: "127.0.0.1".to_owned(),
        port: 1,
        name: "surv".to_owned(),
        ssl_mode: "disable".to_owned(),
        passwords: std::collections::BTreeMap::new(),
        superuser_url: None,
        pool: PoolConfig { persona: 1, worker: 1, path: 1, wait_ms: 1 },
    };
    let links = surv_tenancy::links::LinksConfig {
        console_url: "http://127.0.0.1:7400".parse()?,
        portal_url: "http://{slug}.localhost:7400".to_owned(),
    };
    let rate = Rate { per_minute: 1, burst: 1 };
    Ok(Deps {
        config: Arc::new(ApiConfig {
            audience: Arc::from("surv:document"),
            access_minutes: 15,
            link_days: 30,
            body_limit_bytes: 1 << 20,
            request_timeout: Duration::from_secs(1),
            files: no_files(),
            cors_origins: Vec::new(),
            own_origins: Vec::new(),
            trusted_proxies: TrustedProxies::none(),
        }),
        tenant_db: TenantDb::new(&database),
        platform_db: PlatformDb::new(&database),
        identity: Identity {
            platform: PlatformDb::new(&database),
            hasher: PasswordHasher::new()?,
            sealer: Sealer::new(&SecretsConfig { seal_key: zeros() })?,
            links: LinkBuilder::new(&links)?,
            clock: Clock::system(),
            ids: Ids::system(),
            request_id: None,
            key: None,
            answer_floor: Duration::ZERO,
        },
        verifier: Arc::new(CachedVerifier::new(Verifier::new(Arc::clone(&keys)), 1, Duration::from_secs(1))),
        keys,
        limits: RateLimits::new(Rates { address: rate, account: rate, principal: rate, company: rate }, None),
        live: Live::local(),
        storage: None,
        sendgrid_key: None,
        metrics: Metrics::new(Registry::new())?,
    })
}

fn no_files() -> FilesConfig {
    FilesConfig {
        max_bytes: 0,
        logo_max_bytes: 0,
        max_megapixels: 0,
        uploads_per_day: 0,
        megabytes_per_day: 0,
        upload_minutes: 0,
        link_minutes: 0,
        clamd: None,
    }
}
