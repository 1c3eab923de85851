//! Bodies that are sent slowly, without end or in disguise, by somebody who speaks TCP.

use std::time::{Duration, Instant};

use surv_tests::{BODY_LIMIT, Company, TestApp, Who};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

const ACME: Company = Company::ACME;

async fn connect(app: &TestApp) -> TcpStream {
    let address = app.origin().replace("http://", "");
    TcpStream::connect(address).await.expect("the server listens")
}

fn head(app: &TestApp, more: &str) -> String {
    let token = app.token(ACME, Who::Admin);
    format!(
        "POST /v1/customers HTTP/1.1\r\nhost: surv.test\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\n{more}\r\n\r\n"
    )
}

/// The first line of the answer.
async fn status_line(stream: &mut TcpStream, within: Duration) -> String {
    let mut text = Vec::new();
    let reading = timeout(within, async {
        let mut buffer = [0; 1024];
        while !text.contains(&b'\n') {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(count) => text.extend_from_slice(&buffer[..count]),
            }
        }
    });
    let _ = reading.await;
    String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned()
}

/// Resident memory of this process, where the server runs, in bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("a process has a status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("memory in it");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<usize>().ok()).expect("a number") << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_cut_at_the_limit() {
    let app = TestApp::start("contract_wire").await;
    let before = memory();
    let mut stream = connect(&app).await;
    stream.write_all(head(&app, "transfer-encoding: chunked").as_bytes()).await.expect("the head is taken");
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let mut sent = 0;
    // Until the server no longer takes any, or 100 MB.
    while sent < 100 << 20 {
        match timeout(Duration::from_secs(5), stream.write_all(&chunk)).await {
            Ok(Ok(())) => sent += 0x10000,
            _ => break,
        }
    }
    assert!(sent < 20 << 20, "{sent} bytes were taken");
    assert!(memory() < before + (64 << 20), "{} bytes more", memory() - before);
    app.get(&app.token(ACME, Who::Admin), "/v1/company").expect(200).await;

    // Just above the limit, and heard to the end.
    let mut stream = connect(&app).await;
    stream.write_all(head(&app, "transfer-encoding: chunked").as_bytes()).await.expect("the head is taken");
    let body = format!("{:x}\r\n{}\r\n0\r\n\r\n", BODY_LIMIT + 1, " ".repeat(BODY_LIMIT + 1));
    let _ = stream.write_all(body.as_bytes()).await;
    assert_eq!(status_line(&mut stream, Duration::from_secs(5)).await, "HTTP/1.1 413 Payload Too Large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_announced_too_large_is_not_waited_for() {
    let app = TestApp::start("contract_wire").await;
    for length in [BODY_LIMIT + 1, 10 << 20, usize::MAX] {
        let mut stream = connect(&app).await;
        stream.write_all(head(&app, &format!("content-length: {length}")).as_bytes()).await.expect("the head is taken");
        let line = status_line(&mut stream, Duration::from_secs(5)).await;
        // What is no length at all does not even reach the API.
        let wanted = if length == usize::MAX { "HTTP/1.1 4" } else { "HTTP/1.1 413" };
        assert!(line.starts_with(wanted), "{length}: {line}");
    }
}

/// Nothing is unpacked, so nothing can unpack to a thousand times its size.
#[tokio::test(flavor = "multi_thread")]
async fn a_content_coding_is_refused() {
    let app = TestApp::start("contract_wire").await;
    let token = app.token(ACME, Who::Admin);
    for coding in ["gzip", "deflate", "br", "zstd", "GZIP, identity", "identity"] {
        let call = app.post(&token, "/v1/customers").header("content-encoding", coding);
        // Begins like gzip; what is in it is never looked at.
        let answer = call.body("application/json", b"\x1f\x8b\x08\0bomb".as_slice()).send().await;
        answer.assert_problem(415, "unsupported-media-type");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_at_a_byte_a_second_is_given_up_while_others_are_served() {
    let app = TestApp::start("contract_wire").await;
    let start = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = connect(&app).await;
        stream.write_all(head(&app, "content-length: 1000").as_bytes()).await.expect("the head is taken");
        slow.push(tokio::spawn(async move {
            let (mut read, mut write) = stream.into_split();
            let drip = tokio::spawn(async move {
                while write.write_all(b"{").await.is_ok() {
                    sleep(Duration::from_secs(1)).await;
                }
            });
            let mut answer = vec![0; 64];
            let count =
                timeout(Duration::from_secs(25), read.read(&mut answer)).await.map_or(0, Result::unwrap_or_default);
            drip.abort();
            String::from_utf8_lossy(&answer[..count]).into_owned()
        }));
    }
    // Half-open heads, of which nothing follows.
    let mut half_open = Vec::new();
    for _ in 0..500 {
        let mut stream = connect(&app).await;
        stream.write_all(b"GET /v1/company HTTP/1.1\r\nhost: surv").await.expect("they are taken");
        half_open.push(stream);
    }

    let token = app.token(ACME, Who::Admin);
    let asked = Instant::now();
    for _ in 0..20 {
        app.get(&token, "/v1/company").expect(200).await;
    }
    assert!(asked.elapsed() < Duration::from_secs(10), "others are served: {:?}", asked.elapsed());
    for answer in slow {
        let answer = answer.await.expect("no panic");
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "given up after {:?}", start.elapsed());
}
