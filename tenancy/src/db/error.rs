//! How opening or ending a transaction can fail.

/// Why the database no longer admits a token that is otherwise valid; see `app.admit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdmissionRefusal {
    /// Logged out, ended from another device, or expired.
    SessionEnded,
    /// The token, or one that it descends from, was revoked.
    Revoked,
    /// Not, or no longer, an active member or customer here.
    NotAMember,
    /// The member has another role than the token says: a new token will do.
    RoleChanged,
    /// The company has closed its account.
    CompanyClosed,
}

/// Every way a transaction can fail apart from its own statements.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("the token is no longer admitted")]
    Refused(AdmissionRefusal),
    #[error("no database connection became free in time")]
    Busy,
    #[error("the database cannot be reached")]
    Unreachable(#[source] sqlx::Error),
    /// COMMIT was sent and no answer came: it may or may not have happened. The idempotency key decides on retry.
    #[error("the outcome of the transaction is unknown")]
    OutcomeUnknown(#[source] sqlx::Error),
    #[error("the database answered with an error")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => Self::Unreachable(error),
            other => Self::Database(other),
        }
    }
}
