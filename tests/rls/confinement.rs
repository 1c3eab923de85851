//! A confined actor sees what hangs off the named things and nothing else, in every table.

use sqlx::AssertSqlSafe;
use surv_tenancy::{
    Confinement,
    confinement::ConfinedKind,
    db::{TenantDb, TenantTx},
};
use surv_tests::{Company, TestDatabase, Who};
use uuid::Uuid;

/// Tables that a confined actor reads as if it were not, with the reason.
const NOT_CONFINED: &[(&str, Option<Who>, &str)] = &[
    ("idempotency_keys", None, "own keys only, whose hashes cover the confinement"),
    ("customer_users", Some(Who::Customer1), "own rows only; customers' policies read it to know who they are"),
];

/// Columns by which a table hangs off a job and a customer, from the catalogue.
async fn tables() -> Vec<(String, bool, bool)> {
    sqlx::query_as(
        "SELECT k.relname::text,
                EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.oid AND a.attname = 'job_id'),
                EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.oid AND a.attname = 'customer_id')
           FROM pg_class k WHERE k.relnamespace = 'public'::regnamespace AND k.relkind IN ('r', 'p') ORDER BY 1",
    )
    .fetch_all(&mut TestDatabase::shared().await.superuser().await)
    .await
    .unwrap()
}

/// How many rows, or `None` without a grant.
async fn count(tx: &mut TenantTx, table: &str, condition: &str) -> Option<i64> {
    let statement = format!("SELECT count(*) FROM {table} WHERE {condition}");
    sqlx::query("SAVEPOINT attempt").execute(tx.conn()).await.unwrap();
    let counted = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(tx.conn()).await;
    match counted {
        Ok(rows) => Some(rows),
        Err(error) => {
            assert_eq!(error.into_database_error().unwrap().code().as_deref(), Some("42501"), "{table}");
            sqlx::query("ROLLBACK TO attempt").execute(tx.conn()).await.unwrap();
            None
        }
    }
}

async fn compare(tenants: &TenantDb, who: Who, things: &[(ConfinedKind, Uuid)]) -> i64 {
    let confinement = Confinement::Only(things.iter().copied().collect());
    let mut free = tenants.begin(&Company::ACME.actor(who)).await.unwrap();
    let mut confined = tenants.begin(&Company::ACME.confined(who, confinement)).await.unwrap();
    let mut total = 0;
    for (table, has_job, has_customer) in tables().await {
        let open =
            NOT_CONFINED.iter().any(|(name, only, _)| *name == table && only.is_none_or(|w| w.role() == who.role()));
        let hangs = things.iter().filter_map(|(kind, id)| match kind {
            ConfinedKind::Job if has_job => Some(format!("job_id = '{id}'")),
            ConfinedKind::Customer if has_customer => Some(format!("customer_id = '{id}'")),
            _ => None,
        });
        let condition =
            if open { "true".to_owned() } else { hangs.fold("false".to_owned(), |all, one| format!("{all} OR {one}")) };
        let expected = count(&mut free, &table, &condition).await;
        let seen = count(&mut confined, &table, "true").await;
        assert_eq!(seen.unwrap_or(0), expected.unwrap_or(0), "{who:?} confined to {things:?}: {table}");
        total += if open { 0 } else { seen.unwrap_or(0) };
    }
    total
}

#[tokio::test]
async fn a_confined_actor_sees_exactly_what_hangs_off_the_named_things() {
    let tenants = TestDatabase::shared().await.tenants();
    let (job, customer) = (
        |n| (ConfinedKind::Job, Company::ACME.id("job", n)),
        |n| (ConfinedKind::Customer, Company::ACME.id("customer", n)),
    );

    for who in Who::ALL {
        let mut seen = 0;
        for things in [
            vec![job(1)],
            vec![job(2)],
            vec![job(1), job(3)],
            vec![customer(1)],
            vec![customer(2), job(1)],
            // Not the own company's.
            vec![
                (ConfinedKind::Job, Company::RIVAL.id("job", 1)),
                (ConfinedKind::Customer, Company::RIVAL.id("customer", 1)),
            ],
        ] {
            seen += compare(&tenants, who, &things).await;
        }
        assert!(seen > 0, "{who:?} has seen nothing at all, so this proves nothing");
    }
}

#[tokio::test]
async fn an_actor_confined_to_nothing_sees_nothing() {
    let tenants = TestDatabase::shared().await.tenants();

    for who in Who::ALL {
        assert_eq!(compare(&tenants, who, &[]).await, 0, "{who:?}");
        // Invoices are no table yet: a token for one reaches nothing else.
        assert_eq!(compare(&tenants, who, &[(ConfinedKind::Invoice, Company::ACME.id("job", 1))]).await, 0, "{who:?}");
    }
}

#[tokio::test]
async fn a_confined_admin_changes_nothing_else() {
    let tenants = TestDatabase::shared().await.tenants();
    let to_job_1 = Confinement::Only([(ConfinedKind::Job, Company::ACME.id("job", 1))].into());
    let mut tx = tenants.begin(&Company::ACME.confined(Who::Admin, to_job_1)).await.unwrap();

    for (table, rows) in
        [("jobs", 1), ("visits", 2), ("customers", 0), ("properties", 0), ("members", 0), ("tenants", 0)]
    {
        let statement = format!("UPDATE {table} SET version = version + 1");
        let changed = sqlx::query(AssertSqlSafe(statement)).execute(tx.conn()).await.unwrap();
        assert_eq!(changed.rows_affected(), rows, "{table}");
    }
    let refused =
        sqlx::query("INSERT INTO customers (tenant_id, customer_id, kind, name) VALUES ($1, $2, 'person', 'New')")
            .bind(Company::ACME.tenant_id())
            .bind(Company::ACME.id("customer", 99))
            .execute(tx.conn())
            .await
            .unwrap_err();

    assert!(refused.to_string().contains("row-level security"), "{refused}");
}
