//! Every way a use case on files can fail.

use surv_tenancy::FieldErrors;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("there is no such file")]
    NotFound,
    #[error("there is no such job or visit")]
    NoSuchPlace,
    #[error("the file changed while you were looking at it")]
    Stale,
    #[error("a token that is confined to some things can't be used for this")]
    Confined,
    #[error("only whoever uploaded a file, or the office, may do this")]
    NotTheUploader,
    #[error("the file is the company's logo: choose another one first")]
    InUse,
    #[error("the file has no image yet")]
    NotReady,
    #[error("the company has uploaded as much as it may today")]
    TooManyUploads,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("database")]
    Database(#[from] sqlx::Error),
}
