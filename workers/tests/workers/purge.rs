//! What only had to be remembered for a while goes when its time is over, and nothing else does.

use chrono::TimeDelta;
use sqlx::{Executor as _, PgConnection};
use surv_tenancy::{TenantId, db::Path};

use crate::support::World;

/// How many rows each table has of what is over: keys, outcomes, webhooks, sessions, their tokens, challenges, sign-ups, dead tasks.
async fn left(own: &mut PgConnection) -> [i64; 8] {
    let mut counts = [0; 8];
    let conditions = [
        "idempotency_keys",
        "kept_outcomes",
        "webhook_inbox WHERE event_ref LIKE 'over%'",
        "sessions WHERE device = 'over'",
        "refresh_tokens JOIN sessions USING (tenant_id, session_id) WHERE device = 'over'",
        "email_challenges WHERE kind = 'login_code'",
        "sign_ups WHERE slug = 'over'",
        "tasks WHERE state = 'dead'",
    ];
    for (count, condition) in counts.iter_mut().zip(conditions) {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {condition}"));
        *count = sqlx::query_scalar(query).fetch_one(&mut *own).await.unwrap();
    }
    counts
}

/// Rows of one company that were over some days ago, and as many that are still of use.
async fn fill(own: &mut PgConnection, tenant_id: TenantId) {
    let fill = "
        WITH u AS (INSERT INTO users (user_id, email) VALUES (gen_random_uuid(), $1::text || '@example.com') RETURNING user_id),
        k AS (INSERT INTO idempotency_keys (tenant_id, actor_id, key_hash, request_hash, created_at)
              SELECT $1::text::uuid, user_id, sha256('x'), sha256('x'), now() - interval '36 hours' FROM u),
        o AS (INSERT INTO kept_outcomes (key_hash, request_hash, sealed, created_at)
              SELECT sha256($1::text::bytea), sha256('x'), 'x', now() - interval '36 hours'),
        w AS (INSERT INTO webhook_inbox (tenant_id, provider, event_ref, payload, done_at)
              SELECT $1::text::uuid, 'sendgrid', v.ref, '{}', v.at
                FROM (VALUES ('over', now() - interval '5 days'), ('waits', NULL)) v (ref, at)),
        s AS (INSERT INTO sessions (tenant_id, session_id, user_id, kind, role, device, expires_at)
              SELECT $1::text::uuid, gen_random_uuid(), user_id, 'browser', 'admin', v.device, v.at
                FROM u, (VALUES ('over', now() - interval '5 days'), ('live', now() + interval '5 days')) v (device, at)
              RETURNING session_id),
        c AS (INSERT INTO email_challenges (challenge_id, kind, user_id, secret_hash, expires_at)
              SELECT gen_random_uuid(), v.kind, user_id, 'x', v.at
                FROM u, (VALUES ('login_code', now() - interval '5 days'), ('password_reset', now() + interval '1 hour')) v (kind, at)),
        n AS (INSERT INTO sign_ups (sign_up_id, email, password_hash, name, company, slug, time_zone, secret_hash, expires_at)
              SELECT gen_random_uuid(), 'x', 'x', 'x', 'x', v.slug, 'UTC', 'x', v.at
                FROM (VALUES ('over', now() - interval '5 days'), ('open', now() + interval '1 day')) v (slug, at)),
        t AS (INSERT INTO tasks (tenant_id, task_id, kind, payload, actor_id, state, run_at)
              SELECT $1::text::uuid, gen_random_uuid(), v.kind, '{}', gen_random_uuid(), v.state, now() - interval '5 days'
                FROM (VALUES ('send_email', 'dead'), ('later', 'queued')) v (kind, state))
        INSERT INTO refresh_tokens (tenant_id, session_id, token_hash, expires_at)
        SELECT $1::text::uuid, session_id, sha256(session_id::text::bytea), now() FROM s";
    sqlx::query(fill).bind(tenant_id.to_string()).execute(own).await.unwrap();
}

#[tokio::test]
async fn what_is_over_goes_when_its_time_has_come_and_nothing_else() {
    let world = World::new().await;
    let mut own = world.superuser().await;
    for _ in 0..2 {
        let tenant_id = world.company().await;
        fill(&mut own, tenant_id).await;
    }
    let workers = world.workers();
    // The days that have passed, and what is left then of two rows each.
    let days = [(0, [2, 2, 2, 2, 2, 2, 2, 2]), (1, [0, 0, 2, 2, 2, 2, 2, 2]), (3, [0, 0, 2, 2, 2, 0, 0, 2])];
    let months = [(22, [0, 0, 0, 0, 0, 0, 0, 2]), (90, [0; 8])];
    let mut passed = 0;
    for (day, expected) in days.into_iter().chain(months.map(|(day, left)| (day + 4, left))) {
        world.wait(TimeDelta::days(day - passed)).await;
        passed = day;
        workers.purge().await.unwrap();
        assert_eq!(left(&mut own).await, expected, "after {day} days");
    }
    world.wait(TimeDelta::days(365)).await;
    workers.purge().await.unwrap();

    // What is of use by the database's clock stays, whatever ours says: the policies see to that.
    let of_use: [i64; 5] = [
        count(&mut own, "webhook_inbox").await,
        count(&mut own, "sessions").await,
        count(&mut own, "refresh_tokens").await,
        count(&mut own, "email_challenges").await,
        count(&mut own, "tasks").await,
    ];
    assert_eq!(of_use, [2, 2, 2, 2, 2]);
    assert_eq!(count(&mut own, "sign_ups").await, 2);
    assert_eq!(count(&mut own, "events WHERE kind = 'task.expired' AND actor_role = 'worker'").await, 2);
}

async fn count(own: &mut PgConnection, of: &str) -> i64 {
    let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {of}"));
    sqlx::query_scalar(query).fetch_one(own).await.unwrap()
}

#[tokio::test]
async fn of_several_workers_one_purges() {
    let world = World::new().await;
    let acme = world.company().await;
    let mut own = world.superuser().await;
    fill(&mut own, acme).await;
    world.wait(TimeDelta::days(50)).await;
    let mut busy = world.superuser().await;
    busy.execute("BEGIN; SELECT pg_advisory_xact_lock(7267)").await.unwrap();

    world.workers().purge().await.unwrap();
    let meanwhile = left(&mut own).await;
    busy.execute("ROLLBACK").await.unwrap();
    world.workers().purge().await.unwrap();

    assert_eq!(meanwhile, [1; 8]);
    assert_eq!(left(&mut own).await, [0, 0, 0, 0, 0, 0, 0, 1]);
}

#[tokio::test]
async fn the_purge_path_reads_and_deletes_nothing_that_is_of_use() {
    let world = World::new().await;
    let acme = world.company().await;
    fill(&mut world.superuser().await, acme).await;
    for refused in [
        "SELECT payload FROM webhook_inbox",
        "SELECT body FROM idempotency_keys",
        "SELECT sealed FROM kept_outcomes",
        "SELECT user_id FROM sessions",
        "DELETE FROM tasks",
        "DELETE FROM events",
        "SELECT FROM customers",
    ] {
        let mut tx = world.platform.begin(Path::Purge).await.unwrap();
        let error = sqlx::query(refused).execute(tx.conn()).await.expect_err(refused);
        assert_eq!(error.as_database_error().and_then(|e| e.code()).as_deref(), Some("42501"), "{refused}");
    }
    for (all, expected) in [("webhook_inbox", 1), ("sessions", 1), ("email_challenges", 1), ("sign_ups", 1)] {
        let mut tx = world.platform.begin(Path::Purge).await.unwrap();
        let statement = sqlx::AssertSqlSafe(format!("DELETE FROM {all}"));
        let deleted = sqlx::query(statement).execute(tx.conn()).await.unwrap().rows_affected();
        assert_eq!(deleted, expected, "{all}: one is over, one is of use");
    }
}

#[tokio::test]
async fn old_keys_and_expired_revocations_are_forgotten_and_no_others() {
    let world = World::new().await;
    let acme = world.company().await;
    let mut own = world.superuser().await;
    for hours in [1, 47, 49, 500] {
        sqlx::query("INSERT INTO idempotency_keys (tenant_id, actor_id, key_hash, request_hash, created_at)
             SELECT $1, gen_random_uuid(), sha256('x'), sha256('x'), now() - make_interval(hours => $2) FROM generate_series(1, 400)")
            .bind(acme.0).bind(hours).execute(&mut own).await.unwrap();
    }
    for hours in [-1, 1] {
        sqlx::query(
            "INSERT INTO revoked_tokens (tenant_id, revocation_id, revoked_by, expires_at)
             SELECT $1, sha512(gen_random_uuid()::text::bytea), gen_random_uuid(), now() + make_interval(hours => $2)
               FROM generate_series(1, 700)",
        )
        .bind(acme.0)
        .bind(hours)
        .execute(&mut own)
        .await
        .unwrap();
    }

    world.workers().purge().await.unwrap();

    let left: (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM idempotency_keys), (SELECT count(*) FROM revoked_tokens)")
            .fetch_one(&mut own)
            .await
            .unwrap();
    assert_eq!(left, (800, 700));
}
