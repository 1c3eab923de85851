//! Constraints tell nothing of another company: its ids and values get the same answer as ones that do not exist.

use sqlx::{AssertSqlSafe, postgres::PgDatabaseError};
use surv_tenancy::db::TenantTx;
use surv_tests::{Company, TestDatabase, Who};
use uuid::Uuid;

/// Inserts of company 1 that point to `{x}`; the kind of thing that it is; its number at the other company.
const REFERENCES: &[(&str, u8, &str)] = &[
    ("customer", 1, "properties (tenant_id, property_id, customer_id, street, city, country, time_zone)
       VALUES ('{t}', gen_random_uuid(), '{x}', 's', 'c', 'AT', 'UTC')"),
    ("customer", 1, "customer_users (tenant_id, user_id, customer_id, email, name)
       VALUES ('{t}', '{me}', '{x}', 'e', 'n')"),
    ("customer", 1, "contacts (tenant_id, contact_id, customer_id, name) VALUES ('{t}', gen_random_uuid(), '{x}', 'n')"),
    ("contact", 1, "customer_users (tenant_id, user_id, customer_id, email, name, contact_id)
       VALUES ('{t}', '{me}', '{customer}', 'e', 'n', '{x}')"),
    ("customer", 1, "customer_words (tenant_id, word, customer_id) VALUES ('{t}', 'w', '{x}')"),
    ("customer", 1, "jobs (tenant_id, job_id, number, customer_id, property_id, title)
       VALUES ('{t}', gen_random_uuid(), 99, '{x}', '{property}', 't')"),
    ("property", 1, "jobs (tenant_id, job_id, number, customer_id, property_id, title)
       VALUES ('{t}', gen_random_uuid(), 99, '{customer}', '{x}', 't')"),
    ("job", 1, "visits (tenant_id, visit_id, job_id, customer_id, property_id, starts_at, ends_at, window_start, window_end, time_zone)
       VALUES ('{t}', gen_random_uuid(), '{x}', '{customer}', '{property}', '2027-01-01', '2027-01-01 01:00', '2027-01-01', '2027-01-02', 'UTC')"),
    ("visit", 5, "assignments (tenant_id, visit_id, technician_id, technician_name, job_id, customer_id, property_id, starts_at, ends_at)
       SELECT tenant_id, '{x}', '{technician}', 'n', job_id, customer_id, property_id, starts_at, ends_at FROM visits WHERE visit_id = '{visit5}'"),
    ("user", 3, "assignments (tenant_id, visit_id, technician_id, technician_name, job_id, customer_id, property_id, starts_at, ends_at)
       SELECT tenant_id, visit_id, '{x}', 'n', job_id, customer_id, property_id, starts_at, ends_at FROM visits WHERE visit_id = '{visit5}'"),
    ("job", 1, "notes (tenant_id, note_id, job_id, customer_id, property_id, author_id, author_name, body, visibility)
       VALUES ('{t}', gen_random_uuid(), '{x}', '{customer}', '{property}', '{me}', 'n', 'b', 'office')"),
    ("visit", 1, "notes (tenant_id, note_id, job_id, customer_id, property_id, visit_id, author_id, author_name, body, visibility)
       VALUES ('{t}', gen_random_uuid(), '{job}', '{customer}', '{property}', '{x}', '{me}', 'n', 'b', 'office')"),
    ("customer", 1, "messages (tenant_id, message_id, channel, template, recipient, customer_id)
       VALUES ('{t}', gen_random_uuid(), 'email', 't', 'r', '{x}')"),
    ("job", 1, "messages (tenant_id, message_id, channel, template, recipient, job_id)
       VALUES ('{t}', gen_random_uuid(), 'email', 't', 'r', '{x}')"),
];

/// Inserts of company 1 that take `{x}` as their own id or value; what it is at the other company.
const VALUES: &[(&str, u8, &str)] = &[
    ("customer", 1, "customers (tenant_id, customer_id, kind, name) VALUES ('{t}', '{x}', 'person', 'n')"),
    ("contact", 1, "contacts (tenant_id, contact_id, customer_id, name) VALUES ('{t}', '{x}', '{customer}', 'n')"),
    ("property", 1, "properties (tenant_id, property_id, customer_id, street, city, country, time_zone)
       VALUES ('{t}', '{x}', '{customer}', 's', 'c', 'AT', 'UTC')"),
    ("job", 1, "jobs (tenant_id, job_id, number, customer_id, property_id, title)
       VALUES ('{t}', '{x}', 99, '{customer}', '{property}', 't')"),
    ("visit", 1, "visits (tenant_id, visit_id, job_id, customer_id, property_id, starts_at, ends_at, window_start, window_end, time_zone)
       VALUES ('{t}', '{x}', '{job}', '{customer}', '{property}', '2027-01-01', '2027-01-01 01:00', '2027-01-01', '2027-01-02', 'UTC')"),
    ("note", 11, "notes (tenant_id, note_id, job_id, customer_id, property_id, author_id, author_name, body, visibility)
       VALUES ('{t}', '{x}', '{job}', '{customer}', '{property}', '{me}', 'n', 'b', 'office')"),
    ("event", 11, "events (tenant_id, event_id, at, actor_id, actor_role, kind, subject_kind, subject_id, visibility)
       VALUES ('{t}', '{x}', now(), '{me}', 'admin', 'a.b', 'job', '{job}', 'office')"),
    ("task", 1, "tasks (tenant_id, task_id, kind, payload, actor_id) VALUES ('{t}', '{x}', 'k', '1', '{me}')"),
    ("message", 1, "messages (tenant_id, message_id, channel, template, recipient) VALUES ('{t}', '{x}', 'email', 't', 'r')"),
    ("invitation", 1, "invitations (tenant_id, invitation_id, email, name, role, secret_hash, invited_by, expires_at)
       VALUES ('{t}', '{x}', 'e', 'n', 'admin', '', '{me}', now())"),
    ("session", 9, "sessions (tenant_id, session_id, user_id, kind, role, expires_at)
       VALUES ('{t}', '{x}', '{contact}', 'link', 'customer', now())"),
    // An e-mail that only the other company has invited.
    ("sign_up", 1, "invitations (tenant_id, invitation_id, email, name, role, secret_hash, invited_by, expires_at)
       VALUES ('{t}', gen_random_uuid(), '{x}', 'n', 'admin', '', '{me}', now())"),
];

/// What the caller is told, with the ids that it has sent itself taken out.
async fn answer(tx: &mut TenantTx, insert: &str, x: Uuid) -> String {
    let acme = Company::ACME;
    let text = insert
        .replace("{t}", &acme.tenant_id().to_string())
        .replace("{me}", &acme.user(Who::Admin).to_string())
        .replace("{technician}", &acme.user(Who::Technician1).to_string())
        .replace("{contact}", &acme.user(Who::Customer1).to_string())
        .replace("{customer}", &acme.id("customer", 1).to_string())
        .replace("{property}", &acme.id("property", 1).to_string())
        .replace("{job}", &acme.id("job", 1).to_string())
        .replace("{visit5}", &acme.id("visit", 5).to_string())
        .replace("{x}", &x.to_string());
    sqlx::query("SAVEPOINT attempt").execute(tx.conn()).await.unwrap();
    let statement = format!("INSERT INTO {text}");
    let result = sqlx::query(AssertSqlSafe(statement)).persistent(false).execute(tx.conn()).await;
    sqlx::query("ROLLBACK TO attempt").execute(tx.conn()).await.unwrap();
    match result {
        Ok(done) => format!("{} rows", done.rows_affected()),
        Err(error) => {
            let error = error.as_database_error().unwrap().downcast_ref::<PgDatabaseError>();
            format!("{} {} {:?}", error.code(), error.message(), error.detail()).replace(&x.to_string(), "x")
        }
    }
}

#[tokio::test]
async fn a_foreign_id_is_answered_like_one_that_does_not_exist() {
    let mut tx = TestDatabase::shared().await.tenants().begin(&Company::ACME.actor(Who::Admin)).await.unwrap();

    for (kind, number, insert) in REFERENCES {
        let own = answer(&mut tx, insert, Company::ACME.id(kind, *number)).await;
        let foreign = answer(&mut tx, insert, Company::RIVAL.id(kind, *number)).await;
        let missing = answer(&mut tx, insert, Company::ACME.id(kind, 200)).await;
        assert_eq!(own, "1 rows", "the insert itself is wrong: {insert}");
        assert_eq!(foreign, missing, "{insert}");
        assert!(foreign.starts_with("23503"), "{insert}: {foreign}");
    }
}

#[tokio::test]
async fn a_value_that_another_company_has_is_free() {
    let database = TestDatabase::shared().await;
    sqlx::query(
        "INSERT INTO invitations (tenant_id, invitation_id, email, name, role, secret_hash, invited_by, expires_at)
         VALUES ($1, gen_random_uuid(), $2, 'n', 'admin', '', $3, now()) ON CONFLICT DO NOTHING",
    )
    .bind(Company::RIVAL.tenant_id())
    .bind(Company::RIVAL.id("sign_up", 1).to_string())
    .bind(Company::RIVAL.user(Who::Admin))
    .execute(&mut database.superuser().await)
    .await
    .unwrap();
    let mut tx = database.tenants().begin(&Company::ACME.actor(Who::Admin)).await.unwrap();

    for (kind, number, insert) in VALUES {
        let foreign = answer(&mut tx, insert, Company::RIVAL.id(kind, *number)).await;
        let missing = answer(&mut tx, insert, Company::ACME.id(kind, 200)).await;
        assert_eq!(foreign, missing, "{insert}");
        assert_eq!(foreign, "1 rows", "{insert}");
    }
}

/// Each foreign key of a table that a persona may insert into is tried above.
#[tokio::test]
async fn no_foreign_key_is_left_out() {
    let keys: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT x.conrelid::regclass::text FROM pg_constraint x
          WHERE x.contype = 'f' AND x.connamespace = 'public'::regnamespace AND x.conparentid = 0
            AND has_table_privilege('surv_admin', x.conrelid, 'INSERT')
            AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = x.confrelid AND a.attname = 'tenant_id')
            -- To the company itself: its policy has been checked before.
            AND x.confrelid <> 'tenants'::regclass",
    )
    .fetch_all(&mut TestDatabase::shared().await.superuser().await)
    .await
    .unwrap();

    for table in keys {
        // Its policy asks for the actor's own id, so no other can be tried.
        let tried =
            table == "invitations" || REFERENCES.iter().any(|(_, _, insert)| insert.starts_with(&format!("{table} (")));
        assert!(tried, "no reference of {table} is tried");
    }
}
