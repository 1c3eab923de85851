//! Cursors: where a list goes on, for the caller it was given to.
//!
//! A cursor carries the list's name, filter and tenant under a keyed hash, so it can't be altered, used on another
//! list or by another company.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use surv_tenancy::{Actor, secrets::Sealer};

use crate::problem::{Problem, ProblemKind};

/// How many items a page holds unless asked otherwise, and at most.
pub const DEFAULT_LIMIT: u16 = 50;
pub const MAX_LIMIT: u16 = 200;

/// The page size asked for.
///
/// # Errors
/// A problem unless it is between 1 and [`MAX_LIMIT`].
pub fn limit(asked: Option<u16>) -> Result<usize, Problem> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(usize::from(limit)),
        _ => Err(Problem::new(ProblemKind::InvalidParameter).field("limit", format!("is between 1 and {MAX_LIMIT}"))),
    }
}

/// Makes and reads the cursors of one list as one caller filters it.
#[derive(Debug, Clone)]
pub struct Cursors {
    sealer: Sealer,
    context: [u8; 32],
}

impl Cursors {
    /// `list` is the operation's name, `filter` whatever narrows or sorts the list.
    pub fn new(sealer: &Sealer, actor: &Actor, list: &str, filter: &impl Serialize) -> Self {
        let mut hash = Sha256::new();
        hash.update(actor.tenant_id.0);
        hash.update(actor.user_id().map(|id| id.0).unwrap_or_default());
        hash.update(list.as_bytes());
        hash.update(serde_json::to_vec(filter).unwrap_or_default());
        Self { sealer: sealer.clone(), context: hash.finalize().into() }
    }

    fn mac(&self, position: &[u8]) -> [u8; 32] {
        self.sealer.keyed_hash("cursor", &[&self.context, position])
    }

    /// The cursor for a position.
    pub fn write(&self, position: &impl Serialize) -> String {
        let bytes = serde_json::to_vec(position).unwrap_or_default();
        let mut all = self.mac(&bytes)[..16].to_vec();
        all.extend(bytes);
        URL_SAFE_NO_PAD.encode(all)
    }

    /// The position of a cursor.
    ///
    /// # Errors
    /// [`ProblemKind::InvalidCursor`] for anything not made by [`Cursors::write`] for this list and caller.
    pub fn read<P: DeserializeOwned>(&self, cursor: Option<&str>) -> Result<Option<P>, Problem> {
        let Some(cursor) = cursor else { return Ok(None) };
        let refuse = || Problem::new(ProblemKind::InvalidCursor);
        let all = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refuse())?;
        let (mac, bytes) = all.split_at_checked(16).ok_or_else(refuse)?;
        if self.mac(bytes)[..16] != *mac {
            return Err(refuse());
        }
        serde_json::from_slice(bytes).map(Some).map_err(|_| refuse())
    }
}
