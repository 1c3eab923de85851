use crate::{
    db::DbError,
    passwords::{PasswordError, PasswordRefusal},
    secrets::SealError,
};

/// Every way that a use case on sessions can fail.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// One answer for everything that may be wrong with a log-in.
    #[error("the e-mail address or the password is wrong")]
    Refused,
    #[error("the code is wrong or was used before")]
    WrongCode,
    /// The challenge expired, was used, or stood too many wrong answers.
    #[error("this log-in has to be started again")]
    StartAgain,
    #[error("the session has ended")]
    Ended,
    /// A request at the same time got the new pair: read the cookie again.
    #[error("another request has just used this refresh token")]
    JustRefreshed,
    #[error("there is no such session")]
    NotFound,
    #[error("a link or a narrowed token cannot do this")]
    Confined,
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Of a change of the password: not the one that is there.
    #[error(transparent)]
    NewPassword(PasswordRefusal),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for SessionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl From<PasswordRefusal> for SessionError {
    fn from(refusal: PasswordRefusal) -> Self {
        Self::Password(refusal.into())
    }
}
