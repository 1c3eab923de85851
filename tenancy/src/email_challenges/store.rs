use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Challenge;
use crate::{TenantId, UserId};

pub(super) async fn insert(connection: &mut PgConnection, new: &Challenge, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO email_challenges (challenge_id, kind, user_id, tenant_id, secret_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        new.challenge_id,
        new.kind,
        new.user_id.0,
        new.tenant_id.map(|id| id.0),
        new.secret_hash,
        now,
        new.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn find(connection: &mut PgConnection, challenge_id: Uuid) -> sqlx::Result<Option<Challenge>> {
    sqlx::query_as!(
        Challenge,
        r#"SELECT challenge_id, kind, user_id AS "user_id: UserId", tenant_id AS "tenant_id: TenantId", secret_hash,
                  attempts, expires_at, used_at
             FROM email_challenges WHERE challenge_id = $1"#,
        challenge_id,
    )
    .fetch_optional(connection)
    .await
}

pub(crate) async fn lock(connection: &mut PgConnection, challenge_id: Uuid) -> sqlx::Result<Option<Challenge>> {
    sqlx::query_as!(
        Challenge,
        r#"SELECT challenge_id, kind, user_id AS "user_id: UserId", tenant_id AS "tenant_id: TenantId", secret_hash,
                  attempts, expires_at, used_at
             FROM email_challenges WHERE challenge_id = $1 FOR UPDATE"#,
        challenge_id,
    )
    .fetch_optional(connection)
    .await
}

/// Counts a wrong answer. Commit it, whatever else failed.
pub(crate) async fn count_attempt(connection: &mut PgConnection, challenge_id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("UPDATE email_challenges SET attempts = attempts + 1 WHERE challenge_id = $1", challenge_id)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn use_up(connection: &mut PgConnection, challenge_id: Uuid, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("UPDATE email_challenges SET used_at = $2 WHERE challenge_id = $1", challenge_id, now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Uses up every open challenge of a person: what was sent before a new password is worth nothing.
pub(crate) async fn use_up_all(connection: &mut PgConnection, user_id: UserId, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE email_challenges SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL AND expires_at > $2",
        user_id.0,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
