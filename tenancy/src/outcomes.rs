//! The first outcome of a request to log in, refresh, accept and the like, kept under the client's Idempotency-Key in
//! the transaction that did the work.
//!
//! [`crate::idempotency`] keeps the answers of people who are logged in to a company. These requests have no company
//! yet, and their outcomes hold tokens, so a row is encrypted under a key that takes the client's own Idempotency-Key
//! to make, which is stored nowhere. Two at once both do the work; the second finds the first's row when it wants to
//! store its own, is rolled back and gets the first's outcome.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Identity,
    db::{DbError, PlatformTx},
    secrets::{SealError, Sealer},
};

/// A client's key together with what it was sent for.
#[derive(Clone)]
pub struct Key {
    parts: [Vec<u8>; 3],
    key_hash: [u8; 32],
    request_hash: [u8; 32],
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// Why an earlier outcome can't be told.
#[derive(Debug, thiserror::Error)]
pub enum OutcomeError {
    #[error("the key was used for another request")]
    Reused,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Key {
    /// `about` is the address, secret or person that the request is about: the same key for somebody else is another
    /// key. `request` is the parsed request.
    pub fn new(sealer: &Sealer, key: &str, operation: &str, about: &str, request: &[u8]) -> Self {
        let parts = [operation, about, key].map(|part| part.as_bytes().to_vec());
        let key_hash = sealer.keyed_hash("outcome.key", &refs(&parts));
        let request_hash = sealer.keyed_hash("outcome.request", &[operation.as_bytes(), request]);
        Self { parts, key_hash, request_hash }
    }
}

fn refs(parts: &[Vec<u8>; 3]) -> [&[u8]; 3] {
    [&parts[0], &parts[1], &parts[2]]
}

impl Identity {
    /// The same, for a request with a key.
    #[must_use]
    pub fn under(self, key: Option<Key>) -> Self {
        Self { key: key.map(std::sync::Arc::new), ..self }
    }

    /// What the request's key led to before, if it has one and did.
    ///
    /// # Errors
    /// [`OutcomeError::Reused`] when it was another request.
    pub async fn earlier<T: DeserializeOwned>(&self) -> Result<Option<T>, OutcomeError> {
        let Some(key) = self.key.as_deref() else { return Ok(None) };
        let mut tx = self.begin().await?;
        let row =
            sqlx::query!("SELECT request_hash, sealed FROM kept_outcomes WHERE key_hash = $1", key.key_hash.as_slice())
                .fetch_optional(tx.conn())
                .await
                .map_err(DbError::from)?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        if row.request_hash != key.request_hash {
            return Err(OutcomeError::Reused);
        }
        let plain = self.sealer.open_under(&refs(&key.parts), &row.sealed).map_err(broken)?;
        Ok(Some(serde_json::from_slice(&plain).map_err(broken)?))
    }

    /// Commits the work together with its outcome; if the same request was faster, undoes it and answers as that one.
    pub(crate) async fn finish<T: Serialize + DeserializeOwned>(
        &self,
        mut tx: PlatformTx,
        outcome: T,
    ) -> Result<T, DbError> {
        if let Some(key) = self.key.as_deref() {
            let plain = serde_json::to_vec(&outcome).map_err(broken)?;
            let sealed = self.sealer.seal_under(&refs(&key.parts), &plain).map_err(broken)?;
            let kept = sqlx::query!(
                "INSERT INTO kept_outcomes (key_hash, request_hash, sealed, created_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (key_hash) DO NOTHING",
                key.key_hash.as_slice(),
                key.request_hash.as_slice(),
                sealed,
                self.now(),
            )
            .execute(tx.conn())
            .await?;
            if kept.rows_affected() == 0 {
                drop(tx);
                return match self.earlier().await {
                    Ok(first) => Ok(first.unwrap_or(outcome)),
                    // The API looked before: so it came in between, and the next look will tell.
                    Err(OutcomeError::Reused) => Err(DbError::Busy),
                    Err(OutcomeError::Db(error)) => Err(error),
                };
            }
        }
        tx.commit().await?;
        Ok(outcome)
    }
}

trait Unreadable: std::error::Error + Send + Sync + 'static {}
impl Unreadable for SealError {}
impl Unreadable for serde_json::Error {}

fn broken(error: impl Unreadable) -> DbError {
    DbError::Database(sqlx::Error::Decode(Box::new(error)))
}
