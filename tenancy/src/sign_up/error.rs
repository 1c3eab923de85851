use crate::{
    FieldErrors,
    db::DbError,
    passwords::{PasswordError, PasswordRefusal},
};

/// Every way that opening a company can fail.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("another company already has this address")]
    SlugTaken,
    #[error("this link was replaced by a newer one or is too old: sign up again")]
    LinkEnded,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for SignUpError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|e| e.constraint()) {
            Some("tenants_slug_key") => Self::SlugTaken,
            _ => Self::Db(error.into()),
        }
    }
}

impl From<PasswordRefusal> for SignUpError {
    fn from(refusal: PasswordRefusal) -> Self {
        Self::Password(refusal.into())
    }
}
