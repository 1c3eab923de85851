use crate::{
    FieldErrors,
    db::DbError,
    passwords::{PasswordError, PasswordRefusal},
    sessions::SessionError,
};

/// Every way that a use case on invitations can fail.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    #[error("there is no such invitation")]
    NotFound,
    #[error("this address is invited already")]
    AlreadyInvited,
    #[error("this address belongs to a member already")]
    AlreadyMember,
    /// Accepted, revoked, too old, or its sender is no admin any more.
    #[error("this invitation does not work any more: ask for a new one")]
    Ended,
    #[error("this invitation is for another e-mail address")]
    OtherAddress,
    #[error("the password is wrong")]
    WrongPassword,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for InvitationError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|e| e.constraint()) {
            Some("invitations_open_email_key") => Self::AlreadyInvited,
            Some("members_pkey") => Self::AlreadyMember,
            _ => Self::Db(error.into()),
        }
    }
}

impl From<PasswordRefusal> for InvitationError {
    fn from(refusal: PasswordRefusal) -> Self {
        Self::Password(refusal.into())
    }
}
