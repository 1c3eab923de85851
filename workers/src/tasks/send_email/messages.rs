//! The statements on a message's row while it is sent.

use chrono::{DateTime, Utc};
use surv_integrations::sendgrid::{Evidence, UnknownAttempt};
use surv_tenancy::{MessageId, db::TenantTx};

pub(super) struct Message {
    pub state: String,
    pub queued_at: DateTime<Utc>,
    pub attempts: i32,
}

/// The message, held until the transaction ends.
pub(super) async fn lock(tx: &mut TenantTx, id: MessageId) -> sqlx::Result<Option<Message>> {
    sqlx::query_as!(Message, "SELECT state, queued_at, attempts FROM messages WHERE message_id = $1 FOR UPDATE", id.0)
        .fetch_optional(tx.conn())
        .await
}

/// Stores that a call is about to be made; which attempt it is.
pub(super) async fn begin_attempt(tx: &mut TenantTx, id: MessageId, now: DateTime<Utc>) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "UPDATE messages SET state = 'sending', attempted_at = $2, attempts = attempts + 1 WHERE message_id = $1
         RETURNING attempts",
        id.0,
        now,
    )
    .fetch_one(tx.conn())
    .await
}

/// That attempt was surely not accepted.
pub(super) async fn mark_queued_again(tx: &mut TenantTx, id: MessageId, attempt: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE messages SET state = 'queued' WHERE message_id = $1 AND state = 'sending' AND attempts = $2",
        id.0,
        attempt,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Nobody knows what became of that attempt. Counts it once.
pub(super) async fn mark_unknown(tx: &mut TenantTx, id: MessageId, attempt: i32) -> sqlx::Result<UnknownAttempt> {
    let row = sqlx::query!(
        r#"UPDATE messages
              SET unknown_attempts = unknown_attempts + CASE state WHEN 'sending' THEN 1 ELSE 0 END, state = 'unknown'
            WHERE message_id = $1 AND attempts = $2 AND state IN ('sending', 'unknown')
           RETURNING attempted_at AS "attempted_at!", unknown_attempts"#,
        id.0,
        attempt,
    )
    .fetch_one(tx.conn())
    .await?;
    let unknown_attempts = u32::try_from(row.unknown_attempts).unwrap_or(u32::MAX);
    Ok(UnknownAttempt { began_at: row.attempted_at, unknown_attempts })
}

/// SendGrid has it. What an event has told before is more, and stays.
pub(super) async fn mark_sent(tx: &mut TenantTx, id: MessageId, provider_id: Option<&str>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE messages
            SET state = CASE WHEN state IN ('queued', 'sending', 'unknown') THEN 'sent' ELSE state END,
                provider_id = coalesce($2, provider_id)
          WHERE message_id = $1",
        id.0,
        provider_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It will not be sent, and why.
pub(super) async fn mark_failed(tx: &mut TenantTx, id: MessageId, why: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE messages SET state = 'failed', failure = left($2, 500), settled_at = $3
          WHERE message_id = $1 AND state IN ('queued', 'sending')",
        id.0,
        why,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was heard: of this mail, processed or not, and of any.
pub(super) async fn evidence(tx: &mut TenantTx, id: MessageId) -> sqlx::Result<Evidence> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM webhook_inbox i WHERE i.provider = 'sendgrid' AND i.payload ->> 'message' = $1)
                  AS "told!",
                  (SELECT c.heard_at FROM webhook_channels c WHERE c.provider = 'sendgrid') AS heard_at"#,
        id.to_string(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Evidence { event_for_this_mail: row.told, channel_heard_at: row.heard_at })
}
