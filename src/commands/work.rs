//! `surv work`: background work, and a small port that says whether it runs.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use poem::{EndpointExt as _, Route, Server, get, handler, listener::TcpListener, web::Data};
use prometheus::{Registry, TextEncoder};
use surv_integrations::{clamd::Scanner, sendgrid::MailClient};
use surv_tenancy::{
    Clock, Ids,
    db::{PlatformDb, TenantDb},
};
use surv_workers::{WorkerConfig, WorkerDeps, Workers};

use crate::{compose, config::Config, schema, shutdown};

/// Works until it is told to stop, then finishes what is under way.
///
/// # Errors
/// When the address is taken, a template is faulty, or the database is away or of an older schema than this program's.
pub async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    schema::require(&config.database).await?;
    let metrics = Registry::new();
    let workers = workers(config, metrics.clone())?;
    let stop = shutdown::listen().context("listening for signals")?;
    let (stopping, address) = (stop.clone(), config.worker.listen);
    let port = Route::new().at("/health", get(health)).at("/metrics", get(render)).data(metrics);
    let server = tokio::spawn(async move {
        let stopped = async move { stopping.cancelled().await };
        Server::new(TcpListener::bind(address))
            .run_with_graceful_shutdown(port, stopped, Some(Duration::from_secs(1)))
            .await
    });
    tracing::info!(%address, "working");
    workers.run(stop).await;
    server.await.context("the worker's port")?.with_context(|| format!("listening on {address}"))?;
    Ok(ExitCode::SUCCESS)
}

/// The workers of a configuration, not yet at work.
///
/// # Errors
/// When a template or an address is faulty.
pub fn workers(config: &Config, metrics: Registry) -> anyhow::Result<Workers> {
    Ok(Workers::new(WorkerDeps {
        tenant_db: TenantDb::new(&config.database),
        platform_db: PlatformDb::new(&config.database),
        clock: Clock::system(),
        ids: Ids::system(),
        mail: MailClient::new(&config.sendgrid).context("preparing the mail client")?,
        storage: compose::storage(config),
        scanner: config.files.clamd.as_ref().map(Scanner::new),
        files: config.files.clone(),
        config: worker_config(config),
        metrics,
        redis: compose::redis_client(config),
    })?)
}

fn worker_config(config: &Config) -> WorkerConfig {
    let worker = &config.worker;
    WorkerConfig {
        concurrency: worker.concurrency,
        per_tenant: worker.per_tenant,
        poll_ms: worker.poll_ms,
        lease_ms: worker.lease_s * 1000,
        shutdown_ms: worker.drain_s * 1000,
        retention: config.retention,
        ..WorkerConfig::sending_from(&worker.from_address)
    }
}

#[handler]
fn health() -> &'static str {
    "ok"
}

#[handler]
fn render(metrics: Data<&Registry>) -> String {
    TextEncoder::new().encode_to_string(&metrics.gather()).unwrap_or_default()
}
