//! Every way a use case on jobs can fail.

use surv_tenancy::FieldErrors;

use super::job::InvalidTransition;

#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error("there is no such job")]
    NotFound,
    /// None, archived, or not for this caller: one answer.
    #[error("there is no such customer")]
    NoSuchCustomer,
    /// None, archived, another customer's, or not for this caller: one answer.
    #[error("the customer has no such property")]
    NoSuchProperty,
    #[error("the job changed while you were looking at it")]
    Stale,
    #[error("only what is completed or cancelled can be archived")]
    StillOpen,
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("database")]
    Database(#[from] sqlx::Error),
}
