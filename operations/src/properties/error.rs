//! Every way a use case on properties can fail.

use surv_tenancy::FieldErrors;

#[derive(Debug, thiserror::Error)]
pub enum PropertyError {
    #[error("there is no such property")]
    NotFound,
    /// None, archived, or not for this caller: one answer.
    #[error("there is no such customer")]
    NoSuchCustomer,
    #[error("the property changed while you were looking at it")]
    Stale,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("database")]
    Database(#[from] sqlx::Error),
}
