//! What the identity use cases need: their door, their clock, their keys. Built once, cheap to clone.

use std::{future::Future, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    Clock, Ids, RequestId,
    db::{DbError, Path, PlatformDb, PlatformTx},
    links::LinkBuilder,
    outcomes,
    passwords::PasswordHasher,
    secrets::Sealer,
};

/// Surv itself, as a tenant: mails and events that belong to no company.
pub const PLATFORM: crate::TenantId = crate::TenantId(uuid::Uuid::nil());

/// The arguments that all identity use cases share.
#[derive(Debug, Clone)]
pub struct Identity {
    pub platform: PlatformDb,
    pub hasher: PasswordHasher,
    pub sealer: Sealer,
    pub links: LinkBuilder,
    pub clock: Clock,
    pub ids: Ids,
    /// The request that asks, for the audit log.
    pub request_id: Option<RequestId>,
    /// The request's Idempotency-Key, if it has one.
    pub key: Option<Arc<outcomes::Key>>,
    /// Where an answer must not tell whether an address exists, none comes sooner than this.
    pub answer_floor: Duration,
}

impl Identity {
    /// Longer than either way through takes on a machine that is not drowning.
    pub const ANSWER_FLOOR: Duration = Duration::from_millis(100);

    /// The same, on behalf of one request.
    #[must_use]
    pub fn for_request(&self, request_id: RequestId) -> Self {
        Self { request_id: Some(request_id), ..self.clone() }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) async fn begin(&self) -> Result<PlatformTx, DbError> {
        self.platform.begin(Path::Identity).await
    }

    /// Answers after the same time, whatever the work found.
    pub(crate) async fn evenly<T>(&self, work: impl Future<Output = T>) -> T {
        let (answer, ()) = tokio::join!(work, tokio::time::sleep(self.answer_floor));
        answer
    }
}
