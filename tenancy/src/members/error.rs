use crate::{FieldErrors, db::DbError};

/// Every way that a use case on members can fail.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    #[error("there is no such member")]
    NotFound,
    #[error("the member changed while you were looking at them")]
    Stale,
    #[error("the company needs an active admin who manages members: make another one first")]
    LastAdmin,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for MemberError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}
