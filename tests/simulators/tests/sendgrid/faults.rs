//! Requests that go wrong on command.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use surv_simulators::sendgrid::{Fault, FaultKind};

use super::{get, http, mail_to, post, send, send_to, start};

const PAT: &str = "pat@example.com";

#[tokio::test]
async fn a_429_says_when_to_come_back_and_takes_nothing() {
    let running = start(None).await;
    running.sendgrid().fault(Fault { delay_ms: Some(5_000), ..Fault::once(FaultKind::Status429) });

    let answer = send(&running, &mail_to(PAT)).await.expect("an answer");

    assert_eq!(answer.status(), 429);
    let reset: i64 = answer.headers()["x-ratelimit-reset"].to_str().expect("text").parse().expect("seconds");
    let date = chrono::DateTime::parse_from_rfc2822(answer.headers()["date"].to_str().expect("text")).expect("a date");
    assert!((4..=6).contains(&(reset - date.timestamp())));
    assert!(running.sendgrid().sent().is_empty());
    send_to(&running, PAT).await;
}

#[tokio::test]
async fn a_500_takes_nothing_unless_told_to_and_counts_its_times() {
    let running = start(None).await;
    running.sendgrid().fault(Fault { times: 2, ..Fault::once(FaultKind::Status500) });
    for _ in 0..2 {
        assert_eq!(send(&running, &mail_to(PAT)).await.expect("an answer").status(), 500);
    }
    assert!(running.sendgrid().sent().is_empty());

    running.sendgrid().fault(Fault { done: true, ..Fault::once(FaultKind::Status500) });
    assert_eq!(send(&running, &mail_to(PAT)).await.expect("an answer").status(), 500);
    assert_eq!(running.sendgrid().sent_to(PAT).len(), 1);
    send_to(&running, PAT).await;
    assert_eq!(running.sendgrid().send_attempts(), 4);
}

#[tokio::test]
async fn a_cut_connection_brings_an_error_and_no_answer() {
    let running = start(None).await;
    for done in [false, true] {
        running.sendgrid().fault(Fault { done, ..Fault::once(FaultKind::CutConnection) });
        let before = running.sendgrid().sent().len();
        let began = Instant::now();

        let error = send(&running, &mail_to(PAT)).await.expect_err("cut");

        assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "cut, not waited out");
        assert_eq!(running.sendgrid().sent().len() - before, usize::from(done));
    }
    send_to(&running, PAT).await;
}

#[tokio::test]
async fn a_time_out_after_doing_leaves_the_mail_sent() {
    let running = start(None).await;
    running.sendgrid().fault(Fault::once(FaultKind::TimeoutAfterDoing));
    let url = format!("{}/v3/mail/send", running.sendgrid_url());

    let request = http().post(url).bearer_auth("SG.x").timeout(Duration::from_millis(300)).json(&mail_to(PAT));
    let error = request.send().await.expect_err("no answer");

    assert!(error.is_timeout());
    assert_eq!(running.sendgrid().sent_to(PAT).len(), 1);
}

#[tokio::test]
async fn a_slow_answer_is_a_good_one() {
    let running = start(None).await;
    running.sendgrid().fault(Fault { delay_ms: Some(300), ..Fault::once(FaultKind::Slow) });
    let began = Instant::now();

    send_to(&running, PAT).await;

    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn faults_are_ordered_listed_and_cleared_over_http_and_meant_for_one_address() {
    let running = start(None).await;
    let order = json!({"kind": "status_500", "times": 5, "match_to": PAT});

    assert_eq!(post(&running, "/_control/faults", &order).await.expect("an answer").status(), 201);
    send_to(&running, "sam@example.com").await;
    assert_eq!(send(&running, &mail_to(PAT)).await.expect("an answer").status(), 500);
    let open: Value = get(&running, "/sendgrid/_control/faults").await.json().await.expect("JSON");
    assert_eq!((&open[0]["kind"], &open[0]["times"]), (&json!("status_500"), &json!(4)));

    let clear = http().delete(format!("{}/_control/faults", running.sendgrid_url())).send().await;
    assert_eq!(clear.expect("an answer").status(), 204);
    send_to(&running, PAT).await;
    let unknown = post(&running, "/_control/faults", &json!({"kind": "explode"})).await.expect("an answer");
    assert_eq!(unknown.status(), 400);
}
