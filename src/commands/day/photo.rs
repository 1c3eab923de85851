//! The day's photo: taken by the technician, seen by the customer.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{FEED_LIMIT, feed::Feed, http::Persona};

const PUMP: &[u8] = include_bytes!("pump.png");
/// How long the worker may take to make images of it.
const PROCESSING_LIMIT: Duration = Duration::from_secs(15);

/// Announces, uploads and completes the photo, and waits until it is ready.
pub async fn take(technician: &Persona, feed: &Feed, job_id: &str, visit_id: &str) -> anyhow::Result<()> {
    let body = json!({
        "purpose": "job_photo", "job_id": job_id, "visit_id": visit_id, "visibility": "customer", "name": "New pump.png",
        "content_type": "image/png", "bytes": PUMP.len(), "sha256": hex::encode(Sha256::digest(PUMP)),
    });
    let made = technician.post("/v1/files", &body).await?;
    technician.upload(&made["upload"], PUMP).await?;
    let id = made["file"]["id"].as_str().context("a file has an id")?;
    technician.post(&format!("/v1/files/{id}/complete"), &serde_json::Value::Null).await?;
    let late = feed.wait("file.uploaded", id, FEED_LIMIT).await?;
    let began = Instant::now();
    loop {
        let file = technician.get(&format!("/v1/files/{id}")).await?;
        match file["state"].as_str() {
            Some("ready") => break,
            Some("rejected") => anyhow::bail!("the photo was rejected: {}", file["rejection"]),
            _ => ensure!(began.elapsed() < PROCESSING_LIMIT, "no worker has processed the photo"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!(
        "  technician  uploaded a photo; feed after {} ms, made anew after {} ms",
        late.as_millis(),
        began.elapsed().as_millis()
    );
    Ok(())
}

/// The customer finds it and downloads it; the neighbour finds nothing.
pub async fn look(customer: &Persona, neighbour: &Persona, job_id: &str) -> anyhow::Result<()> {
    let path = format!("/v1/files?job_id={job_id}");
    let seen = customer.get(&path).await?;
    let id = seen["items"][0]["id"].as_str().context("the customer sees the photo")?;
    let bytes = customer.download(&customer.get(&format!("/v1/files/{id}/link?variant=thumbnail")).await?).await?;
    ensure!(neighbour.get(&path).await?["items"] == json!([]), "another customer's photos do not exist");
    println!("  customer    sees the photo {}, {bytes} bytes as a thumbnail", seen["items"][0]["name"]);
    Ok(())
}
