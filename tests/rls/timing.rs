//! How long a look takes tells nothing: another company's id costs what an id of nothing costs.
//!
//! Clocks would make this a matter of luck. What a look costs is what the executor does, and that is compared: the
//! same plan, with as many rows read, filtered and looked at again in each node, and the same nodes never begun.

use serde_json::Value;
use sqlx::AssertSqlSafe;
use surv_tenancy::{Actor, db::TenantDb};
use surv_tests::{Company, TestDatabase, Who};
use uuid::Uuid;

const THINGS: [(&str, &str); 9] = [
    ("customers", "customer"),
    ("properties", "property"),
    ("jobs", "job"),
    ("visits", "visit"),
    ("assignments", "visit"),
    ("notes", "note"),
    ("customer_users", "user"),
    ("members", "user"),
    ("invitations", "invitation"),
];

/// What the executor did to look one id up.
async fn work(tenants: &TenantDb, actor: &Actor, table: &str, column: &str, id: Uuid, with_index: bool) -> Value {
    let mut tx = tenants.begin(actor).await.unwrap();
    if with_index {
        sqlx::query("SET LOCAL enable_seqscan = off").execute(tx.conn()).await.unwrap();
    }
    // Any column would do, and everybody who may read the table at all may read this one.
    let text = format!(
        "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF, SUMMARY OFF, FORMAT JSON) \
         SELECT {column} FROM {table} WHERE {column} = '{id}'"
    );
    let plan = sqlx::query_scalar::<_, Value>(AssertSqlSafe(text)).fetch_one(tx.conn()).await;
    match plan {
        Ok(plan) => serde_json::from_str(&plan.to_string().replace(&id.to_string(), "the id")).unwrap(),
        // No right to the table: whatever the id, and the planner does not look for it.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => Value::from("not granted"),
        Err(error) => panic!("{table}: {error}"),
    }
}

#[tokio::test]
async fn another_companys_id_costs_what_an_id_of_nothing_costs() {
    let database = TestDatabase::named("timing").await;
    let tenants = database.tenants();
    let mut compared = 0;
    for who in [Who::Admin, Who::Manager, Who::Technician1, Who::Customer1, Who::CustomerOfTwo] {
        let actor = Company::ACME.actor(who);
        for (table, kind) in THINGS {
            let column = match table {
                "assignments" => "visit_id".to_owned(),
                _ => format!("{kind}_id"),
            };
            let (theirs, nothing) = (Company::RIVAL.id(kind, 1), Uuid::from_u128(0xdead << 96));
            for with_index in [false, true] {
                let theirs = work(&tenants, &actor, table, &column, theirs, with_index).await;
                let nothing = work(&tenants, &actor, table, &column, nothing, with_index).await;
                assert_eq!(theirs, nothing, "{who:?} in {table}");
                compared += usize::from(theirs != "not granted");
            }
        }
    }
    assert!(compared > 50, "only {compared} were compared");

    // The measure tells ids that are there from those that are not: an own one costs more.
    let actor = Company::ACME.actor(Who::Admin);
    let own = work(&tenants, &actor, "jobs", "job_id", Company::ACME.id("job", 1), true).await;
    let nothing = work(&tenants, &actor, "jobs", "job_id", Uuid::from_u128(0xdead << 96), true).await;
    assert_ne!(own, nothing);
}
