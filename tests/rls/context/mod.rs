//! The context of a transaction never outlives it, whatever ends it. Pools of one connection, so that the next
//! borrower gets what the last one left.

mod cancelled;
mod ended;

use std::time::Duration;

use sqlx::PgConnection;
use surv_tenancy::{Actor, Confinement, db::TenantDb};
use surv_tests::{Company, TestDatabase, Who};

/// Leaves more behind than others: its confinement is a setting that the next borrower's message does not overwrite.
fn victim(who: Who) -> Actor {
    Company::ACME.confined(who, Confinement::Only(Default::default()))
}

/// The next borrower, of the other company, finds a new transaction with its own context and nothing else.
async fn next_borrower_is_clean(tenants: &TenantDb, who: Who, oracle: &mut PgConnection) {
    let before: String = sqlx::query_scalar("SELECT clock_timestamp()::text").fetch_one(oracle).await.unwrap();
    let mut tx = tenants.begin(&Company::RIVAL.actor(who)).await.unwrap();
    let (tenant, user, confined, fresh, unwritten): (String, String, String, bool, bool) = sqlx::query_as(
        "SELECT current_setting('app.tenant_id'), current_setting('app.actor_id'),
                coalesce(current_setting('app.confined_jobs', true), '') || coalesce(current_setting('app.canary', true), ''),
                now() >= $1::timestamptz, pg_current_xact_id_if_assigned() IS NULL",
    )
    .bind(&before)
    .fetch_one(tx.conn())
    .await
    .unwrap();
    let foreign: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE tenant_id <> $1")
        .bind(Company::RIVAL.tenant_id())
        .fetch_one(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    assert_eq!(tenant, Company::RIVAL.tenant_id().to_string());
    assert_eq!(user, Company::RIVAL.user(who).to_string());
    assert_eq!(confined, "", "settings of the last borrower are still there");
    assert!(fresh, "the transaction of the last borrower is still open");
    assert!(unwritten, "the writes of the last borrower would be committed");
    assert_eq!(foreign, 0);
}

/// No connection of this login sits in a transaction. A dropped one may take a moment to be rolled back or closed.
async fn nothing_is_open(database: &TestDatabase, login: &str, oracle: &mut PgConnection) {
    for _ in 0..100 {
        let open: Vec<String> = sqlx::query_scalar(
            "SELECT format('%s %s', state, query) FROM pg_stat_activity
              WHERE datname = $1 AND usename = $2 AND application_name = 'surv' AND xact_start IS NOT NULL",
        )
        .bind(database.name())
        .bind(login)
        .fetch_all(&mut *oracle)
        .await
        .unwrap();
        if open.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a transaction of {login} is still open after 2 s");
}
