//! Revoking one token and all that descends from it: descendants carry its revocation id.

use chrono::{DateTime, Utc};

use crate::{
    Ids,
    db::{DbError, TenantTx},
    events::{self, Event},
    token::OpenedToken,
};

/// Every way that revoking can fail.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The token is of another company; said as if it were no token.
    #[error("this is not a token of this company")]
    Foreign,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for RevokeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Revokes a genuine token. Doing it twice is once.
///
/// # Errors
/// [`RevokeError::Foreign`].
#[tracing::instrument(name = "revoked_tokens.revoke", skip_all)]
pub async fn revoke(tx: &mut TenantTx, ids: &Ids, now: DateTime<Utc>, token: &OpenedToken) -> Result<(), RevokeError> {
    let (tenant_id, user_id) = (tx.actor().tenant_id, tx.actor().user_id());
    if token.claims().tenant_id != tenant_id {
        return Err(RevokeError::Foreign);
    }
    // The last block's: what was made from this token falls with it, what it was made from stays.
    let revocation_id = token.revocation_ids().last().map(Vec::as_slice).unwrap_or_default();
    let done = sqlx::query!(
        "INSERT INTO revoked_tokens (tenant_id, revocation_id, revoked_by, revoked_at, expires_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, revocation_id) DO NOTHING",
        tenant_id.0,
        revocation_id,
        user_id.map(|id| id.0).unwrap_or_default(),
        now,
        token.claims().expires_at,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 {
        let event = Event::new("token.revoked", "session", token.claims().session_id);
        events::record(tx, ids, now, event).await?;
    }
    Ok(())
}
