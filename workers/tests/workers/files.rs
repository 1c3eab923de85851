//! Uploads through the worker: twice, killed in between, and what is left lying about.

use std::{collections::BTreeSet, io::Cursor, time::Duration};

use chrono::TimeDelta;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use surv_integrations::{clamd::Scanner, s3::FileStore};
use surv_operations::files::{FileId, FileKey, ProcessFile, RemoveFile, Variant};
use surv_tenancy::TenantId;
use surv_workers::Workers;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;

use crate::support::{World, eventually, storage};

pub fn picture() -> Vec<u8> {
    let image = RgbImage::from_fn(640, 480, |x, y| Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 7]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// A row as an admin's request leaves it, and its bytes in storage.
pub async fn uploaded(world: &World, tenant_id: TenantId, state: &str, bytes: &[u8]) -> FileId {
    let file_id: FileId = world.ids.next();
    sqlx::query(
        "INSERT INTO files (tenant_id, file_id, purpose, visibility, uploader_id, uploader_name, name, declared_type,
                            declared_bytes, declared_sha256, upload_until, state, created_at, updated_at)
         VALUES ($1, $2, 'logo', 'office', gen_random_uuid(), 'Ann', 'logo.jpg', 'image/jpeg', $3, $4, $5, $6, $7, $7)",
    )
    .bind(tenant_id.0)
    .bind(file_id.0)
    .bind(i64::try_from(bytes.len()).unwrap())
    .bind(&Sha256::digest(bytes)[..])
    .bind(world.now() + TimeDelta::minutes(15))
    .bind(state)
    .bind(world.now())
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    storage().put(&FileKey::original(tenant_id, file_id).to_string(), "image/jpeg", bytes.to_vec()).await.unwrap();
    file_id
}

/// State, why it was rejected, version.
async fn file(world: &World, file_id: FileId) -> (String, Option<String>, i32) {
    let row = sqlx::query("SELECT state, rejection, version FROM files WHERE file_id = $1")
        .bind(file_id.0)
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    (row.get(0), row.get(1), row.get(2))
}

pub async fn events(world: &World, file_id: FileId) -> Vec<String> {
    sqlx::query_scalar("SELECT kind FROM events WHERE subject_id = $1 ORDER BY txid, event_id")
        .bind(file_id.0)
        .fetch_all(&mut world.superuser().await)
        .await
        .unwrap()
}

pub async fn objects(store: &FileStore, tenant_id: TenantId) -> BTreeSet<String> {
    let listed = store.list(&FileKey::prefix(tenant_id), None).await.unwrap();
    assert!(!listed.more);
    listed.objects.into_iter().map(|(key, _)| key).collect()
}

pub fn images(tenant_id: TenantId, file_id: FileId) -> BTreeSet<String> {
    Variant::ALL.map(|variant| FileKey::image(tenant_id, file_id, variant).to_string()).into()
}

/// The reconciler knows companies by their chain of events.
async fn company(world: &World) -> TenantId {
    let tenant_id = world.company().await;
    world.events(tenant_id, 1).await;
    world.workers().audit().await.unwrap();
    tenant_id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_processed_twice_is_settled_once() {
    let world = World::new().await;
    let acme = company(&world).await;
    let file_id = uploaded(&world, acme, "uploaded", &picture()).await;
    for _ in 0..3 {
        world.enqueue(acme, &ProcessFile { file_id }).await;
    }

    world.workers().run_until_idle().await.unwrap();
    world.enqueue(acme, &ProcessFile { file_id }).await;
    world.workers().run_until_idle().await.unwrap();

    assert_eq!(world.tasks().await, (0, 0));
    assert_eq!(file(&world, file_id).await, ("ready".to_owned(), None, 3));
    assert_eq!(events(&world, file_id).await, ["file.ready"]);
    assert_eq!(objects(&storage(), acme).await, images(acme, file_id));
}

/// Stopped at any moment: what is committed is whole, what is not is done again, and nothing stays behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_anywhere_in_between_leaves_a_whole_file_or_none() {
    let world = World::new().await;
    let acme = company(&world).await;
    let (store, bytes, mut seen) = (storage(), picture(), BTreeSet::new());
    let mut all = BTreeSet::new();
    for round in 0..24_u64 {
        let file_id = uploaded(&world, acme, "uploaded", &bytes).await;
        world.enqueue(acme, &ProcessFile { file_id }).await;
        let workers = world.workers();
        let dying = tokio::spawn(async move { workers.run(CancellationToken::new()).await });
        tokio::time::sleep(Duration::from_millis(round * 12)).await;
        dying.abort();
        let _ = dying.await;
        let (state, _, _) = file(&world, file_id).await;
        let here = objects(&store, acme).await;
        if state == "ready" {
            assert!(images(acme, file_id).is_subset(&here), "round {round}: a ready file has its images");
        }
        seen.insert(state);
        all.extend(images(acme, file_id));

        eventually("another worker's turn", async || {
            world.make_due().await;
            world.workers().run_until_idle().await.unwrap();
            world.tasks().await == (0, 0)
        })
        .await;

        assert_eq!(file(&world, file_id).await.0, "ready", "round {round}");
        assert_eq!(events(&world, file_id).await, ["file.ready"], "round {round}");
    }
    assert!(seen.len() > 1, "the deaths came too early or too late to tell anything: {seen:?}");
    // Whoever died after its commit left an original.
    world.wait(TimeDelta::hours(2)).await;
    world.workers().reconcile_files().await.unwrap();
    assert_eq!(objects(&store, acme).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_is_rejected_and_what_nothing_wants_is_deleted() {
    let world = World::new().await;
    let (acme, rival) = (company(&world).await, company(&world).await);
    let (store, bytes) = (storage(), picture());
    let awaited = uploaded(&world, acme, "awaiting_upload", &bytes).await;
    let stuck = uploaded(&world, acme, "processing", &bytes).await;
    let kept = uploaded(&world, acme, "uploaded", &bytes).await;
    let strange = format!("{}not/of/ours", FileKey::prefix(acme));
    let of_nothing = FileKey::image(acme, world.ids.next(), Variant::Full).to_string();
    for key in [&strange, &of_nothing] {
        store.put(key, "image/png", b"x".to_vec()).await.unwrap();
    }
    let theirs = uploaded(&world, rival, "uploaded", &bytes).await;
    let before = objects(&store, acme).await;

    world.workers().reconcile_files().await.unwrap();
    assert_eq!(objects(&store, acme).await, before, "young objects are left alone");
    assert_eq!(file(&world, awaited).await.0, "awaiting_upload");

    world.wait(TimeDelta::hours(2)).await;
    world.workers().reconcile_files().await.unwrap();
    assert_eq!(file(&world, awaited).await, ("rejected".to_owned(), Some("never_uploaded".to_owned()), 2));
    assert_eq!(
        (file(&world, stuck).await.0, file(&world, kept).await.0),
        ("processing".to_owned(), "uploaded".to_owned())
    );
    let wanted = [stuck, kept].map(|file_id| FileKey::original(acme, file_id).to_string());
    assert_eq!(objects(&store, acme).await, wanted.into_iter().chain([strange.clone()]).collect());

    world.wait(TimeDelta::days(1)).await;
    world.workers().reconcile_files().await.unwrap();
    world.workers().reconcile_files().await.unwrap();
    for file_id in [stuck, kept, theirs] {
        assert_eq!(file(&world, file_id).await.1.as_deref(), Some("not_processed"));
        assert_eq!(events(&world, file_id).await, ["file.rejected"]);
    }
    assert_eq!(objects(&store, acme).await, BTreeSet::from([strange]));
    assert_eq!(objects(&store, rival).await, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_deleted_while_it_is_processed_leaves_nothing() {
    let world = World::new().await;
    let acme = company(&world).await;
    let file_id = uploaded(&world, acme, "processing", &picture()).await;
    sqlx::query("UPDATE files SET deleted_at = now()").execute(&mut world.superuser().await).await.unwrap();
    for variant in Variant::ALL {
        let key = FileKey::image(acme, file_id, variant).to_string();
        storage().put(&key, "image/png", b"x".to_vec()).await.unwrap();
    }
    world.enqueue(acme, &ProcessFile { file_id }).await;
    world.enqueue(acme, &RemoveFile { file_id }).await;

    world.workers().run_until_idle().await.unwrap();

    assert_eq!((world.tasks().await, events(&world, file_id).await), ((0, 0), vec![]));
    assert_eq!(objects(&storage(), acme).await, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_was_announced_is_rejected_even_if_storage_took_it() {
    let world = World::new().await;
    let acme = company(&world).await;
    let bytes = picture();
    for other in [[&bytes[..], b"more"].concat(), [b"\xff\xd8\xff\xe1", &bytes[4..]].concat()] {
        let file_id = uploaded(&world, acme, "uploaded", &bytes).await;
        storage().put(&FileKey::original(acme, file_id).to_string(), "image/jpeg", other).await.unwrap();
        world.enqueue(acme, &ProcessFile { file_id }).await;

        world.workers().run_until_idle().await.unwrap();

        assert_eq!(file(&world, file_id).await.1.as_deref(), Some("not_as_declared"));
    }
    assert_eq!(objects(&storage(), acme).await, BTreeSet::new());
}

/// Answers every file with the same verdict, or hangs up.
async fn clamd(verdict: Option<&'static str>) -> Scanner {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let scanner = Scanner::new(listener.local_addr().unwrap().to_string());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let Some(verdict) = verdict else { continue };
            stream.read_exact(&mut [0; 10]).await.unwrap();
            loop {
                let length = stream.read_u32().await.unwrap();
                if length == 0 {
                    break;
                }
                stream.read_exact(&mut vec![0; length as usize]).await.unwrap();
            }
            stream.write_all(verdict.as_bytes()).await.unwrap();
        }
    });
    scanner
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_has_its_say_and_is_waited_for() {
    let world = World::new().await;
    let acme = company(&world).await;
    for (verdict, state, rejection) in [
        (Some("stream: OK\0"), "ready", None),
        (Some("stream: Eicar FOUND\0"), "rejected", Some("malware")),
        (None, "processing", None),
    ] {
        let file_id = uploaded(&world, acme, "uploaded", &picture()).await;
        world.enqueue(acme, &ProcessFile { file_id }).await;
        let mut deps = world.deps(|_| {});
        deps.scanner = Some(clamd(verdict).await);

        Workers::new(deps).unwrap().run_until_idle().await.unwrap();

        let (found, why, _) = file(&world, file_id).await;
        assert_eq!((found.as_str(), why.as_deref()), (state, rejection));
    }
    assert_eq!(world.tasks().await, (1, 0), "it is tried again");
}
