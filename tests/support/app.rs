//! The API of a test database, served over HTTP on a port of its own.

use std::{net::TcpListener, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use poem::{Server, http::Method, listener::TcpAcceptor};
use secrecy::SecretString;
use surv_api::{
    ApiConfig, Deps,
    live::Live,
    middleware::{
        metrics::Metrics,
        rate_limit::{Rate, RateLimits, Rates},
    },
};
use surv_integrations::sendgrid::MailClient;
use surv_tenancy::{
    Capability, CapabilitySet, Clock, Identity, Ids, Role,
    confinement::ConfinedKind,
    links::{LinkBuilder, LinksConfig},
    passwords::PasswordHasher,
    secrets::{Sealer, SecretsConfig},
    token::{self, Attenuation, CachedVerifier, KeyRing, Operation, TokenKind, TokenSpec, Verifier},
};
use surv_workers::{WorkerConfig, WorkerDeps};
use url::Url;
use uuid::Uuid;

use crate::{Call, Company, TestDatabase, Who};

/// The site that the API takes for its own.
pub const OWN_ORIGIN: &str = "http://127.0.0.1:7400";
/// Larger bodies are refused.
pub const BODY_LIMIT: usize = 1 << 20;

/// Serves while its runtime lives.
#[derive(Debug, Clone)]
pub struct TestApp {
    pub database: TestDatabase,
    pub deps: Deps,
    base: Url,
    http: reqwest::Client,
}

impl TestApp {
    /// The API over [`TestDatabase::named`]: no Redis, and limits that no test reaches.
    ///
    /// # Panics
    /// When there is no database server or no free port.
    pub async fn start(purpose: &str) -> Self {
        Self::start_with(purpose, |_| {}).await
    }

    /// [`TestApp::start`] with other settings.
    ///
    /// # Panics
    /// When there is no database server or no free port.
    pub async fn start_with(purpose: &str, change: impl FnOnce(&mut Deps)) -> Self {
        let database = TestDatabase::named(purpose).await;
        let mut deps = deps(&database).expect("constants that fit");
        change(&mut deps);
        let base = serve(&deps).expect("a port is free");
        let http = surv_integrations::http::client(&base, Duration::from_secs(20)).expect("an HTTP client");
        Self { database, deps, base, http }
    }

    /// A second process with the same keys: it shares nothing but the database.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn another(&self) -> Self {
        let deps = deps(&self.database).expect("constants that fit");
        let base = serve(&deps).expect("a port is free");
        Self { deps, base, ..self.clone() }
    }

    /// The same over the same database, configured otherwise.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn with_config(&self, config: ApiConfig) -> Self {
        let deps = Deps { config: Arc::new(config), ..self.deps.clone() };
        let base = serve(&deps).expect("a port is free");
        Self { deps, base, ..self.clone() }
    }

    /// Workers on the same database and storage, whose e-mails go nowhere.
    ///
    /// # Panics
    /// Never with these constants.
    pub fn worker_deps(&self) -> WorkerDeps {
        let section = serde_json::json!({
            "base_url": "http://127.0.0.1:1", "api_key": "none", "webhook_public_key": "", "timeout_s": 1,
            "from_domains": ["surv.example"],
        });
        let section = serde_json::from_value(section).expect("a section");
        WorkerDeps {
            tenant_db: self.database.tenants(),
            platform_db: self.database.platform(),
            clock: self.deps.clock().clone(),
            ids: self.deps.ids().clone(),
            mail: MailClient::new(&section).expect("a client"),
            storage: self.deps.storage.clone(),
            scanner: None,
            files: self.deps.config.files.clone(),
            config: WorkerConfig::sending_from("no-reply@surv.example"),
            metrics: prometheus::Registry::new(),
            redis: None,
        }
    }

    /// As a browser would name it.
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.deps.clock().now()
    }

    /// An access token of the seeded session.
    pub fn token(&self, company: Company, who: Who) -> String {
        self.minted(&self.spec(company, who))
    }

    /// A link's token, as it is sent to customer user 1.
    pub async fn link(&self, company: Company, job_id: Uuid) -> String {
        let portal = [Capability::PortalRead, Capability::FilesRead, Capability::EventsRead];
        let scope: CapabilitySet = portal.into_iter().collect();
        self.minted(&TokenSpec {
            session_id: self.new_session(company, Who::Customer1, "link").await.into(),
            kind: TokenKind::Link,
            scope,
            confined_to: Some([(ConfinedKind::Job, job_id)].into()),
            operations: Some([Operation::Read].into()),
            sealed: true,
            ..self.spec(company, Who::Customer1)
        })
    }

    /// What [`TestApp::token`] says, to be changed before [`TestApp::minted`].
    pub fn spec(&self, company: Company, who: Who) -> TokenSpec {
        TokenSpec {
            tenant_id: company.tenant_id().into(),
            user_id: company.user(who).into(),
            session_id: company.id("session", who.number()).into(),
            kind: TokenKind::Access,
            audience: self.deps.config.audience.to_string(),
            role: who.role(),
            scope: CapabilitySet::of_role(who.role()),
            expires_at: self.now() + TimeDelta::minutes(30),
            confined_to: None,
            operations: None,
            sealed: false,
        }
    }

    /// # Panics
    /// When there cannot be such a token.
    pub fn minted(&self, spec: &TokenSpec) -> String {
        token::mint(&self.deps.keys, spec).expect("such a token can be made").token
    }

    /// A token of a session that is used once: for what ends sessions.
    pub async fn token_of_new_session(&self, company: Company, who: Who) -> String {
        let session_id = self.new_session(company, who, "browser").await.into();
        self.minted(&TokenSpec { session_id, ..self.spec(company, who) })
    }

    async fn new_session(&self, company: Company, who: Who, kind: &str) -> Uuid {
        let session_id: Uuid = self.deps.ids().next();
        let mut superuser = self.database.superuser().await;
        sqlx::query(
            "INSERT INTO sessions (tenant_id, session_id, user_id, kind, role, expires_at)
             VALUES ($1, $2, $3, $4, $5, now() + interval '1 year')",
        )
        .bind(company.tenant_id())
        .bind(session_id)
        .bind(company.user(who))
        .bind(kind)
        .bind(who.role().as_str())
        .execute(&mut superuser)
        .await
        .expect("a session can be made");
        session_id
    }

    /// `token`, narrowed as its holder would.
    ///
    /// # Panics
    /// When it cannot be narrowed so.
    pub fn attenuated(token: &str, to: &Attenuation) -> String {
        token::attenuate(token, to).expect("the token can be narrowed")
    }

    /// `token`, narrowed to one job.
    pub fn for_job(token: &str, job_id: Uuid) -> String {
        Self::attenuated(token, &Attenuation { jobs: vec![job_id.into()], ..Attenuation::default() })
    }

    /// `path` begins with a slash and may hold a query.
    ///
    /// # Panics
    /// When it is no path.
    pub fn call(&self, method: &Method, path: &str) -> Call {
        let url = self.base.join(path).expect("a path");
        let method = method.as_str().parse().expect("a method");
        Call::new(self.http.request(method, url))
    }

    pub fn get(&self, token: &str, path: &str) -> Call {
        self.call(&Method::GET, path).token(token)
    }

    pub fn post(&self, token: &str, path: &str) -> Call {
        self.call(&Method::POST, path).token(token)
    }

    pub fn patch(&self, token: &str, path: &str) -> Call {
        self.call(&Method::PATCH, path).token(token)
    }

    pub fn delete(&self, token: &str, path: &str) -> Call {
        self.call(&Method::DELETE, path).token(token)
    }

    /// Whether a role may see what only the office sees.
    pub const fn is_office(who: Who) -> bool {
        matches!(who.role(), Role::Admin | Role::Manager)
    }
}

fn deps(database: &TestDatabase) -> anyhow::Result<Deps> {
    let zeros = || SecretString::from("00".repeat(32));
    let keys = Arc::new(KeyRing::from_seeds(Some(1), [(1, zeros())])?);
    let console_url: Url = OWN_ORIGIN.parse()?;
    let links = LinksConfig { console_url, portal_url: "http://{slug}.localhost:7400".to_owned() };
    let rate = Rate { per_minute: 1_000_000, burst: 1_000_000 };
    Ok(Deps {
        config: Arc::new(ApiConfig {
            audience: Arc::from("surv:test"),
            access_minutes: 15,
            link_days: 30,
            body_limit_bytes: BODY_LIMIT,
            request_timeout: Duration::from_secs(15),
            files: crate::files::limits(),
            cors_origins: Vec::new(),
            own_origins: vec![OWN_ORIGIN.to_owned()],
            trusted_proxies: surv_api::middleware::rate_limit::TrustedProxies::none(),
        }),
        tenant_db: database.tenants(),
        platform_db: database.platform(),
        identity: Identity {
            platform: database.platform(),
            hasher: PasswordHasher::with_width(1)?,
            sealer: Sealer::new(&SecretsConfig { seal_key: zeros() })?,
            links: LinkBuilder::new(&links)?,
            clock: Clock::system(),
            ids: Ids::system(),
            request_id: None,
            key: None,
            answer_floor: Duration::ZERO,
        },
        verifier: Arc::new(CachedVerifier::new(Verifier::new(Arc::clone(&keys)), 1_000, Duration::from_secs(300))),
        keys,
        limits: RateLimits::new(Rates { address: rate, account: rate, principal: rate, company: rate }, None),
        live: Live::local(),
        storage: Some(crate::files::store()),
        sendgrid_key: None,
        metrics: Metrics::new(prometheus::Registry::new())?,
    })
}

fn serve(deps: &Deps) -> anyhow::Result<Url> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let base = format!("http://{}/", listener.local_addr()?).parse()?;
    let server = Server::new_with_acceptor(TcpAcceptor::from_std(listener)?);
    tokio::spawn(server.run(surv_api::build(deps.clone())));
    Ok(base)
}
