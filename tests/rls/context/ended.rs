//! Every orderly and disorderly end of a transaction.

use sqlx::Executor as _;
use surv_tenancy::db::{DbError, TenantTx};
use surv_tests::{Company, TestDatabase, Who};

use super::{next_borrower_is_clean, nothing_is_open, victim};

const WHO: Who = Who::Manager;
const LOGIN: &str = "surv_manager_login";

async fn database() -> TestDatabase {
    TestDatabase::named("ended").await
}

/// Writes, and leaves a setting that would be seen.
async fn work(tx: &mut TenantTx) {
    tx.conn().execute("SET LOCAL app.canary = 'left behind'").await.unwrap();
    let changed = sqlx::query("UPDATE customers SET version = version + 1").execute(tx.conn()).await.unwrap();
    // An idempotency key is not confined: this writes.
    sqlx::query("UPDATE idempotency_keys SET etag = 'x'").execute(tx.conn()).await.unwrap();
    assert_eq!(changed.rows_affected(), 0, "the victim is confined to nothing");
}

async fn etags(database: &TestDatabase) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM idempotency_keys WHERE etag IS NOT NULL")
        .fetch_one(&mut database.superuser().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn context_does_not_survive_how_a_transaction_ends() {
    let database = database().await;
    let tenants = database.tenants_with_one_connection();
    let mut oracle = database.superuser().await;

    // Dropped.
    let mut tx = tenants.begin(&victim(WHO)).await.unwrap();
    work(&mut tx).await;
    drop(tx);
    next_borrower_is_clean(&tenants, WHO, &mut oracle).await;
    nothing_is_open(&database, LOGIN, &mut oracle).await;

    // A panic in the middle.
    let (door, who) = (tenants.clone(), victim(WHO));
    let panicked = tokio::spawn(async move {
        let mut tx = door.begin(&who).await.unwrap();
        work(&mut tx).await;
        std::panic::resume_unwind(Box::new("in the middle of a request"));
    })
    .await;
    assert!(panicked.unwrap_err().is_panic());
    next_borrower_is_clean(&tenants, WHO, &mut oracle).await;
    nothing_is_open(&database, LOGIN, &mut oracle).await;

    // A statement failed, and COMMIT was asked for all the same.
    let mut tx = tenants.begin(&victim(WHO)).await.unwrap();
    work(&mut tx).await;
    sqlx::query("SELECT 1 / 0").execute(tx.conn()).await.unwrap_err();
    tx.commit().await.unwrap();
    next_borrower_is_clean(&tenants, WHO, &mut oracle).await;
    assert_eq!(etags(&database).await, 0, "none of these has written");

    // Committed.
    let mut tx = tenants.begin(&victim(WHO)).await.unwrap();
    work(&mut tx).await;
    tx.commit().await.unwrap();
    next_borrower_is_clean(&tenants, WHO, &mut oracle).await;
    nothing_is_open(&database, LOGIN, &mut oracle).await;
    assert_eq!(etags(&database).await, 1);
}

#[tokio::test]
async fn a_killed_backend_is_noticed_and_replaced() {
    let database = TestDatabase::named("killed").await;
    let tenants = database.tenants_with_one_connection();
    let mut oracle = database.superuser().await;

    for _ in 0..10 {
        let mut tx = tenants.begin(&victim(WHO)).await.unwrap();
        work(&mut tx).await;
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(tx.conn()).await.unwrap();
        sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(&mut oracle).await.unwrap();
        let lost = tx.commit().await.unwrap_err();
        assert!(matches!(lost, DbError::OutcomeUnknown(_)), "{lost:?}");
        next_borrower_is_clean(&tenants, WHO, &mut oracle).await;

        // And one that sat idle in the pool: the next borrower does not notice.
        let pid: i32 = {
            let mut tx = tenants.begin(&Company::ACME.actor(WHO)).await.unwrap();
            let pid = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(tx.conn()).await.unwrap();
            tx.commit().await.unwrap();
            pid
        };
        sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(&mut oracle).await.unwrap();
        next_borrower_is_clean(&tenants, WHO, &mut oracle).await;
    }
    assert_eq!(etags(&database).await, 0);
}

#[tokio::test]
async fn a_login_without_context_may_do_nothing() {
    let database = TestDatabase::shared().await;
    for login in surv_rls_policies::LOGINS.iter().filter(|login| **login != "surv_migrator_login") {
        let mut connection = database.login(login).await.unwrap();
        for (table, _) in surv_rls_policies::TABLES {
            let statement = format!("SELECT count(*) FROM public.{table}");
            let error = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap_err();
            let error = error.into_database_error().unwrap();
            assert_eq!(error.code().as_deref(), Some("42501"), "{login} {table}: {error}");
        }
    }
}

#[tokio::test]
async fn a_persona_without_tenant_gets_an_error_and_not_an_empty_list() {
    let database = TestDatabase::shared().await;
    for persona in ["admin", "manager", "technician", "customer", "worker"] {
        let mut connection = database.login(&format!("surv_{persona}_login")).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(format!("SET ROLE surv_{persona}"))).await.unwrap();
        let error = sqlx::query("SELECT count(*) FROM jobs").execute(&mut connection).await.unwrap_err();
        let code = error.into_database_error().unwrap().code().unwrap().into_owned();
        // Unknown setting, or after another transaction an empty one, which is no uuid.
        assert!(matches!(code.as_str(), "42704" | "22P02"), "{persona}: {code}");
    }
}
