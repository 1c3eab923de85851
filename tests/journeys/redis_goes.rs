//! Redis goes, is slow, and comes back: everything works without it, and what it shares is shared again.

use std::time::{Duration, Instant};

use serde_json::json;
use surv_tests::Answer;

use crate::stack::{Api, Feed, Person, SERVING, Stack, Wishes, text, wait_until};

/// Log-ins for one account, by the configuration of these tests.
const LOG_INS: usize = 6;

async fn two_servers() -> (Stack, crate::stack::Role) {
    // Slow enough that nothing comes back while a test looks.
    let settings =
        vec![("SURV_LIMITS__LOGIN__PER_MINUTE", "1".to_owned()), ("SURV_LIMITS__LOGIN__BURST", LOG_INS.to_string())];
    let stack = Stack::start(Wishes { settings, ..Wishes::default() }).await;
    let mut second = stack.another_server();
    second.start();
    second.ready().await;
    (stack, second)
}

async fn guess(api: &Api, email: &str) -> Answer {
    let body = json!({ "email": email, "password": "this is not the password" });
    api.call("POST", "/v1/auth/log-in").json(&body).send().await
}

/// How many guesses at an account are heard before the limit says no.
async fn heard(api: &Api, email: &str) -> usize {
    for count in 0..2 * LOG_INS {
        let answer = guess(api, email).await;
        if answer.status == 429 {
            answer.assert_problem(429, "too-many-requests");
            return count;
        }
        answer.assert_problem(401, "wrong-credentials");
    }
    panic!("nobody says no");
}

async fn invite(office: &Person, name: &str) -> String {
    let body = json!({ "email": format!("{name}@invited.example"), "name": "New", "role": "technician" });
    text(&office.post("/v1/invitations").key(name).json(&body).expect(201).await["id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_everything_works_by_itself_and_with_it_again_together() {
    let (mut stack, second) = two_servers().await;
    let office = stack.office().await;
    let there = Person { api: Api::new(second.base()), ..office.clone() };
    let mut feed = Feed::open(&there).await;

    feed.tells_of(&invite(&office, "with").await, Duration::from_secs(5)).await;
    assert_eq!(heard(&office.api, "one@x.example").await, LOG_INS);
    assert_eq!(heard(&there.api, "one@x.example").await, 0, "what one server heard counts for both");

    stack.redis.kill();
    // The look of once a second, instead of the nudge.
    feed.tells_of(&invite(&office, "without").await, Duration::from_secs(5)).await;
    for api in [&office.api, &there.api] {
        assert_eq!(heard(api, "two@x.example").await, LOG_INS, "each server counts by itself");
    }
    wait_until("mails are sent", SERVING, async || {
        !stack.vendors.sendgrid().sent_to("without@invited.example").is_empty()
    })
    .await;

    stack.redis.start_again().await;
    assert_shared_again(&office.api, &there.api).await;
    feed.tells_of(&invite(&office, "again").await, Duration::from_secs(5)).await;
}

/// Within some seconds, what one server hears counts for the other.
async fn assert_shared_again(here: &Api, there: &Api) {
    let start = Instant::now();
    for number in 0.. {
        let email = format!("shared{number}@x.example");
        heard(here, &email).await;
        if heard(there, &email).await == 0 {
            return;
        }
        assert!(start.elapsed() < SERVING, "the servers do not share limits again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_without_redis_shares_with_others_once_it_is_there() {
    let (mut stack, mut second) = two_servers().await;
    stack.redis.kill();
    second.kill();
    second.start();
    second.ready().await;
    let (here, there) = (stack.api(), Api::new(second.base()));
    assert_eq!(heard(&there, "alone@x.example").await, LOG_INS);

    stack.redis.start_again().await;

    assert_shared_again(&here, &there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_holds_nobody_up() {
    let (stack, _second) = two_servers().await;
    let office = stack.office().await;
    stack.redis.signal("STOP");

    for number in 0..25 {
        let start = Instant::now();
        office.get("/v1/customers").expect(200).await;
        guess(&office.api, &format!("slow{number}@x.example")).await.assert_problem(401, "wrong-credentials");
        // A guess takes its time anyway: nobody learns from it whether the account exists.
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
    invite(&office, "hanging").await;

    stack.redis.signal("CONT");
}
