//! Narrowing a token. Needs no key and no network: whoever holds a token can hand on a weaker one.

use std::collections::BTreeSet;

use biscuit_auth::{BlockBuilder, UnverifiedBiscuit};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    confinement::ConfinedKind,
    ids::{CustomerId, InvoiceId, JobId},
};

use super::{
    claims::{Operation, Subject},
    error::TokenError,
    gate, shape,
};

/// What the narrower token may still do. What is empty or absent is not narrowed.
///
/// Jobs, invoices and customers together are one list: the token reaches what hangs off any of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attenuation {
    pub jobs: Vec<JobId>,
    pub invoices: Vec<InvoiceId>,
    pub customers: Vec<CustomerId>,
    pub operations: Vec<Operation>,
    pub subjects: Vec<Subject>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why a token was not narrowed.
#[derive(Debug, thiserror::Error)]
pub enum AttenuateError {
    #[error("this is not a token")]
    Malformed,
    #[error("there is nothing to narrow the token to")]
    Nothing,
    #[error("the token is sealed: it cannot be narrowed any more")]
    Sealed,
    /// The server would not take the result: too many blocks or ids.
    #[error("such a token would not be accepted: {0}")]
    Unacceptable(&'static str),
}

/// A token that may do no more than `token`, and no more than `to` says.
pub fn attenuate(token: &str, to: &Attenuation) -> Result<String, AttenuateError> {
    let block = to.block()?;
    // The library takes any bytes that parse; whoever narrows should learn now what the server refuses.
    let parent = gate::admit(token).map_err(unacceptable)?;
    if parent.sealed {
        return Err(AttenuateError::Sealed);
    }
    let parent = UnverifiedBiscuit::from(&parent.bytes).map_err(|_| AttenuateError::Malformed)?;
    let child = parent.append(block).and_then(|child| child.to_base64()).map_err(|_| AttenuateError::Malformed)?;
    gate::admit(&child).and_then(|child| child.authority_limits()).map_err(unacceptable)?;
    Ok(child)
}

impl Attenuation {
    /// All things on one list, whatever their kind.
    fn things(&self) -> BTreeSet<(ConfinedKind, Uuid)> {
        let jobs = self.jobs.iter().map(|id| (ConfinedKind::Job, id.0));
        let invoices = self.invoices.iter().map(|id| (ConfinedKind::Invoice, id.0));
        let customers = self.customers.iter().map(|id| (ConfinedKind::Customer, id.0));
        jobs.chain(invoices).chain(customers).collect()
    }

    fn block(&self) -> Result<BlockBuilder, AttenuateError> {
        let mut checks = Vec::new();
        let things = self.things();
        if !things.is_empty() {
            checks.push(shape::things_check(&things));
        }
        if !self.operations.is_empty() {
            checks.push(shape::operations_check(&self.operations.iter().copied().collect()));
        }
        if !self.subjects.is_empty() {
            checks.push(shape::subjects_check(&self.subjects.iter().copied().collect()));
        }
        if let Some(at) = self.expires_at {
            checks.push(shape::until_check(at).ok_or(AttenuateError::Unacceptable("a date is out of range"))?);
        }
        if checks.is_empty() {
            return Err(AttenuateError::Nothing);
        }
        let block = checks.into_iter().try_fold(BlockBuilder::new(), BlockBuilder::check);
        block.map_err(|_| AttenuateError::Unacceptable("the block could not be built"))
    }
}

fn unacceptable(error: TokenError) -> AttenuateError {
    match error {
        TokenError::Refused(reason) => AttenuateError::Unacceptable(reason),
        _ => AttenuateError::Malformed,
    }
}
