//! If-Match under many writers: the accepted changes are one chain, each made upon the one before.

use futures_util::future::join_all;
use rand::Rng as _;
use serde_json::{Value, json};
use surv_tests::{Company, TestApp, Who, chance};

const ACME: Company = Company::ACME;
const WRITERS: usize = 6;
const ROUNDS: usize = 25;

#[tokio::test(flavor = "multi_thread")]
async fn accepted_changes_are_a_chain_and_nothing_is_overwritten_unseen() {
    let app = TestApp::start("api_versions").await;
    let admin = app.token(ACME, Who::Admin);
    let made = app.post(&admin, "/v1/customers").json(&json!({ "kind": "person", "name": "0" })).send().await;
    let id = made.json(201)["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/customers/{id}");
    let mut random = chance();
    // What each writer has last seen; some look again before they write, some write on what is old.
    let mut seen: Vec<String> = vec![made.header("etag").to_owned(); WRITERS];
    let (mut accepted, mut stale) = (0, 0);
    for round in 0..ROUNDS {
        for tag in &mut seen {
            if random.random_range(0..3) > 0 {
                *tag = app.get(&admin, &path).send().await.header("etag").to_owned();
            }
        }
        let calls = seen.iter().enumerate().map(|(writer, tag)| {
            let call = app.patch(&admin, &path).header("if-match", tag);
            call.json(&json!({ "name": format!("{round}-{writer}") })).send()
        });
        let answers = join_all(calls).await;
        let mut won = 0;
        for (tag, answer) in seen.iter_mut().zip(answers) {
            match answer.status {
                200 => {
                    won += 1;
                    assert_ne!(answer.header("etag"), tag.as_str(), "a change has a tag of its own");
                    *tag = answer.header("etag").to_owned();
                }
                _ => {
                    answer.assert_problem(412, "stale");
                    stale += 1;
                }
            }
        }
        // Writers that saw different versions can't both win: only one of them saw the current one.
        assert!(won <= 1, "{won} changes of one version in round {round}");
        accepted += won;
    }
    assert!(accepted > 5 && stale > 5, "{accepted} accepted, {stale} stale");

    let now = app.get(&admin, &path).expect(200).await;
    assert_eq!(now["version"], 1 + accepted, "each accepted change counted once");
    let told = app.get(&admin, &format!("/v1/events/audit?about={id}&limit=200")).expect(200).await;
    let mut changes: Vec<Value> = told["items"].as_array().expect("items").clone();
    changes.retain(|event| event["kind"] == "customer.updated");
    changes.reverse();
    assert_eq!(changes.len(), accepted);
    let mut name = json!("0");
    for event in changes {
        assert_eq!(event["changes"]["name"][0], name, "each change is upon the one before");
        name = event["changes"]["name"][1].clone();
    }
    assert_eq!(now["name"], name);
}
