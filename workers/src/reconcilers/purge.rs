//! Deletes what only had to be remembered for a while, over all companies, in small batches.
//!
//! The purge path can read when a row's time is over, delete it, and nothing else; its policies keep what is still of use,
//! whatever is asked here. Of several workers one purges at a time. What is kept how long: `Retention`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use surv_tenancy::db::{DbError, Path};

use super::dead_tasks;
use crate::{
    Retention, Workers,
    retention::{days, hours},
};

const BATCH: i64 = 500;
/// So many batches of one table a round; what is left waits for the next.
const BATCHES: usize = 200;
/// Held for the length of a batch by whoever purges.
const LOCK: i64 = 7_267;

impl Workers {
    /// One round over everything, as the timer makes it.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self) -> Result<(), DbError> {
        run(self).await
    }
}

pub(super) async fn run(workers: &Workers) -> Result<(), DbError> {
    for outdated in Outdated::ALL {
        let deleted = sweep(workers, outdated).await?;
        workers.0.metrics.purged.with_label_values(&[outdated.table()]).inc_by(deleted);
    }
    dead_tasks::expire(workers).await
}

/// A table with rows that are only for a while.
#[derive(Debug, Clone, Copy)]
enum Outdated {
    IdempotencyKeys,
    KeptOutcomes,
    RevokedTokens,
    Webhooks,
    /// Their refresh tokens go with them.
    Sessions,
    EmailChallenges,
    SignUps,
}

async fn sweep(workers: &Workers, outdated: Outdated) -> Result<u64, DbError> {
    let until = outdated.until(&workers.deps().config.retention, workers.deps().clock.now());
    let mut deleted = 0;
    for _ in 0..BATCHES {
        let mut tx = workers.deps().platform_db.begin(Path::Purge).await?;
        let ours = sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "ours!""#, LOCK);
        if !ours.fetch_one(tx.conn()).await? {
            break;
        }
        let batch = outdated.delete(tx.conn(), until).await?;
        tx.commit().await?;
        deleted += batch;
        if batch < BATCH.unsigned_abs() {
            break;
        }
    }
    Ok(deleted)
}

impl Outdated {
    const ALL: [Self; 7] = [
        Self::IdempotencyKeys,
        Self::KeptOutcomes,
        Self::RevokedTokens,
        Self::Webhooks,
        Self::Sessions,
        Self::EmailChallenges,
        Self::SignUps,
    ];

    const fn table(self) -> &'static str {
        match self {
            Self::IdempotencyKeys => "idempotency_keys",
            Self::KeptOutcomes => "kept_outcomes",
            Self::RevokedTokens => "revoked_tokens",
            Self::Webhooks => "webhook_inbox",
            Self::Sessions => "sessions",
            Self::EmailChallenges => "email_challenges",
            Self::SignUps => "sign_ups",
        }
    }

    /// What was over before then goes.
    fn until(self, keep: &Retention, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::IdempotencyKeys | Self::KeptOutcomes => now - hours(keep.idempotency_h),
            // A token that has expired by itself need not be told from others.
            Self::RevokedTokens => now,
            Self::Webhooks => now - days(keep.webhooks_d),
            Self::Sessions => now - days(keep.sessions_d),
            Self::EmailChallenges | Self::SignUps => now - days(keep.challenges_d),
        }
    }

    /// One batch, oldest first; how many rows it had.
    async fn delete(self, connection: &mut PgConnection, until: DateTime<Utc>) -> sqlx::Result<u64> {
        let query = match self {
            Self::IdempotencyKeys => sqlx::query!(
                "DELETE FROM idempotency_keys WHERE (tenant_id, actor_id, key_hash) IN (
                     SELECT tenant_id, actor_id, key_hash FROM idempotency_keys
                      WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
                until,
                BATCH,
            ),
            Self::KeptOutcomes => sqlx::query!(
                "DELETE FROM kept_outcomes WHERE key_hash IN (
                     SELECT key_hash FROM kept_outcomes WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
                until,
                BATCH,
            ),
            Self::RevokedTokens => sqlx::query!(
                "DELETE FROM revoked_tokens WHERE (tenant_id, revocation_id) IN (
                     SELECT tenant_id, revocation_id FROM revoked_tokens
                      WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                until,
                BATCH,
            ),
            Self::Webhooks => sqlx::query!(
                "DELETE FROM webhook_inbox WHERE (tenant_id, provider, event_ref) IN (
                     SELECT tenant_id, provider, event_ref FROM webhook_inbox
                      WHERE done_at < $1 ORDER BY done_at LIMIT $2)",
                until,
                BATCH,
            ),
            Self::Sessions => sqlx::query!(
                "DELETE FROM sessions WHERE (tenant_id, session_id) IN (
                     SELECT tenant_id, session_id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                until,
                BATCH,
            ),
            Self::EmailChallenges => sqlx::query!(
                "DELETE FROM email_challenges WHERE challenge_id IN (
                     SELECT challenge_id FROM email_challenges WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                until,
                BATCH,
            ),
            Self::SignUps => sqlx::query!(
                "DELETE FROM sign_ups WHERE sign_up_id IN (
                     SELECT sign_up_id FROM sign_ups WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                until,
                BATCH,
            ),
        };
        Ok(query.execute(connection).await?.rows_affected())
    }
}
