//! What a statement that an attacker managed to put into a running transaction can do: not another company, not
//! another role.

use sqlx::{AssertSqlSafe, Executor as _};
use surv_tests::{Company, TestDatabase, Who};

/// With `{rival}` for the other company; and the SQLSTATEs that may come of it.
const ATTEMPTS: &[(&str, &[&str])] = &[
    ("SELECT set_config('app.tenant_id', '{rival}', true)", &["42501"]),
    ("SELECT * FROM jobs WHERE (SELECT set_config('app.tenant_id', '{rival}', true)) IS NOT NULL", &["42501"]),
    ("SELECT set_config('app.tenant_id', '{rival}', false)", &["42501"]),
    ("SELECT set_config('role', 'surv_admin', true)", &["42501"]),
    ("SELECT set_config('role', 'none', true)", &["42501"]),
    ("SELECT set_config('app.confined_jobs', '', true)", &["42501"]),
    ("UPDATE pg_settings SET setting = '{rival}' WHERE name = 'app.tenant_id'", &["42501"]),
    (
        "SELECT query_to_xml('SELECT set_config(''app.tenant_id'', ''{rival}'', true)', true, true, '')::text",
        &["42501"],
    ),
    ("SELECT query_to_xml('SET LOCAL app.tenant_id = ''{rival}''', true, true, '')::text", &["0A000"]),
    ("SELECT query_to_xml('SET LOCAL ROLE surv_admin', true, true, '')::text", &["0A000"]),
    (
        "SELECT query_to_xml('DO ''BEGIN SET LOCAL app.tenant_id = ''''{rival}''''; END''', true, true, '')::text",
        &["0A000"],
    ),
    ("SELECT * FROM ts_stat('SELECT to_tsvector(set_config(''app.tenant_id'', ''{rival}'', true))')", &["42501"]),
    ("SELECT 1; SET LOCAL app.tenant_id = '{rival}'", &["42601"]),
    ("SELECT 1; SET ROLE surv_admin", &["42601"]),
    ("SET ROLE surv_admin", &["42501"]),
    ("SET LOCAL ROLE surv_worker", &["42501"]),
    ("SET ROLE surv_gate_fn", &["42501"]),
    ("SET ROLE surv_identity", &["42501"]),
    ("SET SESSION AUTHORIZATION surv_admin_login", &["42501"]),
    ("DO $$ BEGIN PERFORM set_config('app.tenant_id', '{rival}', true); END $$", &["42501"]),
    ("CREATE TEMP TABLE jobs (job_id uuid)", &["42501"]),
    ("CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", &["42501"]),
    ("CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", &["42501"]),
    ("CREATE SCHEMA mine", &["42501"]),
    ("CREATE POLICY mine ON jobs USING (true)", &["42501"]),
    ("ALTER TABLE jobs DISABLE ROW LEVEL SECURITY", &["42501"]),
    ("GRANT SELECT ON users TO surv_technician", &["42501"]),
    ("TRUNCATE jobs", &["42501"]),
    ("COPY jobs TO PROGRAM 'cat'", &["42501"]),
    ("SELECT pg_read_file('/etc/passwd')", &["42501"]),
    ("SELECT lo_import('/etc/passwd')", &["42501"]),
    ("SELECT password_hash FROM users", &["42501"]),
    ("SELECT app.user_for_email('both@example.com', gen_random_uuid())", &["42501"]),
    ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'surv_admin_login'", &["42501", "none"]),
];

#[tokio::test]
async fn an_injected_statement_changes_neither_company_nor_role() {
    let database = TestDatabase::shared().await;
    let tenants = database.tenants();
    let rival = Company::RIVAL.tenant_id().to_string();

    for who in [Who::Technician1, Who::Customer1] {
        let mut tx = tenants.begin(&Company::ACME.actor(who)).await.unwrap();
        for (statement, codes) in ATTEMPTS {
            let text = statement.replace("{rival}", &rival);
            tx.conn().execute("SAVEPOINT attempt").await.unwrap();
            // `query` and not the bare text: the extended protocol, as every statement of the product.
            let result = sqlx::query(AssertSqlSafe(text)).persistent(false).execute(tx.conn()).await;
            let code = match &result {
                Ok(_) => "none".to_owned(),
                Err(error) => error.as_database_error().unwrap().code().unwrap().into_owned(),
            };
            assert!(codes.contains(&code.as_str()), "{who:?}: {statement}: {code} {result:?}");
            if result.is_err() {
                tx.conn().execute("ROLLBACK TO attempt").await.unwrap();
            }
            let (tenant, role): (String, String) =
                sqlx::query_as("SELECT current_setting('app.tenant_id'), current_user::text")
                    .fetch_one(tx.conn())
                    .await
                    .unwrap();
            assert_eq!(tenant, Company::ACME.tenant_id().to_string(), "{statement}");
            assert_eq!(role, tx.actor().persona().database_role(), "{statement}");
        }
    }
}

#[tokio::test]
async fn row_security_cannot_be_switched_off() {
    let mut tx = TestDatabase::shared().await.tenants().begin(&Company::ACME.actor(Who::Technician1)).await.unwrap();

    sqlx::query("SET LOCAL row_security = off").execute(tx.conn()).await.unwrap();
    let error = sqlx::query("SELECT count(*) FROM jobs").execute(tx.conn()).await.unwrap_err();

    assert_eq!(error.into_database_error().unwrap().code().as_deref(), Some("42501"));
}

/// The message that begins a transaction holds tenant, actor and revocation ids.
#[tokio::test]
async fn nobody_reads_the_statements_of_other_sessions() {
    let database = TestDatabase::shared().await;
    let tenants = database.tenants();
    let _other = tenants.begin(&Company::RIVAL.actor(Who::Technician1)).await.unwrap();

    for who in Who::ALL {
        let mut tx = tenants.begin(&Company::ACME.actor(who)).await.unwrap();
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%tenant_id%'")
            .fetch_one(tx.conn())
            .await
            .unwrap();
        assert_eq!(seen, 0, "{who:?}");
    }
}

#[tokio::test]
async fn statistics_of_columns_are_hidden() {
    let mut tx = TestDatabase::shared().await.tenants().begin(&Company::ACME.actor(Who::Admin)).await.unwrap();

    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_stats WHERE schemaname = 'public'")
        .fetch_one(tx.conn())
        .await
        .unwrap();

    assert_eq!(seen, 0);
}
