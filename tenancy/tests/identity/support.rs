//! A world of one test: the use cases on the shared database, with a clock of its own.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::Row as _;
use surv_tenancy::{
    Actor, Clock, Confinement, Identity, Ids, Principal, RequestId, Role, SessionId, TenantId, UserId,
    db::{DatabaseConfig, DbError, PlatformDb, PoolConfig, TenantDb, TenantTx},
    links::{LinkBuilder, LinksConfig},
    mail::SendEmail,
    passwords::PasswordHasher,
    secrets::{Sealer, SecretsConfig},
    sessions::{self, Device, LogIn, LogInOutcome, LoggedIn, SessionError, SessionKind},
};
use uuid::Uuid;

pub use crate::fixtures::{Company, Person};

pub const PASSWORD: &str = "a long enough password";

pub struct World {
    pub identity: Identity,
    pub tenants: TenantDb,
    seconds: Arc<AtomicI64>,
}

#[derive(Debug, Clone)]
pub struct Recorded {
    pub kind: String,
    pub actor_id: Uuid,
    pub subject_id: Uuid,
    pub changes: serde_json::Value,
}

fn database() -> DatabaseConfig {
    let pool = PoolConfig { persona: 4, worker: 2, path: 12, wait_ms: 10_000 };
    surv_test_database::config(&surv_test_database::shared("identity"), pool)
}

pub fn secret(text: impl Into<String>) -> SecretString {
    SecretString::from(text.into())
}

pub fn browser() -> Device {
    Device { kind: SessionKind::Browser, name: "Firefox on Linux".to_owned() }
}

pub fn a_word() -> String {
    Ids::system().next::<Uuid>().simple().to_string()[12..].to_owned()
}

pub fn an_address() -> String {
    format!("p-{}@example.com", a_word())
}

impl World {
    #[allow(clippy::disallowed_methods, reason = "the clock of a test begins now")]
    pub fn new() -> Self {
        let (config, seconds) = (database(), Arc::new(AtomicI64::new(0)));
        let offset = seconds.clone();
        let links = LinksConfig {
            console_url: "https://console.surv.example".parse().unwrap(),
            portal_url: "https://{slug}.surv.example".to_owned(),
        };
        let identity = Identity {
            platform: PlatformDb::new(&config),
            // Wide: races of log-ins are about rows here, not about the gate.
            hasher: PasswordHasher::with_width(16).unwrap(),
            sealer: Sealer::new(&SecretsConfig { seal_key: secret("5".repeat(64)) }).unwrap(),
            links: LinkBuilder::new(&links).unwrap(),
            clock: Clock::from_fn(move || Utc::now() + TimeDelta::seconds(offset.load(Ordering::SeqCst))),
            ids: Ids::system(),
            request_id: None,
            key: None,
            answer_floor: std::time::Duration::from_millis(60),
        };
        Self { identity, tenants: TenantDb::new(&config), seconds }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.identity.clock.now()
    }

    pub fn wait(&self, by: TimeDelta) {
        self.seconds.fetch_add(by.num_seconds(), Ordering::SeqCst);
    }

    /// The use cases as one request calls them, to find its events again.
    pub fn request(&self) -> (Identity, RequestId) {
        let id: RequestId = Ids::system().next();
        (self.identity.for_request(id), id)
    }

    pub async fn try_log_in(
        &self,
        email: &str,
        password: &str,
        slug: Option<&str>,
    ) -> Result<LogInOutcome, SessionError> {
        sessions::log_in(&self.identity, log_in(email, password, slug)).await
    }

    pub async fn log_in(&self, company: &Company, person: &Person) -> LoggedIn {
        logged_in(self.try_log_in(&person.email, PASSWORD, Some(&company.slug)).await.unwrap())
    }

    pub async fn actor_of(&self, company: &Company, person: &Person) -> Actor {
        actor(&self.log_in(company, person).await)
    }

    pub async fn begin(&self, actor: &Actor) -> TenantTx {
        self.tenants.begin(actor).await.unwrap()
    }

    /// Whether the database still admits this session.
    pub async fn admits(&self, actor: &Actor) -> Result<(), DbError> {
        self.tenants.begin(actor).await.map(drop)
    }

    /// Mails queued for an address, oldest first.
    pub async fn mails(&self, tenant_id: TenantId, to: &str) -> Vec<SendEmail> {
        let mut tx = self.begin(&Actor::worker(tenant_id, None)).await;
        let rows: Vec<serde_json::Value> = sqlx::query_scalar(
            "SELECT payload FROM tasks WHERE kind = 'send_email' AND payload ->> 'to_email' = $1 ORDER BY task_id",
        )
        .bind(to)
        .fetch_all(tx.conn())
        .await
        .unwrap();
        rows.into_iter().map(|row| serde_json::from_value(row).unwrap()).collect()
    }

    pub async fn last_mail(&self, tenant_id: TenantId, to: &str) -> SendEmail {
        self.mails(tenant_id, to).await.pop().expect("a mail was queued")
    }

    pub async fn events(&self, tenant_id: TenantId, kind: &str) -> Vec<Recorded> {
        self.read_events(tenant_id, kind, None).await
    }

    pub async fn events_of(&self, tenant_id: TenantId, request_id: RequestId) -> Vec<Recorded> {
        self.read_events(tenant_id, "%", Some(request_id)).await
    }

    async fn read_events(&self, tenant_id: TenantId, kind: &str, request_id: Option<RequestId>) -> Vec<Recorded> {
        let mut tx = self.begin(&Actor::worker(tenant_id, None)).await;
        let rows = sqlx::query(
            "SELECT kind, actor_id, subject_id, changes FROM events
              WHERE kind LIKE $1 AND ($2::uuid IS NULL OR request_id = $2) ORDER BY txid, event_id",
        )
        .bind(kind)
        .bind(request_id.map(|id| id.0))
        .fetch_all(tx.conn())
        .await
        .unwrap();
        rows.iter()
            .map(|row| Recorded {
                kind: row.get("kind"),
                actor_id: row.get("actor_id"),
                subject_id: row.get("subject_id"),
                changes: row.get("changes"),
            })
            .collect()
    }
}

pub fn log_in(email: &str, password: &str, slug: Option<&str>) -> LogIn {
    LogIn { email: email.to_owned(), password: secret(password), slug: slug.map(str::to_owned), device: browser() }
}

/// The secret behind `#` in a mail's link.
pub fn secret_of(mail: &SendEmail) -> SecretString {
    let link = mail.params["link"].as_str().expect("the mail has a link");
    secret(link.split_once('#').expect("the secret is in the fragment").1)
}

pub fn logged_in(outcome: LogInOutcome) -> LoggedIn {
    match outcome {
        LogInOutcome::LoggedIn(logged_in) => *logged_in,
        other => panic!("not logged in: {other:?}"),
    }
}

pub fn challenge(outcome: LogInOutcome) -> SecretString {
    match outcome {
        LogInOutcome::SecondStep { challenge } => challenge,
        other => panic!("no second step: {other:?}"),
    }
}

pub fn actor(of: &LoggedIn) -> Actor {
    person_actor(of.tenant_id, of.user_id, of.role, of.session_id)
}

pub fn person_actor(tenant_id: TenantId, user_id: UserId, role: Role, session_id: SessionId) -> Actor {
    Actor {
        tenant_id,
        principal: Principal::Person { user_id, role, session_id, revocation_ids: vec![vec![7; 64]] },
        confinement: Confinement::None,
        request_id: None,
    }
}

pub fn exposed(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

/// Runs the same at once, `count` times.
pub async fn at_once<T, F>(count: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let barrier = Arc::new(tokio::sync::Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|position| {
            let (barrier, work) = (barrier.clone(), work(position));
            tokio::spawn(async move {
                barrier.wait().await;
                work.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}
