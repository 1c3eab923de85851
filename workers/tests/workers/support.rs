//! A world of one test: a database made by the migrations, workers with a clock of their own, and a SendGrid to misbehave.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::{Executor as _, PgConnection, Row as _};
use surv_integrations::{
    s3::{FileStore, S3Config},
    sendgrid::{MailClient, SendgridConfig},
};
use surv_operations::files::FilesConfig;
use surv_simulators::{Running, SimulatorOptions, Simulators};
use surv_tenancy::{
    Actor, Clock, Ids, MessageId, TaskId, TenantId,
    db::{DatabaseConfig, Path, PlatformDb, PoolConfig, TenantDb, TenantTx},
    events::{self, Changes, Event},
    inbox::{self, Counts, Provider, Received},
    mail::{self, Email, EmailTemplate},
    queue::{self, Claim, Task},
};
use surv_workers::{Registry, WorkerConfig, WorkerDeps, Workers};
use uuid::Uuid;

pub struct World {
    pub tenants: TenantDb,
    pub platform: PlatformDb,
    pub ids: Ids,
    pub clock: Clock,
    pub simulators: Running,
    config: DatabaseConfig,
    seconds: Arc<AtomicI64>,
}

/// The S3 server that `./dev services` starts.
#[allow(clippy::disallowed_methods, reason = "tests are told by the environment where services are")]
pub fn storage() -> FileStore {
    let variable =
        |name: &str| std::env::var(format!("SURV_TEST_S3_{name}")).expect("run ./dev test, or read test.env");
    let section: S3Config = serde_json::from_value(json!({
        "endpoint": variable("ENDPOINT"), "region": variable("REGION"), "bucket": variable("BUCKET"),
        "access_key_id": variable("ACCESS_KEY_ID"), "secret_access_key": variable("SECRET_ACCESS_KEY"),
    }))
    .unwrap();
    FileStore::new(&section)
}

pub const fn limits() -> FilesConfig {
    FilesConfig {
        max_bytes: 1_000_000,
        logo_max_bytes: 1_000_000,
        max_megapixels: 4,
        uploads_per_day: 1_000,
        megabytes_per_day: 1_000,
        upload_minutes: 15,
        link_minutes: 5,
        clamd: None,
    }
}

fn database(name: &str) -> DatabaseConfig {
    surv_test_database::config(name, PoolConfig { persona: 2, worker: 8, path: 3, wait_ms: 10_000 })
}

impl Drop for World {
    fn drop(&mut self) {
        let config = self.config.clone();
        // The runtime of the test may be the one that is ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(surv_test_database::drop_database(&config.name));
        });
        let _ = dropped.join();
    }
}

impl World {
    #[allow(clippy::disallowed_methods, reason = "the clock of a test begins now")]
    pub async fn new() -> Self {
        let ids = Ids::system();
        let config = database(&format!("surv_workers_{}", ids.next::<Uuid>().simple()));
        surv_test_database::make(&config.name).await;
        let seconds = Arc::new(AtomicI64::new(0));
        let offset = seconds.clone();
        Self {
            tenants: TenantDb::new(&config),
            platform: PlatformDb::new(&config),
            ids,
            clock: Clock::from_fn(move || Utc::now() + TimeDelta::seconds(offset.load(Ordering::SeqCst))),
            simulators: Simulators::start(SimulatorOptions::default()).await.unwrap(),
            config,
            seconds,
        }
    }

    pub fn deps(&self, change: impl FnOnce(&mut WorkerConfig)) -> WorkerDeps {
        let section: SendgridConfig = serde_json::from_value(json!({
            "base_url": self.simulators.sendgrid_url(), "api_key": "SG.test", "webhook_public_key": "", "timeout_s": 1,
            "from_domains": ["mail.surv.example"],
        }))
        .unwrap();
        let mut config = WorkerConfig::sending_from("notify@mail.surv.example");
        (config.poll_ms, config.audit_ms) = (50, 100);
        change(&mut config);
        WorkerDeps {
            tenant_db: self.tenants.clone(),
            platform_db: self.platform.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            mail: MailClient::new(&section).unwrap(),
            storage: Some(storage()),
            scanner: None,
            files: limits(),
            config,
            metrics: prometheus::Registry::new(),
            redis: None,
        }
    }

    pub fn workers(&self) -> Workers {
        Workers::new(self.deps(|_| {})).unwrap()
    }

    pub fn workers_of(&self, registry: Registry, change: impl FnOnce(&mut WorkerConfig)) -> Workers {
        Workers::with_kinds(self.deps(change), registry).unwrap()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Moves the product's clock; tasks that wait for the database's are made due.
    pub async fn wait(&self, by: TimeDelta) {
        self.seconds.fetch_add(by.num_seconds(), Ordering::SeqCst);
        self.make_due().await;
    }

    pub async fn make_due(&self) {
        let mut own = self.superuser().await;
        own.execute("UPDATE tasks SET run_at = now() - interval '1 second' WHERE state = 'queued'").await.unwrap();
    }

    /// As another process would have it.
    pub fn another_door(&self) -> TenantDb {
        TenantDb::new(&self.config)
    }

    pub fn door_with_one_connection(&self) -> TenantDb {
        let pool = PoolConfig { persona: 1, worker: 1, path: 1, wait_ms: 10_000 };
        TenantDb::new(&DatabaseConfig { pool, ..self.config.clone() })
    }

    pub async fn superuser(&self) -> PgConnection {
        surv_test_database::superuser(&self.config.name).await
    }

    pub async fn company(&self) -> TenantId {
        let tenant_id: TenantId = self.ids.next();
        let mut own = self.superuser().await;
        let slug = format!("c{}", &tenant_id.0.simple().to_string()[16..]);
        sqlx::query("INSERT INTO tenants (tenant_id, slug, name, time_zone) VALUES ($1, $2, 'Acme', 'UTC')")
            .bind(tenant_id.0)
            .bind(slug)
            .execute(&mut own)
            .await
            .unwrap();
        sqlx::query("INSERT INTO tenant_branding (tenant_id, display_name) VALUES ($1, 'Acme <b>Plumbing</b>')")
            .bind(tenant_id.0)
            .execute(&mut own)
            .await
            .unwrap();
        tenant_id
    }

    pub async fn begin(&self, tenant_id: TenantId) -> TenantTx {
        self.tenants.begin(&Actor::worker(tenant_id, None)).await.unwrap()
    }

    pub async fn enqueue<T: Task>(&self, tenant_id: TenantId, task: &T) -> TaskId {
        let mut tx = self.begin(tenant_id).await;
        let id = queue::enqueue(&mut tx, &self.ids, self.now(), task).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn mail(&self, tenant_id: TenantId, template: EmailTemplate, to: &str) -> MessageId {
        let email = Email::new(template, to)
            .to_name("Pat {{7*7}} <script>")
            .param("invited_by", "Bob {{7*7}} <script>alert(1)</script>")
            .param("company", "Acme")
            .param("role", "technician")
            .param("code", "123456")
            .param("link", "https://acme.example/x#s")
            .param("days", 7)
            .param("minutes", 10);
        let mut tx = self.begin(tenant_id).await;
        let id = mail::enqueue_email(&mut tx, &self.ids, self.now(), tenant_id, None, email).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// State, attempts, attempts that ended unknown.
    pub async fn message(&self, id: MessageId) -> (String, i32, i32) {
        let row = sqlx::query("SELECT state, attempts, unknown_attempts FROM messages WHERE message_id = $1")
            .bind(id.0)
            .fetch_one(&mut self.superuser().await)
            .await
            .unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    /// A verified batch, as the webhook's endpoint stores it.
    pub async fn receive(&self, tenant_id: TenantId, payloads: &[serde_json::Value]) -> Counts {
        let received = payloads.iter().map(|payload| Received {
            tenant_id,
            event_ref: payload["sg_event_id"].as_str().unwrap().to_owned(),
            payload: payload.clone(),
        });
        let mut tx = self.platform.begin(Path::Intake).await.unwrap();
        let counts =
            inbox::receive(&mut tx, &self.ids, self.now(), Provider::Sendgrid, received.collect()).await.unwrap();
        tx.commit().await.unwrap();
        counts
    }

    pub async fn claim(&self, lease: Duration) -> Vec<Claim> {
        let mut tx = self.platform.begin(Path::Dispatch).await.unwrap();
        let claims = queue::claim(&mut tx, &self.ids, 100, 100, lease).await.unwrap();
        tx.commit().await.unwrap();
        claims
    }

    /// How many tasks are queued and dead.
    pub async fn tasks(&self) -> (i64, i64) {
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state = 'dead') FROM tasks",
        )
        .fetch_one(&mut self.superuser().await)
        .await
        .unwrap();
        (row.get(0), row.get(1))
    }

    pub async fn record(&self, tx: &mut TenantTx, name: &str) {
        let event =
            Event::new("thing.made", "thing", self.ids.next::<Uuid>()).changes(Changes::new().set("name", &name));
        events::record(tx, &self.ids, self.now(), event).await.unwrap();
    }

    /// Events of one company, each in a transaction of its own.
    pub async fn events(&self, tenant_id: TenantId, count: usize) {
        for position in 0..count {
            let mut tx = self.begin(tenant_id).await;
            self.record(&mut tx, &format!("thing {position}")).await;
            tx.commit().await.unwrap();
        }
    }
}

/// An event about a message, as SendGrid words it.
pub fn event(
    id: &str,
    kind: &str,
    tenant_id: TenantId,
    message_id: MessageId,
    sg_message_id: &str,
) -> serde_json::Value {
    json!({"sg_event_id": id, "event": kind, "email": "pat@example.com", "timestamp": 1_790_000_000,
        "sg_message_id": format!("{sg_message_id}.filter1"), "tenant": tenant_id.to_string(), "message": message_id.to_string()})
}

pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(60), "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
