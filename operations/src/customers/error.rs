//! Every way a use case on customers can fail.

use surv_tenancy::FieldErrors;

#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    #[error("there is no such customer")]
    NotFound,
    #[error("the customer changed while you were looking at it")]
    Stale,
    #[error("the customer still has open jobs")]
    OpenJobs,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("database")]
    Database(#[from] sqlx::Error),
}
