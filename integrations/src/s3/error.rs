//! Every way a call to storage can fail, told apart by what a task may do about it.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

/// Its text holds no key, address or answer, so it may be logged.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("there is no such object")]
    NotFound,
    /// The object is larger than the caller would take.
    #[error("the object is larger than {most} bytes")]
    TooLarge { most: u64 },
    /// Storage answered, and refused: usually our key, the bucket or a policy of it.
    #[error("storage refused with {status} {code}")]
    Refused { status: u16, code: String },
    /// No answer, or one of a server in trouble: the same call may be made again.
    #[error("storage does not answer")]
    Unavailable,
    /// A request that cannot be made, such as one that is to be valid for longer than a week.
    #[error("the request to storage could not be made")]
    Unmakeable,
}

impl StorageError {
    /// Whether the same call may work later.
    pub const fn is_transient(&self) -> bool {
        match self {
            // A key that is being rotated.
            Self::Refused { status, .. } => matches!(status, 403 | 429),
            Self::Unavailable => true,
            Self::NotFound | Self::TooLarge { .. } | Self::Unmakeable => false,
        }
    }
}

impl<E: ProvideErrorMetadata> From<SdkError<E, HttpResponse>> for StorageError {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let SdkError::ServiceError(answer) = &error else {
            return match error {
                SdkError::ConstructionFailure(_) => Self::Unmakeable,
                _ => Self::Unavailable,
            };
        };
        match answer.raw().status().as_u16() {
            404 if answer.err().code() != Some("NoSuchBucket") => Self::NotFound,
            status @ (408 | 500..=599) => {
                tracing::debug!(status, "storage is in trouble");
                Self::Unavailable
            }
            status => {
                let code: String = answer.err().code().unwrap_or_default().chars().take(60).collect();
                Self::Refused { status, code }
            }
        }
    }
}
