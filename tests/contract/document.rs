//! The document says all that there is.

use std::{collections::BTreeSet, path::Path};

use reqwest::Method;
use surv_api::UNPUBLISHED;
use surv_tests::TestApp;

use crate::operations::all;

#[tokio::test(flavor = "multi_thread")]
async fn the_document_covers_every_route() {
    let app = TestApp::start("contract").await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src/resources");
    let mut routes = BTreeSet::new();
    let mut count = 0;
    for text in sources(&folder) {
        for line in text.lines().filter(|line| line.trim_start().starts_with("#[oai(path = ")) {
            count += 1;
            let id = line.split("operation_id = \"").nth(1).and_then(|rest| rest.split('"').next());
            routes.insert(id.unwrap_or_else(|| panic!("{line} has no operation_id on its line")).to_owned());
        }
    }
    let documented: Vec<String> = all(&app).into_iter().map(|operation| operation.id).collect();
    assert!(count > 60, "only {count} routes were found in the sources");
    assert_eq!(documented.len(), count);
    assert_eq!(documented.into_iter().collect::<BTreeSet<_>>(), routes, "ids are unique and the same on both sides");
}

/// Every file of a folder and of those in it.
///
/// # Panics
/// When they cannot be read.
pub(crate) fn sources(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![std::fs::read_to_string(path).expect("text")],
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_says_what_it_does_and_how_it_refuses() {
    let app = TestApp::start("contract").await;
    for operation in all(&app) {
        let id = &operation.id;
        assert!(operation.text["summary"].as_str().is_some_and(|text| text.len() > 3), "{id} has no summary");
        assert!(operation.statuses.iter().any(|status| (200..300).contains(status)), "{id} never succeeds");
        let mut wanted = vec![400, 429, 500, 503];
        if operation.secured {
            wanted.extend([401, 403]);
        }
        if operation.secured && !operation.path_parameters.is_empty() {
            wanted.push(404);
        }
        if operation.body.is_some() {
            wanted.extend([413, 415, 422]);
        }
        for status in wanted {
            assert!(operation.statuses.contains(&status), "{id} does not document {status}");
        }
    }
}

/// What needs no token is listed, so that a forgotten `Caller` is noticed.
#[tokio::test(flavor = "multi_thread")]
async fn only_these_operations_need_no_token() {
    let app = TestApp::start("contract").await;
    for operation in all(&app) {
        let anonymous = operation.path.starts_with("/v1/auth/") || operation.id == "listPublicKeys";
        assert_eq!(operation.secured, !anonymous, "{}", operation.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_document_says_nothing_about_a_company() {
    let app = TestApp::start("contract").await;
    let documented: BTreeSet<String> = all(&app).into_iter().map(|operation| operation.path).collect();
    for (path, reason) in UNPUBLISHED {
        assert!(!documented.contains(*path) && !reason.is_empty(), "{path}");
        let answer = app.call(&poem::http::Method::GET, path).send().await;
        assert!(matches!(answer.status, 200 | 405), "{path}: {} {}", answer.status, answer.text);
        assert!(!answer.text.contains("Company 1") && !answer.text.contains("same@example.com"), "{path}");
    }
    app.call(&poem::http::Method::GET, "/v1/nothing").refused(404, "not-found").await;
    app.call(&poem::http::Method::POST, "/inbound/sendgrid").send().await;
}

/// Clients are made from the committed file.
#[tokio::test(flavor = "multi_thread")]
async fn the_committed_document_is_the_document() {
    let app = TestApp::start("contract").await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/surv.v1.json");
    let document = surv_api::spec::document(&app.deps);
    if crate::callers::is_update() {
        std::fs::write(path, &document).expect("the document can be written");
    }
    let committed = std::fs::read_to_string(path).expect("the committed document");
    assert!(committed == document, "openapi/surv.v1.json is old: run with UPDATE_EXPECTED=1");
}

/// People read what programs read: poem's own page would leave out `If-Match` and most refusals.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_people_shows_the_whole_document_and_fetches_nothing_elsewhere() {
    let app = TestApp::start("contract").await;
    let page = app.call(&Method::GET, "/docs").send().await.text;
    let embedded = page.split("type=\"application/json\"").nth(1).expect("an embedded document");
    let embedded = embedded.split_once('>').expect("the tag ends").1.split("</script>").next().expect("text");

    let shown: serde_json::Value = serde_json::from_str(embedded).expect("the embedded document is JSON");
    let document: serde_json::Value = app.call(&Method::GET, "/openapi.json").expect(200).await;

    assert_eq!(shown, document);
    assert!(page.contains("\"withDefaultFonts\":false"), "the page would fetch its fonts from elsewhere");
}
