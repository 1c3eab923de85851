//! `surv serve`: the API server.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use poem::{EndpointExt as _, Server, listener::TcpListener};

use crate::{compose, config::Config, schema, shutdown};

/// Serves until it is told to stop, then finishes what is under way.
///
/// # Errors
/// When the address is taken, or the database is away or of an older schema than this program's.
pub async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    schema::require(&config.database).await?;
    let deps = compose::api(config).await?;
    if let Some(redis) = compose::redis_client(config) {
        tokio::spawn(surv_workers::nudge::publish(deps.tenant_db.nudge().clone(), redis));
    }
    let (live, limits) = (deps.live.clone(), deps.limits.clone());
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            limits.retain_recent();
        }
    });
    let stop = shutdown::listen().context("listening for signals")?;
    let stopping = async move {
        stop.cancelled().await;
        // Streams are told first: they would hold the server open to the end of its patience.
        live.close();
    };
    tracing::info!(address = %config.http.listen, "serving");
    Server::new(TcpListener::bind(config.http.listen))
        .name("surv")
        .run_with_graceful_shutdown(
            surv_api::build(deps).boxed(),
            stopping,
            Some(Duration::from_secs(config.http.drain_s)),
        )
        .await
        .with_context(|| format!("serving on {}", config.http.listen))?;
    Ok(ExitCode::SUCCESS)
}
