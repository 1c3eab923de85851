//! Files, from announcing to downloading, on a real S3 server and with the worker that processes them.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use poem::http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use surv_operations::files::{FileId, FileKey, ProcessFile, RemoveFile, Variant};
use surv_tests::{Answer, Company, TestApp, Who, eventually, files};
use surv_workers::{Registry, Workers};
use uuid::Uuid;

mod content;
mod sight;
mod uploads;

pub(crate) const ACME: Company = Company::ACME;
pub(crate) const RIVAL: Company = Company::RIVAL;

pub(crate) struct World {
    app: TestApp,
    workers: Workers,
    http: reqwest::Client,
}

impl World {
    async fn start() -> Self {
        let app = TestApp::start("api_files").await;
        let kinds = Registry::new().with::<ProcessFile>().with::<RemoveFile>();
        let workers = Workers::with_kinds(app.worker_deps(), kinds).expect("workers");
        let http = surv_integrations::http::client(&files::config().endpoint, std::time::Duration::from_secs(20));
        Self { app, workers, http: http.expect("an HTTP client") }
    }

    fn token(&self, who: Who) -> String {
        self.app.token(ACME, who)
    }

    /// Sends bytes as `upload` says, with some headers replaced.
    async fn put(&self, upload: &Value, bytes: &[u8], other: &[(&str, &str)]) -> u16 {
        let mut request = self.http.put(upload["url"].as_str().expect("an address"));
        for (name, value) in upload["headers"].as_object().expect("headers") {
            let value = other.iter().find(|(n, _)| n == name).map_or(value.as_str().unwrap_or_default(), |(_, v)| *v);
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        request.body(bytes.to_vec()).send().await.expect("storage answers").status().as_u16()
    }

    /// Announces and uploads; the file's view.
    async fn uploaded(&self, token: &str, input: &Value, bytes: &[u8]) -> Value {
        let made = self.app.post(token, "/v1/files").json(input).expect(201).await;
        assert_eq!(self.put(&made["upload"], bytes, &[]).await, 200);
        made["file"].clone()
    }

    /// Announces, uploads, completes, and waits until a worker has settled it; the file's view.
    async fn settled(&self, token: &str, input: &Value, bytes: &[u8]) -> Value {
        let file = self.uploaded(token, input, bytes).await;
        self.app.post(token, &format!("{}/complete", path(&file))).expect(200).await;
        self.settle(token, &file).await
    }

    async fn settle(&self, token: &str, file: &Value) -> Value {
        let mut last = Value::Null;
        eventually("the file to be settled", async || {
            self.workers.run_until_idle().await.expect("the queue answers");
            last = self.app.get(token, &path(file)).expect(200).await;
            matches!(last["state"].as_str(), Some("ready" | "rejected"))
        })
        .await;
        last
    }

    async fn download(&self, token: &str, file: &Value, variant: &str) -> (reqwest::header::HeaderMap, Vec<u8>) {
        let link = self.app.get(token, &format!("{}/link?variant={variant}", path(file))).expect(200).await;
        let answer = self.http.get(link["url"].as_str().expect("an address")).send().await.expect("storage answers");
        assert_eq!(answer.status().as_u16(), 200);
        (answer.headers().clone(), answer.bytes().await.expect("a body").to_vec())
    }

    async fn status(&self, who: Who, path: &str) -> u16 {
        self.app.get(&self.token(who), path).send().await.status
    }

    async fn listed(&self, token: &str, job: u8) -> Vec<String> {
        let page =
            self.app.get(token, &format!("/v1/files?job_id={}&limit=200", ACME.id("job", job))).expect(200).await;
        let items = page["items"].as_array().expect("items").iter();
        items.map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    }
}

fn path(file: &Value) -> String {
    format!("/v1/files/{}", file["id"].as_str().expect("an id"))
}

fn key(file: &Value, variant: Option<Variant>) -> String {
    let (tenant, file) =
        (ACME.tenant_id().into(), FileId(file["id"].as_str().unwrap_or_default().parse().expect("an id")));
    variant.map_or_else(|| FileKey::original(tenant, file), |variant| FileKey::image(tenant, file, variant)).to_string()
}

/// A photo that no other is the same as.
fn photo(seed: u8) -> Vec<u8> {
    let image = RgbImage::from_fn(64, 48, |x, y| Rgb([seed, x.to_le_bytes()[0] * 3, y.to_le_bytes()[0] * 5]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut bytes, ImageFormat::Jpeg).expect("it can be written");
    bytes.into_inner()
}

fn input(job: Uuid, bytes: &[u8]) -> Value {
    json!({
        "purpose": "job_photo", "job_id": job, "visibility": "customer", "name": "Boiler \u{e4}.JPG",
        "content_type": "image/jpeg", "bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)),
    })
}

fn logo(bytes: &[u8]) -> Value {
    let mut input = input(Uuid::nil(), bytes);
    for beside in ["job_id", "visibility"] {
        input.as_object_mut().expect("an object").remove(beside);
    }
    input["purpose"] = json!("logo");
    input
}

#[track_caller]
fn assert_names(answer: &Answer, wanted: &[&str]) {
    answer.assert_problem(422, "invalid-fields");
    let named: Vec<Value> =
        answer.json(422)["errors"].as_array().expect("errors").iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(named, wanted, "{}", answer.text);
}
