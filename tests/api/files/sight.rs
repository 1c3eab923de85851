//! Who sees a file, in which state, and who takes it away.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_technicians_photo_reaches_its_customer_and_nobody_else() {
    let world = World::start().await;
    let technician = world.token(Who::Technician1);
    let bytes = photo(1);
    let file = world.uploaded(&technician, &input(ACME.id("job", 1), &bytes), &bytes).await;
    assert_eq!((file["state"].as_str(), file["uploader_name"].as_str()), (Some("awaiting_upload"), Some("Member")));

    // Until it is ready: whoever uploaded it, and the office.
    let completed = world.app.post(&technician, &format!("{}/complete", path(&file))).expect(200).await;
    assert_eq!(completed["state"], "uploaded");
    for (who, status) in [(Who::Technician1, 200), (Who::Manager, 200), (Who::Customer1, 404), (Who::Technician2, 404)]
    {
        assert_eq!(world.status(who, &path(&file)).await, status, "{who:?} before it is ready");
    }
    let ready = world.settle(&technician, &file).await;

    assert_eq!((ready["state"].as_str(), ready["content_type"].as_str()), (Some("ready"), Some("image/jpeg")));
    assert_eq!((ready["width"].as_i64(), ready["height"].as_i64()), (Some(64), Some(48)));
    assert_eq!(ready["sha256"], file["sha256"]);
    let id = file["id"].as_str().expect("an id").to_owned();
    for (who, status) in [
        (Who::Technician1, 200),
        (Who::Admin, 200),
        (Who::Customer1, 200),
        (Who::Technician2, 404),
        (Who::TechnicianOfBoth, 404),
        (Who::Customer2, 404),
        (Who::CustomerOfTwo, 404),
    ] {
        assert_eq!(world.status(who, &path(&file)).await, status, "{who:?}");
        assert_eq!(world.status(who, &format!("{}/link", path(&file))).await, status, "{who:?}");
        let listed = world.listed(&world.token(who), 1).await;
        assert_eq!(listed.contains(&id), status == 200, "{who:?}");
    }
    // Technician 1 was released from the visit of job 3; its photo for everybody is in the seed.
    let released = format!("/v1/files/{}", ACME.id("file", 33));
    assert_eq!(world.status(Who::Technician1, &released).await, 404);
    assert_eq!(world.status(Who::TechnicianOfBoth, &released).await, 200);
    // Of the job of a technician, by somebody else, and not ready.
    let unready = format!("/v1/files/{}", ACME.id("file", 34));
    assert_eq!(world.status(Who::TechnicianOfBoth, &unready).await, 404);
    assert_eq!(world.status(Who::CustomerOfTwo, &unready).await, 404);
    assert_eq!(world.status(Who::Manager, &unready).await, 200);
    let rival = world.app.token(RIVAL, Who::Admin);
    world.app.get(&rival, &path(&file)).refused(404, "not-found").await;
    let (headers, image) = world.download(&world.token(Who::Customer1), &file, "full").await;
    assert_eq!(headers["content-type"], "image/jpeg");
    assert_eq!(headers["content-disposition"], "inline; filename*=UTF-8''Boiler%20%C3%A4.jpg");
    assert_ne!(image, bytes, "it is an image of ours");
    assert_eq!(image.len() as i64, ready["bytes"].as_i64().expect("a length"));
    assert_eq!(
        world.app.deps.storage.as_ref().expect("storage").head(&key(&file, None)).await.expect("an answer"),
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_job_sees_the_files_of_that_job_alone() {
    let world = World::start().await;
    let admin = world.token(Who::Admin);
    let mut made = Vec::new();
    for job in [1, 2] {
        let bytes = photo(10 + job);
        made.push(world.settled(&admin, &input(ACME.id("job", job), &bytes), &bytes).await);
    }
    let link = world.app.link(ACME, ACME.id("job", 1)).await;
    let narrowed = TestApp::for_job(&admin, ACME.id("job", 1));

    for token in [&link, &narrowed] {
        let id = |file: &Value| file["id"].as_str().expect("an id").to_owned();
        assert!(world.listed(token, 1).await.contains(&id(&made[0])));
        assert_eq!(world.listed(token, 2).await, Vec::<String>::new());
        world.app.get(token, &format!("{}/link", path(&made[0]))).expect(200).await;
        for of_other in [path(&made[1]), format!("{}/link", path(&made[1]))] {
            world.app.get(token, &of_other).refused(404, "not-found").await;
        }
    }
    let all = world.app.get(&narrowed, "/v1/files?limit=200").expect(200).await;
    let jobs = all["items"].as_array().expect("items").iter().map(|item| item["job_id"].clone());
    assert!(jobs.into_iter().all(|job| job == json!(ACME.id("job", 1))), "{all}");
    // It can't upload elsewhere either, nor a logo; a link can't upload at all.
    let bytes = photo(13);
    let elsewhere = world.app.post(&narrowed, "/v1/files").json(&input(ACME.id("job", 2), &bytes)).send().await;
    assert_names(&elsewhere, &["/job_id"]);
    world.app.post(&narrowed, "/v1/files").json(&logo(&bytes)).refused(403, "forbidden").await;
    world.app.post(&link, "/v1/files").json(&input(ACME.id("job", 1), &bytes)).refused(401, "unauthenticated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_deleted_by_its_uploader_or_the_office_with_all_its_content() {
    let world = World::start().await;
    let (technician, customer) = (world.token(Who::Technician1), world.token(Who::Customer1));
    let bytes = photo(9);
    let file = world.settled(&technician, &input(ACME.id("job", 1), &bytes), &bytes).await;
    let version = file["version"].as_i64().expect("a version");
    let delete = |token: &str| world.app.delete(token, &path(&file));
    delete(&technician).refused(428, "precondition-required").await;
    delete(&customer).version(version).refused(403, "forbidden").await;
    delete(&world.token(Who::Technician2)).version(version).refused(404, "not-found").await;
    delete(&technician).version(version - 1).refused(412, "stale").await;
    let link = world.app.get(&customer, &format!("{}/link", path(&file))).expect(200).await;

    delete(&technician).version(version).expect(204).await;

    for who in [Who::Technician1, Who::Customer1, Who::Admin] {
        assert_eq!(world.status(who, &path(&file)).await, 404, "{who:?}");
    }
    eventually("the content to go", async || {
        world.workers.run_until_idle().await.expect("the queue answers");
        let url = link["url"].as_str().expect("an address");
        world.http.get(url).send().await.expect("storage answers").status().as_u16() == 404
    })
    .await;
    let office = world.uploaded(&technician, &input(ACME.id("job", 1), &bytes), &bytes).await;
    world.app.delete(&world.token(Who::Manager), &path(&office)).version(1).expect(204).await;
}
