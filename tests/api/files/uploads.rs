//! What may be announced, and what storage takes then.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn storage_takes_exactly_what_was_announced() {
    let world = World::start().await;
    let technician = world.token(Who::Technician1);
    let bytes = photo(2);
    let made = world.app.post(&technician, "/v1/files").json(&input(ACME.id("job", 1), &bytes)).expect(201).await;
    let (upload, file) = (&made["upload"], &made["file"]);
    let complete = || world.app.post(&technician, &format!("{}/complete", path(file)));
    complete().refused(409, "invalid-transition").await;

    let mut other = bytes.clone();
    other[40] ^= 1;
    assert_eq!(world.put(upload, &other, &[]).await, 400, "another content of the same length");
    assert_eq!(world.put(upload, &[&bytes[..], b"x"].concat(), &[]).await, 403, "a longer one");
    assert_eq!(world.put(upload, &bytes[1..], &[]).await, 403, "a shorter one");
    assert_eq!(world.put(upload, &bytes, &[("content-type", "text/html")]).await, 403, "another type");
    assert_eq!(world.put(upload, &bytes, &[("x-amz-checksum-sha256", "")]).await, 403, "without its checksum");
    let checksum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_eq!(world.put(upload, b"", &[("x-amz-checksum-sha256", checksum)]).await, 403, "nothing");
    let url = upload["url"].as_str().expect("an address");
    let own = file["id"].as_str().expect("an id");
    for (what, url) in [
        ("another key", url.replace(own, &Uuid::from_u128(5).to_string())),
        ("another company", url.replace(&ACME.tenant_id().to_string(), &RIVAL.tenant_id().to_string())),
        ("a longer time", url.replace("X-Amz-Expires=900", "X-Amz-Expires=90000")),
        ("up and out", url.replace("/uploads/", "/uploads/../files/")),
    ] {
        assert_ne!(url, upload["url"], "{what}");
        let altered = json!({ "url": url, "headers": upload["headers"] });
        assert_eq!(world.put(&altered, &bytes, &[]).await, 403, "{what}");
    }
    for method in [reqwest::Method::GET, reqwest::Method::DELETE, reqwest::Method::HEAD] {
        let answer = world.http.request(method.clone(), url).send().await.expect("storage answers");
        assert_eq!(answer.status().as_u16(), 403, "{method} with the address of a PUT");
    }
    complete().refused(409, "invalid-transition").await;

    assert_eq!(world.put(upload, &bytes, &[]).await, 200);
    complete().expect(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_announced_wrongly_is_named_and_leaves_nothing() {
    let world = World::start().await;
    let bytes = photo(3);
    let good = input(ACME.id("job", 1), &bytes);
    let with = |changes: &[(&str, Value)]| {
        let mut input = good.clone();
        for (field, value) in changes {
            input[*field] = value.clone();
        }
        input
    };
    let rows = || async {
        let mut superuser = world.app.database.superuser().await;
        let counted: (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM files WHERE name = 'refused'),
                    (SELECT count(*) FROM upload_counts WHERE bytes > 900000000)",
        )
        .fetch_one(&mut superuser)
        .await
        .expect("a count");
        counted
    };
    for (who, changes, wanted) in [
        (Who::Admin, vec![("content_type", json!("image/svg+xml"))], vec!["/content_type"]),
        (Who::Admin, vec![("content_type", json!("image/jpeg; charset=x"))], vec!["/content_type"]),
        (Who::Admin, vec![("bytes", json!(1_000_001))], vec!["/bytes"]),
        (Who::Admin, vec![("bytes", json!(0)), ("sha256", json!("zz"))], vec!["/bytes", "/sha256"]),
        (Who::Admin, vec![("bytes", json!(-5)), ("name", json!("a\u{0}b"))], vec!["/name", "/bytes"]),
        (Who::Admin, vec![("job_id", json!(null))], vec!["/job_id"]),
        (Who::Admin, vec![("job_id", json!(RIVAL.id("job", 1)))], vec!["/job_id"]),
        (Who::Admin, vec![("visit_id", json!(ACME.id("visit", 2)))], vec!["/job_id"]),
        (Who::Technician1, vec![("visibility", json!("office"))], vec!["/visibility"]),
        (Who::Technician2, vec![], vec!["/job_id"]),
        (Who::Customer2, vec![], vec!["/job_id"]),
        (Who::Customer1, vec![("visibility", json!("field"))], vec!["/visibility"]),
        (Who::Manager, vec![("purpose", json!("logo"))], vec!["/purpose", "/job_id", "/visibility"]),
    ] {
        let mut changes = changes;
        if changes.iter().all(|(field, _)| *field != "name") {
            changes.push(("name", json!("refused")));
        }
        let answer = world.app.post(&world.token(who), "/v1/files").json(&with(&changes)).send().await;
        assert_names(&answer, &wanted);
    }
    assert_eq!(rows().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_repeated_after_completion_changes_nothing_that_others_see() {
    let world = World::start().await;
    let technician = world.token(Who::Technician1);
    let bytes = photo(5);
    let input = input(ACME.id("job", 1), &bytes);
    let made = world.app.post(&technician, "/v1/files").json(&input).expect(201).await;
    let file = &made["file"];
    assert_eq!(world.put(&made["upload"], &bytes, &[]).await, 200);
    world.app.post(&technician, &format!("{}/complete", path(file))).expect(200).await;
    let ready = world.settle(&technician, file).await;
    let (_, before) = world.download(&world.token(Who::Customer1), file, "full").await;

    // The address still works, for the same content only; it is not where images are read from.
    assert_eq!(world.put(&made["upload"], &bytes, &[]).await, 200);
    let refused = world.put(&made["upload"], &photo(6), &[]).await;
    assert!(matches!(refused, 400 | 403), "another content: {refused}");
    let again = world.app.post(&technician, &format!("{}/complete", path(file))).expect(200).await;
    world.workers.run_until_idle().await.expect("the queue answers");

    assert_eq!(again, ready);
    assert_eq!(world.app.get(&technician, &path(file)).expect(200).await, ready);
    let (_, after) = world.download(&world.token(Who::Customer1), file, "full").await;
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_repeats_the_answer_and_keeps_no_address() {
    let world = World::start().await;
    let technician = world.token(Who::Technician1);
    let bytes = photo(7);
    let body = input(ACME.id("job", 1), &bytes);
    let create = || world.app.post(&technician, "/v1/files").key("file-7").json(&body);
    let (first, again) = (create().expect(201).await, create().expect(201).await);
    assert_eq!(first["file"], again["file"]);
    world
        .app
        .post(&technician, "/v1/files")
        .key("file-7")
        .json(&input(ACME.id("job", 1), &photo(8)))
        .refused(422, "idempotency-key-reused")
        .await;
    let kept: Vec<String> =
        sqlx::query_scalar("SELECT body::text FROM idempotency_keys WHERE body::text LIKE '%' || $1 || '%'")
            .bind(first["file"]["id"].as_str())
            .fetch_all(&mut world.app.database.superuser().await)
            .await
            .expect("the kept answers");
    assert!(kept.len() == 1 && !kept[0].contains("X-Amz"), "{kept:?}");

    assert_eq!(world.put(&again["upload"], &bytes, &[]).await, 200);
    let complete = || world.app.post(&technician, &format!("{}/complete", path(&first["file"]))).key("complete-7");
    let completed = complete().expect(200).await;
    let file = world.settle(&technician, &first["file"]).await;
    assert_eq!(complete().expect(200).await, completed, "the first answer, whatever has become of it since");
    let version = file["version"].as_i64().expect("a version");
    world.app.delete(&technician, &path(&file)).version(version).expect(204).await;
    assert_eq!(complete().expect(200).await, completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_uploads_so_much_a_day_whoever_does_it() {
    let mut world = World::start().await;
    let bytes = photo(30);
    let mut config = (*world.app.deps.config).clone();
    config.files.uploads_per_day = 2;
    let roomy = world.app.clone();
    world.app = world.app.with_config(config);
    let now = "(now() AT TIME ZONE 'UTC')::date";
    let reset = format!("DELETE FROM upload_counts WHERE tenant_id = $1 AND counted_on = {now}");
    let rival = RIVAL.tenant_id();
    let mut superuser = world.app.database.superuser().await;
    sqlx::query(sqlx::AssertSqlSafe(reset)).bind(rival).execute(&mut superuser).await.expect("a fresh day");
    let create =
        |who| world.app.post(&world.app.token(RIVAL, who), "/v1/files").json(&input(RIVAL.id("job", 1), &bytes));

    create(Who::Technician1).expect(201).await;
    let wrong =
        world.app.post(&world.app.token(RIVAL, Who::Admin), "/v1/files").json(&input(ACME.id("job", 1), &bytes));
    wrong.refused(422, "invalid-fields").await;
    create(Who::Customer1).expect(201).await;

    for who in [Who::Admin, Who::Technician1, Who::Customer1] {
        let answer = create(who).send().await;
        answer.assert_problem(429, "too-many-requests");
        assert!(!answer.header("retry-after").is_empty());
    }
    roomy.post(&world.token(Who::Admin), "/v1/files").json(&input(ACME.id("job", 1), &bytes)).expect(201).await;
}
