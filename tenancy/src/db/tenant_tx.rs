//! The only door to tenant rows.

use std::{sync::Arc, time::Duration};

use sqlx::PgConnection;

pub use super::context::Access;
use super::{
    Transaction, commits,
    config::DatabaseConfig,
    context::begin_statements,
    error::{AdmissionRefusal, DbError},
    nudge::{Nudge, Pending},
    pool::{self, Loan, LoginPool},
};
use crate::{
    actor::Actor,
    capability::{Capability, CapabilitySet},
    role::Persona,
};

/// Opens transactions that see what their actor may see. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TenantDb {
    pools: Arc<[LoginPool; 5]>,
    nudge: Nudge,
}

impl TenantDb {
    /// Pools for all personas; connections are made when first needed.
    pub fn new(config: &DatabaseConfig) -> Self {
        let wait = Duration::from_millis(config.pool.wait_ms);
        let pools = Persona::ALL.map(|persona| {
            let size = if persona == Persona::Worker { config.pool.worker } else { config.pool.persona };
            LoginPool::new(config.options(persona.login()), size, wait)
        });
        Self { pools: Arc::new(pools), nudge: Nudge::default() }
    }

    /// What is sent after commits that enqueued tasks.
    pub const fn nudge(&self) -> &Nudge {
        &self.nudge
    }

    fn pool_of(&self, persona: Persona) -> &LoginPool {
        let position = Persona::ALL.iter().position(|p| *p == persona).unwrap_or_default();
        &self.pools[position]
    }

    /// Opens a transaction that may write.
    ///
    /// Role, tenant, actor and confinement are set for this transaction only, and the database decides in the same
    /// round trip whether the session is still admitted.
    ///
    /// # Errors
    /// [`DbError::Refused`] when it is not; [`DbError::Busy`] and [`DbError::Unreachable`] when there is no connection.
    pub async fn begin(&self, actor: &Actor) -> Result<TenantTx, DbError> {
        self.open(actor, Access::Write).await
    }

    /// Opens a read-only transaction; otherwise as [`TenantDb::begin`].
    ///
    /// # Errors
    /// As [`TenantDb::begin`].
    pub async fn read(&self, actor: &Actor) -> Result<TenantTx, DbError> {
        self.open(actor, Access::Read).await
    }

    #[tracing::instrument(name = "db.begin", level = "debug", skip_all, err(level = "debug"), fields(tenant.id = %actor.tenant_id))]
    async fn open(&self, actor: &Actor, access: Access) -> Result<TenantTx, DbError> {
        let (loan, verdict) = self.pool_of(actor.persona()).begin(&begin_statements(actor, access)).await?;
        let nudge = Pending::new(&self.nudge);
        let mut tx = TenantTx { loan: Some(loan), actor: actor.clone(), denied: CapabilitySet::default(), nudge };
        if let Some(verdict) = verdict {
            // On refusal `tx` is dropped here, which rolls back.
            tx.denied = admitted(&verdict)?;
        }
        Ok(tx)
    }
}

/// Reads the answer of `app.admit`.
fn admitted(verdict: &str) -> Result<CapabilitySet, DbError> {
    let mut words = verdict.split(' ');
    match words.next() {
        Some("ok") => Ok(words.filter_map(|word| word.parse::<Capability>().ok()).collect()),
        Some("revoked") => Err(DbError::Refused(AdmissionRefusal::Revoked)),
        Some("not_a_member") => Err(DbError::Refused(AdmissionRefusal::NotAMember)),
        Some("role_changed") => Err(DbError::Refused(AdmissionRefusal::RoleChanged)),
        Some("company_closed") => Err(DbError::Refused(AdmissionRefusal::CompanyClosed)),
        _ => Err(DbError::Refused(AdmissionRefusal::SessionEnded)),
    }
}

/// A transaction that sees one tenant as one persona.
///
/// Dropped without [`TenantTx::commit`], it rolls back in the background: the right end for a read.
#[derive(Debug)]
pub struct TenantTx {
    loan: Option<Loan>,
    actor: Actor,
    denied: CapabilitySet,
    nudge: Pending,
}

impl TenantTx {
    /// For whom it was opened.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whether the member's own permissions leave this capability of the role.
    pub fn permits(&self, capability: Capability) -> bool {
        !self.denied.contains(capability)
    }

    /// The connection, for the statements of a slice's `store`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.loan.as_mut().expect("the loan is only taken by commit and drop").inner
    }

    /// Makes everything since `begin` last, or nothing of it.
    ///
    /// # Errors
    /// [`DbError::OutcomeUnknown`] when COMMIT was sent and no answer came.
    #[tracing::instrument(name = "db.commit", level = "debug", skip_all, err(level = "debug"))]
    pub async fn commit(mut self) -> Result<(), DbError> {
        let mut loan = self.loan.take().expect("the loan is only taken by commit and drop");
        let outcome = pool::end(&mut loan, "COMMIT").await.map_err(|error| {
            if pool::is_lost(&error) { DbError::OutcomeUnknown(error) } else { DbError::Database(error) }
        });
        commits::note(outcome)?;
        self.nudge.committed();
        Ok(())
    }
}

impl Transaction for TenantTx {
    fn conn(&mut self) -> &mut PgConnection {
        Self::conn(self)
    }

    fn nudge_on_commit(&mut self) {
        self.nudge.wanted = true;
    }
}

impl Drop for TenantTx {
    fn drop(&mut self) {
        if let Some(loan) = self.loan.take() {
            pool::roll_back_later(loan);
        }
    }
}
