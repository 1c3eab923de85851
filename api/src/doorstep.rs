//! Requests about a log-in, made before or beside a company's transaction: counted against address and account, and
//! each done once for its Idempotency-Key.

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};
use surv_tenancy::{
    Actor, Identity,
    outcomes::{Key, OutcomeError},
    sessions,
};

use crate::{
    caller::{Caller, Visitor},
    door::{Door, IdempotencyKey},
    problem::{ApiResult, Problem, ProblemKind},
};

impl Door {
    /// Counts the request against its address, and against the account that it names.
    ///
    /// # Errors
    /// 429.
    pub async fn anonymous(&self, visitor: &Visitor, email: Option<&str>) -> ApiResult<Identity> {
        let deps = self.deps();
        deps.limits.check_address(visitor.address).await?;
        if let Some(email) = email {
            deps.limits.check_account(email).await?;
        }
        Ok(deps.identity.for_request(visitor.request_id))
    }

    /// The use cases of the caller's own account.
    pub fn account(&self, caller: &Caller) -> Identity {
        self.deps().identity.for_request(caller.request_id)
    }
}

/// Does a visitor's request, or answers as the first time that its key came. `about` is the address or secret that the
/// request is about, so that no two people's keys meet.
///
/// # Errors
/// The work's; 422 when the key was used for another request.
pub async fn once<T, E, W>(
    identity: Identity,
    key: &IdempotencyKey,
    (operation, about): (&str, &str),
    request: &impl Serialize,
    work: impl FnOnce(Identity) -> W,
) -> ApiResult<T>
where
    T: DeserializeOwned,
    Problem: From<E>,
    W: Future<Output = Result<T, E>>,
{
    let identity = keyed(identity, key, (operation, about), request);
    if let Some(first) = identity.earlier().await? {
        return Ok(first);
    }
    match work(identity.clone()).await {
        Ok(outcome) => Ok(outcome),
        // Of two at once one may be refused because of what the other used up.
        Err(error) => identity.earlier().await?.ok_or_else(|| error.into()),
    }
}

/// [`once`] for somebody who is logged in: a kept secret is shown to a session that still stands.
///
/// # Errors
/// As [`once`]; 401 when the session has ended.
pub async fn once_for<T, E, W>(
    (identity, actor): (Identity, &Actor),
    key: &IdempotencyKey,
    operation: &str,
    request: &impl Serialize,
    work: impl FnOnce(Identity) -> W,
) -> ApiResult<T>
where
    T: DeserializeOwned,
    Problem: From<E>,
    W: Future<Output = Result<T, E>>,
{
    let about = actor.user_id().map(|id| id.to_string()).unwrap_or_default();
    let keyed = keyed(identity.clone(), key, (operation, &about), request);
    if let Some(first) = keyed.earlier().await? {
        sessions::check_live(&identity, actor).await?;
        return Ok(first);
    }
    once(identity, key, (operation, &about), request, work).await
}

fn keyed(
    identity: Identity,
    key: &IdempotencyKey,
    (operation, about): (&str, &str),
    request: &impl Serialize,
) -> Identity {
    let body = serde_json::to_vec(request).unwrap_or_default();
    let key = key.0.as_deref().map(|key| Key::new(&identity.sealer, key, operation, about, &body));
    identity.under(key)
}

impl From<OutcomeError> for Problem {
    fn from(error: OutcomeError) -> Self {
        match error {
            OutcomeError::Reused => Self::new(ProblemKind::KeyReused),
            OutcomeError::Db(error) => error.into(),
        }
    }
}
