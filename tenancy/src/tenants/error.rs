use crate::{FieldErrors, db::DbError};

/// Every way that a use case on a company or its branding can fail.
#[derive(Debug, thiserror::Error)]
pub enum CompanyError {
    #[error("there is no such company")]
    NotFound,
    #[error("the company changed while you were looking at it")]
    Stale,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for CompanyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}
