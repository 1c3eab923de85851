//! Futures dropped at any instant: a client that hangs up, a time-out, a shutdown.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use surv_tenancy::db::{PoolConfig, TenantDb};
use surv_tests::{SlowProxy, TestDatabase, Who, chance};

use super::{next_borrower_is_clean, nothing_is_open, victim};

/// Cancelled requests for each of the four personas.
const CANCELLATIONS: usize = 800;

const PEOPLE: [(Who, &str); 4] = [
    (Who::Admin, "surv_admin_login"),
    (Who::Manager, "surv_manager_login"),
    (Who::Technician1, "surv_technician_login"),
    (Who::Customer1, "surv_customer_login"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn context_does_not_survive_a_request_cancelled_at_any_instant() {
    let database = TestDatabase::named("cancelled").await;
    let mut chance = chance();
    let tasks = PEOPLE.map(|(who, login)| {
        let random = StdRng::seed_from_u64(chance.random());
        tokio::spawn(cancel_many(database.clone(), who, login, random))
    });
    for task in tasks {
        task.await.unwrap();
    }

    let mut oracle = database.superuser().await;
    let written: i64 = sqlx::query_scalar("SELECT count(*) FROM idempotency_keys WHERE etag IS NOT NULL")
        .fetch_one(&mut oracle)
        .await
        .unwrap();
    assert_eq!(written, 0, "a cancelled request has committed");
}

/// How far a request had come when it was cancelled.
#[derive(Default)]
struct Progress {
    begun: AtomicBool,
    open: AtomicBool,
}

async fn cancel_many(database: TestDatabase, who: Who, login: &str, mut random: StdRng) {
    let tenants = database.tenants_with_one_connection();
    let mut oracle = database.superuser().await;
    let (mut in_begin, mut in_transaction) = (0, 0);
    while in_begin + in_transaction < CANCELLATIONS {
        let progress = Arc::new(Progress::default());
        let request = tokio::spawn(request(tenants.clone(), who, progress.clone()));
        // Most within the round trip of BEGIN, some anywhere in 5 ms. Tokio's own timer is too coarse.
        let longest = [400, 400, 1_000, 5_000][random.random_range(0..4)];
        let (start, delay) = (Instant::now(), Duration::from_micros(random.random_range(0..longest)));
        while start.elapsed() < delay {
            tokio::task::yield_now().await;
        }
        request.abort();
        match request.await {
            Err(error) if error.is_cancelled() => match (progress.begun.load(SeqCst), progress.open.load(SeqCst)) {
                (_, true) => in_transaction += 1,
                (true, false) => in_begin += 1,
                // Never ran: this proves nothing.
                (false, false) => continue,
            },
            finished => finished.unwrap(),
        }
        next_borrower_is_clean(&tenants, who, &mut oracle).await;
    }
    nothing_is_open(&database, login, &mut oracle).await;
    assert!(in_begin >= CANCELLATIONS / 10, "{in_begin} were cancelled in BEGIN, {in_transaction} later");
    assert!(in_transaction >= CANCELLATIONS / 10, "{in_begin} were cancelled in BEGIN, {in_transaction} later");
}

/// Long enough that it is rarely over; what it writes is never committed.
async fn request(tenants: TenantDb, who: Who, progress: Arc<Progress>) {
    progress.begun.store(true, SeqCst);
    let mut tx = tenants.begin(&victim(who)).await.unwrap();
    progress.open.store(true, SeqCst);
    for _ in 0..20 {
        sqlx::query("UPDATE idempotency_keys SET etag = 'x'").execute(tx.conn()).await.unwrap();
    }
}

/// The case that pools get wrong: BEGIN and the context have arrived, the answer has not.
#[tokio::test]
async fn context_does_not_survive_a_begin_whose_answer_is_on_its_way() {
    let database = TestDatabase::named("cancelled").await;
    let mut config = database.config();
    let proxy = SlowProxy::before((config.host.clone(), config.port), Duration::from_millis(8)).await;
    config.host = "127.0.0.1".to_owned();
    config.port = proxy.port;
    config.pool = PoolConfig { persona: 1, worker: 1, path: 1, wait_ms: 10_000 };
    let tenants = TenantDb::new(&config);
    let mut oracle = database.superuser().await;
    let who = Who::TechnicianOfBoth;

    for _ in 0..15 {
        // Connected, so that what follows is the BEGIN alone.
        next_borrower_is_clean(&tenants, who, &mut oracle).await;
        let begin = tokio::time::timeout(Duration::from_millis(5), tenants.begin(&victim(who))).await;
        assert!(begin.is_err(), "the answer takes 8 ms");
        next_borrower_is_clean(&tenants, who, &mut oracle).await;
    }
    nothing_is_open(&database, "surv_technician_login", &mut oracle).await;
}
