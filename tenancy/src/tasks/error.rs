use crate::{FieldErrors, db::DbError};

/// Every way that a use case on tasks can fail.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    #[error("there is no such task")]
    NotFound,
    #[error("the task has not failed for good: it is tried again by itself")]
    NotDead,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for TaskError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}
