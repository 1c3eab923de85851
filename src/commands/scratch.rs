//! A database of one test's own, on the cluster that the environment names. For tests only.

use std::str::FromStr as _;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};
use surv_rls_policies::LOGINS;
use surv_tenancy::{Ids, db::DatabaseConfig};
use uuid::Uuid;

use crate::config::{self, Sources};

/// Roles belong to the cluster: every test that sets passwords has to set the same ones.
const WEBHOOK_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE90gIlfNWLXWP5qE7yMRWURzZcXQXGMxcznmg14pFL9rIn1YEcUYUsGQHGM6HD7Eumo9Cp/01zeR2i3MrIN0Dxw==";

pub struct Scratch {
    pub superuser: PgConnectOptions,
    url: String,
    name: String,
    vendor: std::net::SocketAddr,
}

impl Scratch {
    #[allow(clippy::disallowed_methods, reason = "tests are told by the environment where the cluster is")]
    pub async fn new() -> Self {
        let url = std::env::var("SURV_TEST_SUPERUSER_URL")
            .expect("set SURV_TEST_SUPERUSER_URL=postgres://…, or run ./dev test");
        let name = format!("surv_bin_{}", Ids::system().next::<Uuid>().simple());
        let superuser = PgConnectOptions::from_str(&url).unwrap().database(&name);
        Self { superuser, url, name, vendor: vendor().await }
    }

    pub fn variables(&self) -> Vec<(String, String)> {
        let variable = |name: &str, value: &str| (format!("SURV_{name}"), value.to_owned());
        let mut all = vec![
            variable("DATABASE__HOST", self.superuser.get_host()),
            variable("DATABASE__PORT", &self.superuser.get_port().to_string()),
            variable("DATABASE__NAME", &self.name),
            variable("DATABASE__SUPERUSER_URL", &self.url),
            variable("TOKENS__ROOT_KEY", &"1".repeat(64)),
            variable("SECRETS__SEAL_KEY", &"2".repeat(64)),
            variable("SENDGRID__BASE_URL", &format!("http://{}/sendgrid", self.vendor)),
            variable("SENDGRID__API_KEY", "SG.key"),
            variable("SENDGRID__WEBHOOK_PUBLIC_KEY", WEBHOOK_KEY),
        ];
        for login in LOGINS {
            let short = login.trim_start_matches("surv_").trim_end_matches("_login").to_uppercase();
            all.push(variable(&format!("DATABASE__PASSWORDS__{short}"), &format!("test-{login}")));
        }
        all
    }

    pub fn sources(&self) -> Sources {
        Sources::of(None, self.variables())
    }

    pub fn database(&self) -> DatabaseConfig {
        config::database(&self.sources()).unwrap()
    }

    pub async fn drop(self) {
        let mut connection = PgConnection::connect_with(&self.superuser.clone().database("postgres")).await.unwrap();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
}

/// Somebody who answers every request with 404, as a vendor does to a HEAD of its root.
async fn vendor() -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                let _ = stream.read(&mut [0; 4096]).await;
                let _ =
                    stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
            });
        }
    });
    address
}
