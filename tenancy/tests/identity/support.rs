//! A world of one test: the use cases on the shared database, with a clock of its own, and companies made by them.

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
    invitations::{self, AcceptAs, NewInvitation},
    links::{LinkBuilder, LinksConfig},
    mail::SendEmail,
    passwords::PasswordHasher,
    secrets::{Sealer, SecretsConfig},
    sessions::{self, Device, LogIn, LogInOutcome, LoggedIn, SessionError, SessionKind},
    sign_up::{self, NewCompany, Opened},
};
use uuid::Uuid;

pub const PASSWORD: &str = "a long enough password";

pub struct World {
    pub identity: Identity,
    pub tenants: TenantDb,
    seconds: Arc<AtomicI64>,
}

/// Somebody who can log in.
#[derive(Debug, Clone)]
pub struct Person {
    pub user_id: UserId,
    pub email: String,
}

/// A company with its first admin.
#[derive(Debug, Clone)]
pub struct Company {
    pub tenant_id: TenantId,
    pub slug: String,
    pub admin: Person,
}

#[derive(Debug, Clone)]
pub struct Recorded {
    pub kind: String,
    pub actor_id: Uuid,
    pub subject_id: Uuid,
    pub changes: serde_json::Value,
}

#[allow(clippy::disallowed_methods, reason = "tests are told by the environment where the database is")]
fn database() -> DatabaseConfig {
    let place = std::env::var("SURV_TEST_DATABASE")
        .expect("set SURV_TEST_DATABASE=host:port/name to a migrated database, such as 127.0.0.1:5432/surv");
    let (address, name) = place.split_once('/').expect("SURV_TEST_DATABASE is host:port/name");
    let (host, port) = address.split_once(':').expect("SURV_TEST_DATABASE is host:port/name");
    DatabaseConfig {
        host: host.to_owned(),
        port: port.parse().expect("the port in SURV_TEST_DATABASE is a number"),
        name: name.to_owned(),
        ssl_mode: "disable".to_owned(),
        passwords: Default::default(),
        superuser_url: None,
        pool: PoolConfig { persona: 4, worker: 2, path: 12, wait_ms: 10_000 },
    }
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

    pub fn new_company(&self, email: &str) -> NewCompany {
        NewCompany {
            email: email.to_owned(),
            password: secret(PASSWORD),
            name: "Ann Admin".to_owned(),
            company: "Acme Plumbing".to_owned(),
            slug: format!("acme-{}", a_word()),
            time_zone: "Europe/Vienna".to_owned(),
        }
    }

    pub async fn sign_up(&self, new: NewCompany) -> Opened {
        let email = new.email.clone();
        sign_up::request(&self.identity, new).await.unwrap();
        let link = self.last_mail(TenantId(Uuid::nil()), &email).await;
        sign_up::confirm(&self.identity, &secret_of(&link)).await.unwrap()
    }

    pub async fn company(&self) -> Company {
        self.company_of(&an_address()).await
    }

    pub async fn company_of(&self, email: &str) -> Company {
        let opened = self.sign_up(self.new_company(email)).await;
        Company {
            tenant_id: opened.tenant_id,
            slug: opened.slug,
            admin: Person { user_id: opened.user_id, email: opened.email },
        }
    }

    /// A new member, by invitation.
    pub async fn member(&self, company: &Company, role: Role) -> Person {
        let email = an_address();
        let link = self.invite(company, &email, role).await;
        let accepted =
            invitations::accept(&self.identity, &link, AcceptAs::Password(secret(PASSWORD))).await.unwrap();
        Person { user_id: accepted.user_id, email }
    }

    /// Invites an address as the company's admin; answers the secret in the mail.
    pub async fn invite(&self, company: &Company, email: &str, role: Role) -> SecretString {
        let admin = self.actor_of(company, &company.admin).await;
        let mut tx = self.begin(&admin).await;
        let new = NewInvitation { email: email.to_owned(), name: "New Member".to_owned(), role };
        invitations::invite(&mut tx, &self.identity.ids, self.now(), &self.identity.links, new).await.unwrap();
        tx.commit().await.unwrap();
        secret_of(&self.last_mail(company.tenant_id, email).await)
    }

    /// Makes an address a customer's log-in.
    pub async fn customer(&self, company: &Company, email: &str) -> Person {
        let admin = self.actor_of(company, &company.admin).await;
        let mut tx = self.begin(&admin).await;
        let customer_id: Uuid = self.identity.ids.next();
        sqlx::query("INSERT INTO customers (tenant_id, customer_id, kind, name) VALUES ($1, $2, 'person', 'Cy')")
            .bind(company.tenant_id.0)
            .bind(customer_id)
            .execute(tx.conn())
            .await
            .unwrap();
        let user_id: Uuid = sqlx::query_scalar("SELECT app.user_for_email($1, $2)")
            .bind(email)
            .bind(surv_tenancy::clock::random_id::<Uuid>())
            .fetch_one(tx.conn())
            .await
            .unwrap();
        sqlx::query("INSERT INTO customer_users (tenant_id, user_id, customer_id, email, name) VALUES ($1, $2, $3, $4, 'Cy')")
            .bind(company.tenant_id.0)
            .bind(user_id)
            .bind(customer_id)
            .bind(email)
            .execute(tx.conn())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Person { user_id: UserId(user_id), email: email.to_owned() }
    }

    pub async fn try_log_in(&self, email: &str, password: &str, slug: Option<&str>) -> Result<LogInOutcome, SessionError> {
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
    LogIn {
        email: email.to_owned(),
        password: secret(password),
        slug: slug.map(str::to_owned),
        device: browser(),
    }
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
