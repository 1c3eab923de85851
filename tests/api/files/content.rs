//! What becomes of what was uploaded.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plain_image_is_rejected_and_goes_away() {
    let world = World::start().await;
    let technician = world.token(Who::Technician1);
    let plain = photo(4);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    let page = b"<!DOCTYPE html><script>alert(1)</script>".to_vec();
    let archive = [&plain[..], b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x34\0\0\0\x24\0\0\0\0\0"].concat();
    let comment = [&plain[..2], b"\xff\xfe\x00\x1b<html><script>alert(1);//", &plain[2..]].concat();
    let half = plain[..plain.len() / 2].to_vec();
    let mut bomb = Cursor::new(Vec::new());
    DynamicImage::new_luma8(3_000, 2_000).write_to(&mut bomb, ImageFormat::Png).expect("it can be written");
    for (content_type, bytes, why) in [
        ("image/png", svg, "not_an_image"),
        ("image/jpeg", page, "not_an_image"),
        ("image/jpeg", archive, "ambiguous"),
        ("image/jpeg", comment, "ambiguous"),
        ("image/jpeg", half, "broken"),
        ("image/png", bomb.into_inner(), "too_many_pixels"),
    ] {
        let mut input = input(ACME.id("job", 1), &bytes);
        input["content_type"] = json!(content_type);
        input["name"] = json!("innocent.png");
        let file = world.settled(&technician, &input, &bytes).await;

        assert_eq!((file["state"].as_str(), file["rejection"].as_str()), (Some("rejected"), Some(why)));
        world.app.get(&technician, &format!("{}/link", path(&file))).refused(404, "not-found").await;
        assert_eq!(world.status(Who::Customer1, &path(&file)).await, 404, "{why}");
        let storage = world.app.deps.storage.as_ref().expect("storage");
        for part in [None, Some(Variant::Full), Some(Variant::Thumbnail)] {
            assert_eq!(storage.head(&key(&file, part)).await.expect("an answer"), None, "{why}: {part:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_logo_is_shown_to_everybody_and_to_one_company_only() {
    let world = World::start().await;
    let admin = world.token(Who::Admin);
    let bytes = photo(20);
    let file = world.uploaded(&admin, &logo(&bytes), &bytes).await;
    let public = || world.app.call(&Method::GET, "/v1/auth/companies/company-1/logo");
    let brand = |token: &str, id: &Value| {
        let version =
            async |token: String| world.app.get(&token, "/v1/company/branding").expect(200).await["version"].as_i64();
        let (token, id, app) = (token.to_owned(), id.clone(), &world.app);
        async move {
            let seen = version(token.clone()).await.expect("a version");
            app.patch(&token, "/v1/company/branding").version(seen).json(&json!({ "logo_file_id": id })).send().await
        }
    };
    public().refused(404, "not-found").await;
    assert_names(&brand(&admin, &file["id"]).await, &["/logo_file_id"]);
    world.app.post(&admin, &format!("{}/complete", path(&file))).expect(200).await;
    let ready = world.settle(&admin, &file).await;
    for other in [json!(ACME.id("file", 13)), json!(RIVAL.id("file", 99)), json!(Uuid::from_u128(7))] {
        assert_names(&brand(&admin, &other).await, &["/logo_file_id"]);
    }
    assert_names(&brand(&world.app.token(RIVAL, Who::Admin), &file["id"]).await, &["/logo_file_id"]);

    assert_eq!(brand(&admin, &file["id"]).await.json(200)["logo_file_id"], file["id"]);

    let company = world.app.call(&Method::GET, "/v1/auth/companies/company-1").expect(200).await;
    assert_eq!(company["logo"], "/v1/auth/companies/company-1/logo");
    let shown = public().open().await;
    assert_eq!(shown.status().as_u16(), 200);
    let (headers, image) = (shown.headers().clone(), shown.bytes().await.expect("a body"));
    assert_eq!(
        (headers["content-type"].as_bytes(), headers["x-content-type-options"].as_bytes()),
        (&b"image/png"[..], &b"nosniff"[..])
    );
    assert_eq!(headers["cache-control"], "public, max-age=300");
    assert_eq!(image::guess_format(&image).expect("an image"), ImageFormat::Png);
    let tag = headers["etag"].to_str().expect("text").to_owned();
    assert_eq!(public().header("if-none-match", &tag).send().await.status, 304);
    world.app.call(&Method::GET, "/v1/auth/companies/company-2/logo").refused(404, "not-found").await;

    let version = ready["version"].as_i64().expect("a version");
    world.app.delete(&admin, &path(&file)).version(version).refused(409, "invalid-transition").await;
    brand(&admin, &Value::Null).await.json(200);
    public().refused(404, "not-found").await;
    world.app.delete(&admin, &path(&file)).version(version).expect(204).await;
}

/// A JPEG that says that it lies on its side, and where it was taken.
fn lying() -> Vec<u8> {
    let plain = photo(40);
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    tiff.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"); // a quarter clockwise
    tiff.extend(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0"); // the position follows
    tiff.extend(b"\0\x01\0\x01\0\x02\0\0\0\x02N\0\0\0\0\0\0\0GPS-CANARY");
    let length = u16::try_from(tiff.len() + 8).expect("it is short").to_be_bytes();
    [&plain[..2], b"\xff\xe1", &length, b"Exif\0\0", &tiff, &plain[2..]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_downloaded_upright_and_without_its_position() {
    let world = World::start().await;
    let technician = world.token(Who::Technician1);
    let bytes = lying();
    let told = |bytes: &[u8]| bytes.windows(10).any(|window| window == b"GPS-CANARY");
    assert!(told(&bytes));

    let file = world.settled(&technician, &input(ACME.id("job", 1), &bytes), &bytes).await;

    assert_eq!(
        (file["state"].as_str(), file["width"].as_i64(), file["height"].as_i64()),
        (Some("ready"), Some(48), Some(64))
    );
    for variant in ["full", "thumbnail"] {
        let (_, image) = world.download(&world.token(Who::Customer1), &file, variant).await;
        assert!(!told(&image), "{variant}");
        let image = image::load_from_memory(&image).expect("an image");
        assert_eq!((image.width(), image.height()), (48, 64), "{variant}");
    }
}
