//! Server, worker, Postgres and Redis are killed with SIGKILL while clients write: nothing that was acknowledged is
//! lost, and nothing happens twice.
//!
//! `SURV_TEST_KILL_ROUNDS` says how many rounds (3 unless set), `SURV_TEST_SEED` repeats the order of the blows.

mod blows;
mod checks;
mod client;
mod follower;
mod ledger;
mod mails;

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use surv_tests::chance;

use self::{client::Client, ledger::Ledger};
use crate::stack::{Person, Stack, Wishes, uuid};

/// As short as can be, so that what a killed worker held is taken over within the test.
const LEASE: Duration = Duration::from_secs(5);
const CLIENTS_OF_A_COMPANY: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_happens_twice() {
    let mut random = chance();
    let lease = ("SURV_WORKER__LEASE_S", LEASE.as_secs().to_string());
    let mut stack = Stack::start(Wishes { settings: vec![lease], ..Wishes::default() }).await;
    let since = checks::last_transaction(&mut stack.superuser().await).await;
    let ledger = Arc::new(Ledger::new());
    let mut offices = Vec::new();
    let mut clients = tokio::task::JoinSet::new();
    let mut followers = Vec::new();
    for company in stack.companies.clone() {
        let office = stack.api().log_in(&company, &company["members"][0]).await;
        let technicians = [
            stack.api().log_in(&company, &company["members"][2]).await,
            stack.api().log_in(&company, &company["members"][3]).await,
        ];
        for number in 0..CLIENTS_OF_A_COMPANY {
            let client = Client::new(
                offices.len() * CLIENTS_OF_A_COMPANY + number,
                office.clone(),
                technicians[number % 2].clone(),
                company["customers"][number % 3].clone(),
                Arc::clone(&ledger),
                StdRng::seed_from_u64(random.random()),
            );
            clients.spawn(client.run());
        }
        followers.push(tokio::spawn(follower::follow(office.clone(), Arc::clone(&ledger))));
        offices.push(office);
    }

    let mut second = stack.another_worker();
    for _ in 0..rounds() {
        blows::round(&mut stack, &mut second, &ledger, &mut random).await;
    }
    ledger.stop();
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client found nothing wrong");
    }
    println!(
        "  {} deeds acknowledged, {} requests repeated",
        ledger.acknowledged(),
        ledger.repeated.load(Ordering::Relaxed)
    );

    stack.vendors.sendgrid().clear_faults();
    let questions = mails::settled_but_for_questions(&stack).await;
    println!("  {questions} mails of which nobody knows");
    ledger.close();
    let mut db = stack.superuser().await;
    for (follower, office) in followers.into_iter().zip(&offices) {
        let seen = follower.await.expect("the feed is read to its end");
        checks::feed_was_whole(&mut db, office.tenant_id, &seen).await;
    }
    mails::answer_the_questions(&stack, &offices[0], &ledger).await;
    verify(&stack, &offices, &ledger, since).await;
}

async fn verify(stack: &Stack, offices: &[Person], ledger: &Ledger, since: i64) {
    let mut db = stack.superuser().await;
    checks::database_is_as_acknowledged(&mut db, ledger, since).await;
    checks::keys_are_kept_with_their_answers(&mut db, ledger).await;
    checks::rules_hold(&mut db).await;
    let companies: Vec<_> = stack.companies.iter().map(|company| uuid(&company["id"])).collect();
    checks::audit_logs_verify(stack, &companies).await;
    mails::each_was_sent_once(stack, &mut db, ledger).await;
    for office in offices {
        checks::the_api_lists_it(office, ledger).await;
    }
    checks::metrics_stay_small(stack).await;
}

#[allow(clippy::disallowed_methods, reason = "a longer soak is asked for by the environment")]
fn rounds() -> u32 {
    std::env::var("SURV_TEST_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3)
}
