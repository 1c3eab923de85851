use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::UserId;

/// Uses up a time step; false when it or a later one was used before.
pub(super) async fn use_step(connection: &mut PgConnection, user_id: UserId, step: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE users SET totp_last_step = $2 WHERE user_id = $1 AND totp_last_step < $2",
        user_id.0,
        step,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses up a recovery code; false when there is none or it was used before.
pub(super) async fn use_recovery_code(
    connection: &mut PgConnection,
    user_id: UserId,
    code_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
        user_id.0,
        code_hash,
        now,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn count_recovery_codes(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL"#,
        user_id.0,
    )
    .fetch_one(connection)
    .await
}

/// Keeps a new secret. No code of it was used yet.
pub(super) async fn keep_secret(connection: &mut PgConnection, user_id: UserId, sealed: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET totp_sealed = $2, totp_last_step = 0 WHERE user_id = $1", user_id.0, sealed)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn turn_on(connection: &mut PgConnection, user_id: UserId, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET totp_enabled_at = $2 WHERE user_id = $1", user_id.0, now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets the secret and the recovery codes.
pub(super) async fn turn_off(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET totp_sealed = NULL, totp_enabled_at = NULL WHERE user_id = $1", user_id.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user_id.0).execute(connection).await?;
    Ok(())
}

pub(super) async fn replace_recovery_codes(
    connection: &mut PgConnection,
    user_id: UserId,
    hashes: &[Vec<u8>],
) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user_id.0).execute(&mut *connection).await?;
    sqlx::query!(
        "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, h FROM unnest($2::bytea[]) AS h",
        user_id.0,
        hashes,
    )
    .execute(connection)
    .await?;
    Ok(())
}
