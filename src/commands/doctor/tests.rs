//! What is broken on purpose in a real database is found, and named.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use surv_tenancy::Clock;

use super::*;
use crate::commands::{migrate, scratch::Scratch};

async fn broken(scratch: &Scratch) -> Vec<Finding> {
    let findings = examine(&scratch.sources(), &Clock::system()).await;
    findings.into_iter().filter(|finding| !finding.ok).collect()
}

#[tokio::test]
async fn a_migrated_database_is_fine_and_every_break_is_named() {
    let scratch = Scratch::new().await;
    migrate::quietly(&scratch.database()).await.unwrap();
    assert_eq!(broken(&scratch).await, Vec::new());

    let task = |columns: &str, values: &str| {
        format!(
            "INSERT INTO tasks (tenant_id, task_id, kind, payload, actor_id, {columns})
             SELECT tenant_id, gen_random_uuid(), 'x', '{{}}', tenant_id, {values} FROM tenants"
        )
    };
    let (dead, late) = (task("state", "'dead'"), task("run_at", "now() - interval '1 hour'"));
    let breaks = [
        (dead.as_str(), "1 failed for good"),
        (late.as_str(), "the oldest due one waits for 360"),
        ("DROP POLICY tenant_only ON customers", "customers: the policy tenant_only is missing"),
        ("CREATE POLICY extra ON jobs USING (true)", "jobs: the policy extra is in no file"),
        ("ALTER POLICY tenant_only ON visits USING (true)", "visits: policies, grants or owner were changed"),
        ("GRANT SELECT ON users TO PUBLIC", "PUBLIC has SELECT on public.users"),
        ("GRANT UPDATE (name) ON customers TO surv_customer", "customers: policies, grants or owner were changed"),
        ("ALTER TABLE notes DISABLE ROW LEVEL SECURITY", "notes: row level security is off"),
        ("ALTER TABLE notes NO FORCE ROW LEVEL SECURITY", "notes: row level security is not forced"),
        ("CREATE TABLE leak (tenant_id uuid)", "leak has no policy file"),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", "PUBLIC has CREATE on schema public"),
        ("GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO PUBLIC", "PUBLIC may call set_config"),
        (
            "ALTER FUNCTION app.admit(uuid, text, bytea[]) RESET ALL",
            "runs as surv_gate_fn with search_path of the caller",
        ),
        (
            "CREATE OR REPLACE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT NULL::uuid $$",
            "functions: policies, grants or owner were changed",
        ),
    ];
    for (statement, named) in breaks {
        let mut connection = PgConnection::connect_with(&scratch.superuser).await.unwrap();
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        let findings = broken(&scratch).await;
        assert!(findings.iter().any(|finding| finding.detail.contains(named)), "{statement}: {findings:#?}");
        assert!(findings.iter().all(|finding| finding.repair.is_some()), "{findings:#?}");
        connection.close().await.unwrap();
    }
    scratch.drop().await;
}

#[tokio::test]
async fn a_repair_is_what_the_doctor_says() {
    let scratch = Scratch::new().await;
    migrate::quietly(&scratch.database()).await.unwrap();
    let mut connection = PgConnection::connect_with(&scratch.superuser).await.unwrap();
    for statement in [
        "DROP POLICY tenant_only ON customers",
        "GRANT SELECT ON users TO PUBLIC",
        "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    assert!(!broken(&scratch).await.is_empty());

    migrate::quietly(&scratch.database()).await.unwrap();

    assert_eq!(broken(&scratch).await, Vec::new());
    connection.close().await.unwrap();
    scratch.drop().await;
}

#[tokio::test]
async fn a_database_that_was_never_migrated_and_one_that_is_not_there_are_told_apart() {
    // The log-ins belong to the cluster, and are there once anything was migrated on it.
    let elsewhere = Scratch::new().await;
    migrate::quietly(&elsewhere.database()).await.unwrap();
    elsewhere.drop().await;
    let scratch = Scratch::new().await;
    let findings = broken(&scratch).await;
    assert!(findings.iter().all(|finding| finding.detail.contains("does not exist")), "{findings:#?}");
    assert!(findings[0].repair.as_deref().unwrap().contains("surv migrate"));

    let mut sources = scratch.variables();
    sources.push(("SURV_DATABASE__PORT".to_owned(), "1".to_owned()));
    let findings = examine(&Sources::of(None, sources), &Clock::system()).await;
    let refused = findings.iter().find(|finding| finding.check == "login admin").unwrap();
    assert!(refused.repair.as_deref().unwrap().contains(":1 and takes connections"), "{refused:?}");
}

#[tokio::test]
async fn a_clock_that_is_off_is_found() {
    let scratch = Scratch::new().await;
    migrate::quietly(&scratch.database()).await.unwrap();
    let late = Clock::from_fn(|| Clock::system().now() - chrono::TimeDelta::seconds(3));

    let findings = examine(&scratch.sources(), &late).await;

    let clock = findings.iter().find(|finding| finding.check == "clock").unwrap();
    let skew: i64 = clock.detail.split(' ').next().unwrap().parse().unwrap();
    // Half of the question's way is a guess, so the milliseconds are too.
    assert!(!clock.ok && (-3_500..=-2_500).contains(&skew), "{clock:?}");
    scratch.drop().await;
}

#[test]
fn the_table_marks_counts_and_says_what_to_repair() {
    let text = table(&[Finding::fine("clock", "2 ms"), Finding::broken("roles", "x is missing", "run surv migrate")]);

    assert_eq!(
        text,
        "✓ clock  2 ms\n✗ roles  x is missing\n    repair: run surv migrate\n\n1 of 2 checks need repair.\n"
    );
}
