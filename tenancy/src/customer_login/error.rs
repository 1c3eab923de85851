use crate::{FieldErrors, db::DbError, sessions::SessionError};

/// Every way that a customer's log-in can fail.
#[derive(Debug, thiserror::Error)]
pub enum CustomerLoginError {
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    /// Wrong, used, too old, or tried too often: one answer.
    #[error("this code or link does not work: ask for a new one")]
    WrongCode,
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<sqlx::Error> for CustomerLoginError {
    fn from(error: sqlx::Error) -> Self {
        Self::Session(error.into())
    }
}

impl From<DbError> for CustomerLoginError {
    fn from(error: DbError) -> Self {
        Self::Session(error.into())
    }
}
