//! Every way a use case on contacts can fail.

use surv_tenancy::FieldErrors;

#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    #[error("there is no such contact")]
    NotFound,
    #[error("there is no such customer, or it is archived")]
    NoSuchCustomer,
    #[error("the contact changed while you were looking at it")]
    Stale,
    #[error("the contact is archived: bring it back first")]
    Archived,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("database")]
    Database(#[from] sqlx::Error),
}
