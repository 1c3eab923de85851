//! From a caller to an open transaction, and from a use case to a kept answer.

use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody};
use serde::Serialize;
use surv_tenancy::{
    Actor, Capability,
    db::TenantTx,
    idempotency::{self, Answer, Claimed, Key},
    token::{Need, Subject, TokenKind, VerifiedToken},
};

use crate::{
    caller::Caller,
    deps::Deps,
    json::{Empty, Reply, Versioned},
    problem::{ApiResult, Problem, ProblemKind},
};

const PEOPLE: &[TokenKind] = &[TokenKind::Access, TokenKind::ApiKey, TokenKind::Delegate, TokenKind::Impersonation];
/// What a link may do, people may do as well.
const PEOPLE_AND_LINKS: &[TokenKind] =
    &[TokenKind::Access, TokenKind::ApiKey, TokenKind::Delegate, TokenKind::Impersonation, TokenKind::Link];

/// Opens transactions for callers.
#[derive(Debug, Clone)]
pub struct Door {
    deps: Deps,
}

impl Door {
    pub const fn new(deps: Deps) -> Self {
        Self { deps }
    }

    pub const fn deps(&self) -> &Deps {
        &self.deps
    }

    /// Checks the token against what the operation needs. A capability is refused here before the database is asked.
    ///
    /// # Errors
    /// 401 for a token that is not valid, 403 for one that does not allow this.
    pub fn require(&self, caller: &Caller, capability: Capability, subject: Subject) -> ApiResult<Arc<VerifiedToken>> {
        let kinds = match capability {
            Capability::PortalRead | Capability::PortalWrite | Capability::FilesRead | Capability::EventsRead => {
                PEOPLE_AND_LINKS
            }
            _ => PEOPLE,
        };
        let need = Need::of(Arc::clone(&self.deps.config.audience), kinds, capability, subject);
        Ok(self.deps.verifier.verify(&caller.token, &need, self.deps.clock().now())?)
    }

    /// The actor of an operation on the caller's own session, which needs no capability.
    ///
    /// # Errors
    /// 401 for a token that is not valid.
    pub fn own(&self, caller: &Caller, operation: surv_tenancy::token::Operation) -> ApiResult<Actor> {
        let need = Need {
            audience: Arc::clone(&self.deps.config.audience),
            kinds: PEOPLE_AND_LINKS,
            capability: None,
            operation,
            subject: Subject::Sessions,
        };
        let token = self.deps.verifier.verify(&caller.token, &need, self.deps.clock().now())?;
        Ok(token.actor(Some(caller.request_id)))
    }

    /// A read-only transaction for the caller.
    ///
    /// # Errors
    /// As [`Door::require`]; 401 when the session has ended; 503 when the database is busy.
    pub async fn read(&self, caller: &Caller, capability: Capability, subject: Subject) -> ApiResult<TenantTx> {
        let actor = self.require(caller, capability, subject)?.actor(Some(caller.request_id));
        self.deps.limits.check_actor(&actor).await?;
        permitted(self.deps.tenant_db.read(&actor).await?, capability)
    }

    /// A transaction for the caller that may change things.
    ///
    /// # Errors
    /// As [`Door::read`].
    pub async fn write(&self, caller: &Caller, capability: Capability, subject: Subject) -> ApiResult<TenantTx> {
        let actor = self.require(caller, capability, subject)?.actor(Some(caller.request_id));
        self.deps.limits.check_actor(&actor).await?;
        permitted(self.deps.tenant_db.begin(&actor).await?, capability)
    }

    /// A transaction for a POST: if the Idempotency-Key was used before, its first answer instead.
    ///
    /// # Errors
    /// As [`Door::read`]; 422 when the key was used for another request.
    pub async fn once(
        &self,
        caller: &Caller,
        (capability, subject): (Capability, Subject),
        key: IdempotencyKey,
        operation: &str,
        request: &impl Serialize,
    ) -> ApiResult<Once> {
        let mut tx = self.write(caller, capability, subject).await?;
        let Some(key) = key.0 else {
            return Ok(Once::First(First { tx, key: None, live: self.deps.live.clone() }));
        };
        let body = serde_json::to_vec(request).unwrap_or_default();
        let key = Key::new(&key, &tx.actor().confinement, operation, &body);
        match idempotency::claim(&mut tx, &key).await? {
            Claimed::First => Ok(Once::First(First { tx, key: Some(key), live: self.deps.live.clone() })),
            Claimed::Again(answer) => Ok(Once::Again(answer)),
            Claimed::Reused => Err(Problem::new(ProblemKind::KeyReused)),
        }
    }

    /// Commits a change and tells those who watch.
    ///
    /// # Errors
    /// 503 when the outcome is unknown.
    pub async fn commit(&self, tx: TenantTx) -> ApiResult<()> {
        let tenant_id = tx.actor().tenant_id;
        tx.commit().await?;
        self.deps.live.nudge(tenant_id);
        Ok(())
    }
}

fn permitted(tx: TenantTx, capability: Capability) -> ApiResult<TenantTx> {
    if tx.permits(capability) {
        return Ok(tx);
    }
    Err(Problem::new(ProblemKind::Forbidden).detail("Your permissions don't include this."))
}

/// A POST's transaction.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "lives on the stack of one request")]
pub enum Once {
    First(First),
    Again(Answer),
}

/// The first time that a key is used, or a request without one.
#[derive(Debug)]
pub struct First {
    tx: TenantTx,
    key: Option<Key>,
    live: crate::live::Live,
}

impl First {
    pub const fn tx(&mut self) -> &mut TenantTx {
        &mut self.tx
    }

    /// Keeps the answer with the key and commits both with the work.
    ///
    /// # Errors
    /// 503 when the outcome is unknown.
    pub async fn finish<T: Serialize, const STATUS: u16>(
        mut self,
        reply: Reply<T, STATUS>,
    ) -> ApiResult<Reply<T, STATUS>> {
        if let Some(key) = &self.key {
            idempotency::store(&mut self.tx, key, &reply.answer()).await?;
        }
        let tenant_id = self.tx.actor().tenant_id;
        self.tx.commit().await?;
        self.live.nudge(tenant_id);
        Ok(reply)
    }

    /// [`First::finish`] without a body.
    ///
    /// # Errors
    /// As [`First::finish`].
    pub async fn finish_empty(mut self) -> ApiResult<Empty> {
        if let Some(key) = &self.key {
            let answer = Answer { status: 204, etag: None, body: None };
            idempotency::store(&mut self.tx, key, &answer).await?;
        }
        let tenant_id = self.tx.actor().tenant_id;
        self.tx.commit().await?;
        self.live.nudge(tenant_id);
        Ok(Empty)
    }

    /// [`First::finish`] with a versioned view.
    ///
    /// # Errors
    /// As [`First::finish`].
    pub async fn versioned<T: Serialize + Versioned, const STATUS: u16>(self, view: T) -> ApiResult<Reply<T, STATUS>> {
        self.finish(Reply::versioned(view)).await
    }
}

/// The client's key for a request that must not happen twice.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(pub Option<String>);

impl<'a> FromRequest<'a> for IdempotencyKey {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let Some(value) = request.headers().get("idempotency-key") else { return Ok(Self(None)) };
        let key = value
            .to_str()
            .ok()
            .filter(|key| (1..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
        match key {
            Some(key) => Ok(Self(Some(key.to_owned()))),
            None => Err(Problem::new(ProblemKind::InvalidParameter)
                .field("Idempotency-Key", "is 1 to 200 printable characters without spaces")
                .into()),
        }
    }
}
