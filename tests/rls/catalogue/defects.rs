//! Each check finds the defect that it is there for: made in a transaction that is rolled back.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use surv_tests::TestDatabase;

use super::all;

/// The check, and what it has to find.
const DEFECTS: &[(&str, &str)] = &[
    ("C1", "CREATE TABLE public.d (tenant_id uuid)"),
    ("C1", "ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY"),
    ("C1", "CREATE MATERIALIZED VIEW public.d AS SELECT * FROM jobs"),
    (
        "C1",
        "CREATE TABLE public.d (tenant_id uuid NOT NULL, at int) PARTITION BY RANGE (at);
            ALTER TABLE public.d ENABLE ROW LEVEL SECURITY; ALTER TABLE public.d FORCE ROW LEVEL SECURITY;
            CREATE TABLE public.d_1 PARTITION OF public.d FOR VALUES FROM (0) TO (1)",
    ),
    ("C2", "DROP POLICY tenant_only ON jobs"),
    ("C2", "ALTER POLICY tenant_only ON jobs USING (tenant_id = (SELECT app.tenant_id()) OR state = 'open')"),
    ("C2", "ALTER POLICY tenant_only ON jobs TO surv_office"),
    ("C2b", "CREATE TABLE public.d (d int); GRANT SELECT (d) ON public.d TO surv_customer"),
    ("C2c", "DROP POLICY confinement ON notes"),
    ("C2c", "ALTER POLICY confinement ON notes TO surv_office"),
    ("C3", "CREATE TABLE public.d (d int)"),
    ("C4", "CREATE POLICY d ON jobs FOR SELECT USING (false)"),
    ("C4", "CREATE POLICY d ON jobs FOR SELECT TO surv_identity USING (false)"),
    ("C4b", "CREATE POLICY dispatch_path ON customers FOR SELECT TO surv_dispatch USING (true)"),
    ("C5", "CREATE POLICY d ON jobs FOR UPDATE TO surv_technician USING (true)"),
    ("C5", "CREATE POLICY d ON notes FOR SELECT TO surv_customer USING (true)"),
    (
        "C6",
        "DROP POLICY technician_moves_assigned ON jobs;
            CREATE POLICY d ON jobs FOR UPDATE TO surv_technician USING (state = 'scheduled')",
    ),
    ("C7", "ALTER FUNCTION app.tenant_id() IMMUTABLE"),
    ("C7", "ALTER FUNCTION app.confined_jobs() PARALLEL UNSAFE"),
    ("C7b", "ALTER POLICY technician_reads_self ON members USING (user_id = app.actor_id())"),
    ("C7b", "ALTER POLICY technician_reads_self ON members USING (user_id = current_setting('app.actor_id')::uuid)"),
    (
        "C7c",
        "ALTER POLICY technician_reads_assigned ON customers USING (EXISTS (SELECT FROM assignments a
               WHERE a.customer_id = customers.customer_id AND a.technician_id = (SELECT app.actor_id())))",
    ),
    ("C8", "CREATE VIEW public.d AS SELECT * FROM jobs"),
    ("C9", "CREATE FUNCTION app.d() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"),
    ("C9", "ALTER FUNCTION app.admit(uuid, text, bytea[]) RESET search_path"),
    ("C9", "ALTER FUNCTION app.admit(uuid, text, bytea[]) OWNER TO surv_owner"),
    ("C9", "GRANT EXECUTE ON FUNCTION app.user_for_email(text, uuid) TO PUBLIC"),
    ("C10", "GRANT SELECT ON jobs TO PUBLIC"),
    ("C10", "GRANT SELECT (title) ON jobs TO PUBLIC"),
    ("C10", "GRANT TRUNCATE ON jobs TO surv_admin"),
    ("C10", "GRANT SELECT ON jobs TO surv_admin WITH GRANT OPTION"),
    ("C10b", "GRANT EXECUTE ON FUNCTION app.tenant_id() TO PUBLIC"),
    ("C10b", "GRANT CREATE ON SCHEMA public TO PUBLIC"),
    ("C10b", "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$"),
    ("C10c", "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC"),
    ("C10c", "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO surv_admin"),
    ("C11", "CREATE ROLE surv_d_login LOGIN NOINHERIT BYPASSRLS"),
    ("C11", "CREATE ROLE surv_d_login LOGIN INHERIT"),
    ("C11", "CREATE ROLE surv_d LOGIN NOINHERIT"),
    ("C11b", "CREATE ROLE surv_d; GRANT surv_gate_fn TO surv_d"),
    ("C11b", "CREATE ROLE surv_d; GRANT pg_read_all_data TO surv_d"),
    ("C11c", "ALTER TABLE notes OWNER TO surv_admin"),
    ("C12", "ALTER TABLE customers ADD CONSTRAINT d UNIQUE (customer_id)"),
    ("C12", "CREATE UNIQUE INDEX d ON jobs (job_id)"),
    (
        "C13",
        "ALTER TABLE jobs ADD UNIQUE (job_id); ALTER TABLE notes ADD CONSTRAINT d FOREIGN KEY (job_id) REFERENCES jobs (job_id)",
    ),
    (
        "C14",
        "ALTER TABLE notes ADD CONSTRAINT d FOREIGN KEY (tenant_id, visit_id) REFERENCES visits ON DELETE SET NULL",
    ),
    ("C15", "CREATE TABLE public.d (tenant_id uuid NOT NULL)"),
    ("C15b", "ALTER TABLE jobs ADD cost numeric; CREATE INDEX d ON jobs (tenant_id, cost)"),
    (
        "C17",
        "CREATE FUNCTION app.d() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER d BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION app.d()",
    ),
    ("C17", "CREATE RULE d AS ON DELETE TO notes DO INSTEAD NOTHING"),
    ("C17b", "CREATE PUBLICATION d FOR ALL TABLES"),
    ("C18", "CREATE SEQUENCE public.d"),
];

/// Checks without a defect, and why.
const UNTRIED: &[(&str, &str)] = &[("C16", "the version of the server cannot be changed in a transaction")];

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "defects of several statements, no input in them")]
async fn a_seeded_defect_is_found_by_its_check() {
    let mut connection = TestDatabase::named("defects").await.superuser().await;
    let mut unseen = Vec::new();

    for (id, defect) in DEFECTS {
        let check = all().find(|check| check.id == *id).expect("a check of this name");
        let mut transaction = connection.begin().await.unwrap();
        // Roles belong to the cluster, so a role that is being made is locked for other runs of this test.
        transaction.execute("SELECT pg_advisory_xact_lock(7264)").await.unwrap();
        sqlx::raw_sql(AssertSqlSafe((*defect).to_owned()))
            .execute(&mut *transaction)
            .await
            .unwrap_or_else(|error| panic!("{id}: {defect} cannot be made: {error}"));
        if check.faults(&check.found(&mut transaction).await).is_empty() {
            unseen.push(format!("{id} does not find {defect}"));
        }
        transaction.rollback().await.unwrap();
    }

    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
}

#[test]
fn each_check_has_a_defect() {
    for check in all() {
        let tried = DEFECTS.iter().any(|(id, _)| *id == check.id) || UNTRIED.iter().any(|(id, _)| *id == check.id);
        assert!(tried, "no defect shows that {} finds anything", check.id);
    }
}
