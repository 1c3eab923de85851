use crate::{db::DbError, sessions::SessionError};

/// Every way that a use case on the second factor can fail.
#[derive(Debug, thiserror::Error)]
pub enum TotpError {
    #[error("the second step is on already")]
    AlreadyOn,
    #[error("the second step is not on")]
    NotOn,
    #[error("there is nothing to confirm: start again")]
    NotBegun,
    #[error("the code is wrong or was used before")]
    WrongCode,
    #[error("the password is wrong")]
    WrongPassword,
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<sqlx::Error> for TotpError {
    fn from(error: sqlx::Error) -> Self {
        Self::Session(error.into())
    }
}

impl From<DbError> for TotpError {
    fn from(error: DbError) -> Self {
        Self::Session(error.into())
    }
}
