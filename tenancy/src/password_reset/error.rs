use crate::{
    FieldErrors,
    db::DbError,
    passwords::{PasswordError, PasswordRefusal},
};

/// Every way that a password reset can fail.
#[derive(Debug, thiserror::Error)]
pub enum PasswordResetError {
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("this link was used before or is too old: ask for a new one")]
    LinkEnded,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for PasswordResetError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl From<PasswordRefusal> for PasswordResetError {
    fn from(refusal: PasswordRefusal) -> Self {
        Self::Password(refusal.into())
    }
}
