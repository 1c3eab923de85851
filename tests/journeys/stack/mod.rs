//! A whole Surv of the test's own: the real program as server and worker, Postgres, Redis and a simulated SendGrid, on
//! 127.0.0.1. Any of them may be killed: nobody else uses it, and nothing of it outlives the test.

mod feed;
mod folder;
mod people;
mod postgres;
mod process;
mod redis;
mod surv;

use std::{collections::BTreeMap, time::Duration};

use ::surv::commands::migrate;
use serde_json::Value;
use surv_simulators::{Running, SimulatorOptions, Simulators, sendgrid::SendgridOptions};
use surv_tenancy::db::{DatabaseConfig, PoolConfig, TenantDb};
use surv_test_database::password_of;

pub use feed::Feed;
pub use folder::{Folder, free_port, wait_until};
pub use people::{Api, Person, is_final, text, uuid};
pub use postgres::Postgres;
pub use redis::Redis;
pub use surv::{Role, SERVING};

/// How a stack differs from the usual.
#[derive(Debug, Default, Clone)]
pub struct Wishes {
    /// More of the configuration: `SURV_WORKER__LEASE_S` and its value.
    pub settings: Vec<(&'static str, String)>,
    pub postgres: &'static [&'static str],
}

/// Everything of one Surv. What is used by others is dropped after them.
#[derive(Debug)]
pub struct Stack {
    pub server: Role,
    pub worker: Role,
    pub vendors: Running,
    pub redis: Redis,
    pub postgres: Postgres,
    pub companies: Vec<Value>,
    environment: BTreeMap<String, String>,
    folder: Folder,
}

impl Stack {
    /// Starts everything, with the two companies of `surv demo` in it.
    ///
    /// # Panics
    /// When a part does not start.
    pub async fn start(wishes: Wishes) -> Self {
        let folder = Folder::new();
        let postgres = Postgres::start(&folder, wishes.postgres).await;
        let redis = Redis::start(&folder).await;
        let api_port = free_port();
        let sendgrid = SendgridOptions {
            webhook_target: Some(format!("http://127.0.0.1:{api_port}/inbound/sendgrid")),
            keep: 1_000_000,
            ..SendgridOptions::default()
        };
        let options = SimulatorOptions { sendgrid, ..SimulatorOptions::default() };
        let vendors = Simulators::start(options).await.expect("the simulators start");
        let worker_port = free_port();
        let mut environment = settings(&postgres, &redis, &vendors, api_port, worker_port);
        environment.extend(wishes.settings.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let role = |name, port, health, argument| {
            Role::new(name, port, health, surv::program(&folder, &environment, &format!("{name}.log"), &[argument]))
        };
        let server = role("server", api_port, "/ready", "serve");
        let worker = role("worker", worker_port, "/health", "work");
        migrate_as_superuser(&postgres).await;
        surv::program(&folder, &environment, "demo.log", &["demo", "--json", "demo.json"]).run();
        let demo = std::fs::read(folder.join("demo.json")).expect("the demo wrote its log-ins");
        let demo: Value = serde_json::from_slice(&demo).expect("JSON");
        let companies = demo["tenants"].as_array().expect("companies").clone();
        let mut stack = Self { server, worker, vendors, redis, postgres, companies, environment, folder };
        stack.server.start();
        stack.worker.start();
        stack.server.ready().await;
        stack.worker.ready().await;
        stack
    }

    /// A second worker, not started yet.
    pub fn another_worker(&self) -> Role {
        let port = free_port();
        let mut environment = self.environment.clone();
        environment.insert("SURV_WORKER__LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        Role::new("worker", port, "/health", surv::program(&self.folder, &environment, "worker-2.log", &["work"]))
    }

    /// A second server beside the first, not started yet.
    pub fn another_server(&self) -> Role {
        let port = free_port();
        let mut environment = self.environment.clone();
        environment.insert("SURV_HTTP__LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        Role::new("server", port, "/ready", surv::program(&self.folder, &environment, "server-2.log", &["serve"]))
    }

    /// The first company's admin, logged in.
    pub async fn office(&self) -> Person {
        self.member(0).await
    }

    /// Somebody of the first company: 0 is the admin, 1 the manager, 2 and 3 are technicians.
    pub async fn member(&self, position: usize) -> Person {
        self.api().log_in(&self.companies[0], &self.companies[0]["members"][position]).await
    }

    /// Calls to the server.
    pub fn api(&self) -> Api {
        Api::new(self.server.base())
    }

    /// A connection that sees everything.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn superuser(&self) -> sqlx::PgConnection {
        use sqlx::Connection as _;
        let server: sqlx::postgres::PgConnectOptions =
            self.postgres.superuser_url().parse().expect("an address of ours");
        sqlx::PgConnection::connect_with(&server.database("surv")).await.expect("Postgres answers")
    }

    /// The product's own door to the same database.
    pub fn tenants(&self) -> TenantDb {
        TenantDb::new(&database(&self.postgres))
    }
}

fn settings(
    postgres: &Postgres,
    redis: &Redis,
    vendors: &Running,
    api_port: u16,
    worker_port: u16,
) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = [
        ("SURV_HTTP__LISTEN", format!("127.0.0.1:{api_port}")),
        ("SURV_HTTP__PUBLIC_URL", format!("http://127.0.0.1:{api_port}")),
        ("SURV_LINKS__CONSOLE_URL", format!("http://127.0.0.1:{api_port}")),
        ("SURV_LINKS__PORTAL_URL", format!("http://{{slug}}.localhost:{api_port}")),
        ("SURV_WORKER__LISTEN", format!("127.0.0.1:{worker_port}")),
        ("SURV_WORKER__POLL_MS", "100".to_owned()),
        ("SURV_DATABASE__HOST", "127.0.0.1".to_owned()),
        ("SURV_DATABASE__PORT", postgres.port().to_string()),
        ("SURV_DATABASE__NAME", "surv".to_owned()),
        ("SURV_DATABASE__SSL_MODE", "disable".to_owned()),
        ("SURV_REDIS__URL", redis.url()),
        ("SURV_TOKENS__ROOT_KEY", "07".repeat(32)),
        ("SURV_SECRETS__SEAL_KEY", "08".repeat(32)),
        ("SURV_SENDGRID__BASE_URL", vendors.sendgrid_url()),
        ("SURV_SENDGRID__API_KEY", "SG.journeys".to_owned()),
        ("SURV_SENDGRID__WEBHOOK_PUBLIC_KEY", vendors.sendgrid().webhook_public_key()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for login in surv_rls_policies::LOGINS {
        let short = login.trim_start_matches("surv_").trim_end_matches("_login");
        all.insert(format!("SURV_DATABASE__PASSWORDS__{}", short.to_uppercase()), password_of(login));
    }
    // The clients of a test are fewer and busier than people.
    for limit in ["IP", "PRINCIPAL", "TENANT", "LOGIN"] {
        all.insert(format!("SURV_LIMITS__{limit}__PER_MINUTE"), "1000000".to_owned());
        all.insert(format!("SURV_LIMITS__{limit}__BURST"), "1000000".to_owned());
    }
    all
}

fn database(postgres: &Postgres) -> DatabaseConfig {
    let short = |login: &str| login.trim_start_matches("surv_").trim_end_matches("_login").to_owned();
    DatabaseConfig {
        host: "127.0.0.1".to_owned(),
        port: postgres.port(),
        name: "surv".to_owned(),
        ssl_mode: "disable".to_owned(),
        passwords: surv_rls_policies::LOGINS.iter().map(|login| (short(login), password_of(login).into())).collect(),
        superuser_url: Some(postgres.superuser_url().into()),
        pool: PoolConfig { persona: 2, worker: 2, path: 1, wait_ms: 5_000 },
    }
}

/// By the product's own command; only this step gets the superuser.
async fn migrate_as_superuser(postgres: &Postgres) {
    let migrated = migrate::quietly(&database(postgres)).await;
    migrated.expect("the schema can be made");
}

/// How long the background may take until it is quiet.
pub const SETTLING: Duration = Duration::from_secs(60);
