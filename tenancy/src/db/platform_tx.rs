//! The cross-tenant paths: what must be done before a tenant is known, or for all of them.
//!
//! Each is a database role with the few grants it needs (`rls-policies/policies`), and each use is listed by file in
//! the architecture test. None of them can read a customer, a job or an invoice.

use std::{sync::Arc, time::Duration};

use sqlx::PgConnection;

use super::{
    Transaction, commits,
    config::DatabaseConfig,
    error::DbError,
    nudge::{Nudge, Pending},
    pool::{self, Loan, LoginPool},
};

/// A cross-tenant path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// Log-in, sessions, resets, accepting invitations.
    Identity,
    /// Opening a company.
    SignUp,
    /// Claiming tasks; seeing whose audit chain is behind.
    Dispatch,
    /// Storing vendors' callbacks.
    Intake,
    /// Reports of the deployment's operator.
    Operator,
    /// Deleting what was only for a while.
    Purge,
}

impl Path {
    pub const ALL: [Self; 6] =
        [Self::Identity, Self::SignUp, Self::Dispatch, Self::Intake, Self::Operator, Self::Purge];

    const fn login(self) -> &'static str {
        match self {
            Self::Identity => "surv_identity_login",
            Self::SignUp => "surv_signup_login",
            Self::Dispatch => "surv_dispatch_login",
            Self::Intake => "surv_intake_login",
            Self::Operator => "surv_operator_login",
            Self::Purge => "surv_purge_login",
        }
    }

    const fn begin_statements(self) -> &'static str {
        match self {
            Self::Identity => "BEGIN; SET LOCAL ROLE surv_identity",
            Self::SignUp => "BEGIN; SET LOCAL ROLE surv_signup",
            Self::Dispatch => "BEGIN; SET LOCAL ROLE surv_dispatch",
            Self::Intake => "BEGIN; SET LOCAL ROLE surv_intake",
            Self::Operator => "BEGIN READ ONLY; SET LOCAL ROLE surv_operator",
            Self::Purge => "BEGIN; SET LOCAL ROLE surv_purge",
        }
    }
}

/// Opens transactions of the cross-tenant paths. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PlatformDb {
    pools: Arc<[LoginPool; 6]>,
    nudge: Nudge,
}

impl PlatformDb {
    pub fn new(config: &DatabaseConfig) -> Self {
        let wait = Duration::from_millis(config.pool.wait_ms);
        let pools = Path::ALL.map(|path| LoginPool::new(config.options(path.login()), config.pool.path, wait));
        Self { pools: Arc::new(pools), nudge: Nudge::default() }
    }

    /// The same, sending this nudge after commits that enqueued tasks.
    #[must_use]
    pub fn nudging(self, nudge: &Nudge) -> Self {
        Self { nudge: nudge.clone(), ..self }
    }

    /// Opens a transaction of one path.
    ///
    /// # Errors
    /// [`DbError::Busy`] and [`DbError::Unreachable`] when there is no connection.
    #[tracing::instrument(name = "db.begin_platform", level = "debug", skip(self), err(level = "debug"))]
    pub async fn begin(&self, path: Path) -> Result<PlatformTx, DbError> {
        let position = Path::ALL.iter().position(|p| *p == path).unwrap_or_default();
        let (loan, _) = self.pools[position].begin(path.begin_statements()).await?;
        Ok(PlatformTx { loan: Some(loan), nudge: Pending::new(&self.nudge) })
    }
}

/// A transaction of one cross-tenant path; rolls back when dropped.
#[derive(Debug)]
pub struct PlatformTx {
    loan: Option<Loan>,
    nudge: Pending,
}

impl PlatformTx {
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.loan.as_mut().expect("the loan is only taken by commit and drop").inner
    }

    /// Makes everything since `begin` last, or nothing of it.
    ///
    /// # Errors
    /// [`DbError::OutcomeUnknown`] when COMMIT was sent and no answer came.
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

impl Transaction for PlatformTx {
    fn conn(&mut self) -> &mut PgConnection {
        Self::conn(self)
    }

    fn nudge_on_commit(&mut self) {
        self.nudge.wanted = true;
    }
}

impl Drop for PlatformTx {
    fn drop(&mut self) {
        if let Some(loan) = self.loan.take() {
            pool::roll_back_later(loan);
        }
    }
}
