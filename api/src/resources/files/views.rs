//! What the API tells of files, and what it is told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use surv_operations::files::{File, FilePurpose, FileState, FileVisibility, NewFile, Rejection, Variant};
use surv_tenancy::{JobId, VisitId};
use uuid::Uuid;

use crate::json::Versioned;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "FilePurpose", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum PurposeView {
    /// The company's; an admin puts it into the branding.
    Logo,
    /// Of a job or one of its visits.
    JobPhoto,
}

/// Who may see a file once it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "FileVisibility", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum VisibilityView {
    /// The office alone.
    Office,
    /// Technicians of the job as well.
    Field,
    /// The customer as well.
    Customer,
}

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "FileState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum StateView {
    AwaitingUpload,
    Uploaded,
    Processing,
    Ready,
    Rejected,
}

/// Why no image was made of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "FileRejection", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum RejectionView {
    /// It did not come in time.
    NeverUploaded,
    /// It is not what was announced.
    NotAsDeclared,
    /// Its content is no JPEG, PNG or WebP.
    NotAnImage,
    /// It is something else as well: a page, an archive, a document.
    Ambiguous,
    /// It can't be read to its end.
    Broken,
    /// It has more pixels than are allowed.
    TooManyPixels,
    /// The virus scanner found something.
    Malware,
    /// It could not be processed for a day.
    NotProcessed,
}

/// Which of the images that were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "FileVariant", rename_all = "snake_case")]
pub enum VariantView {
    /// At most 4,096 pixels on its longer side.
    Full,
    /// At most 400.
    Thumbnail,
}

/// Something that was uploaded, or is to be.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(rename = "File", skip_serializing_if_is_none, example)]
pub struct FileView {
    pub id: Uuid,
    pub purpose: PurposeView,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit_id: Option<Uuid>,
    pub visibility: VisibilityView,
    pub uploader_name: String,
    pub name: String,
    pub state: StateView,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<RejectionView>,
    /// Of what is uploaded, as hexadecimal digits.
    pub sha256: String,
    /// Of the image that was made of it, once it is ready; as are the following.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Counts changes; the ETag is made of it.
    pub version: i32,
}

/// A file to be uploaded.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(rename = "FileInput", skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct FileInput {
    pub purpose: PurposeView,
    /// Of a photo: its job.
    #[serde(default)]
    pub job_id: Option<Uuid>,
    /// A visit of the job.
    #[serde(default)]
    pub visit_id: Option<Uuid>,
    /// `field` unless said otherwise; `customer` when a customer uploads.
    #[serde(default)]
    pub visibility: Option<VisibilityView>,
    /// As people call it, 1 to 200 characters.
    pub name: String,
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub content_type: String,
    /// Its exact length.
    pub bytes: i64,
    /// SHA-256 of its content, as 64 hexadecimal digits.
    pub sha256: String,
}

/// How to upload: one request to storage, with exactly this method, address and headers.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct FileUpload {
    /// `PUT`.
    pub method: String,
    pub url: String,
    /// To be sent as they are. `Content-Length` follows from the body, whose length was announced.
    pub headers: BTreeMap<String, String>,
    pub expires_at: DateTime<Utc>,
}

/// A file, and how to upload it while it awaits that.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct AnnouncedFile {
    pub file: FileView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<FileUpload>,
}

/// Where an image can be downloaded, by whoever has the address.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct FileLink {
    pub url: String,
    pub expires_at: DateTime<Utc>,
}

/// A page of files.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct FilePage {
    pub items: Vec<FileView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Versioned for FileView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl Versioned for AnnouncedFile {
    fn version(&self) -> i32 {
        self.file.version
    }
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        Self {
            id: file.file_id.0,
            purpose: match file.purpose {
                FilePurpose::Logo => PurposeView::Logo,
                FilePurpose::JobPhoto => PurposeView::JobPhoto,
            },
            job_id: file.job_id.map(|id| id.0),
            visit_id: file.visit_id.map(|id| id.0),
            visibility: match file.visibility {
                FileVisibility::Office => VisibilityView::Office,
                FileVisibility::Field => VisibilityView::Field,
                FileVisibility::Customer => VisibilityView::Customer,
            },
            uploader_name: file.uploader_name,
            name: file.name,
            state: match file.state {
                FileState::AwaitingUpload => StateView::AwaitingUpload,
                FileState::Uploaded => StateView::Uploaded,
                FileState::Processing => StateView::Processing,
                FileState::Ready => StateView::Ready,
                FileState::Rejected => StateView::Rejected,
            },
            rejection: file.rejection.map(|why| match why {
                Rejection::NeverUploaded => RejectionView::NeverUploaded,
                Rejection::NotAsDeclared => RejectionView::NotAsDeclared,
                Rejection::NotAnImage => RejectionView::NotAnImage,
                Rejection::Ambiguous => RejectionView::Ambiguous,
                Rejection::Broken => RejectionView::Broken,
                Rejection::TooManyPixels => RejectionView::TooManyPixels,
                Rejection::Malware => RejectionView::Malware,
                Rejection::NotProcessed => RejectionView::NotProcessed,
            }),
            sha256: hex::encode(file.declared_sha256),
            content_type: file.content_type,
            bytes: file.content_bytes,
            width: file.width,
            height: file.height,
            created_at: file.created_at,
            updated_at: file.updated_at,
            version: file.version,
        }
    }
}

impl From<FileInput> for NewFile {
    fn from(input: FileInput) -> Self {
        Self {
            purpose: input.purpose.into(),
            job_id: input.job_id.map(JobId),
            visit_id: input.visit_id.map(VisitId),
            visibility: input.visibility.map(|visibility| match visibility {
                VisibilityView::Office => FileVisibility::Office,
                VisibilityView::Field => FileVisibility::Field,
                VisibilityView::Customer => FileVisibility::Customer,
            }),
            name: input.name,
            content_type: input.content_type,
            bytes: input.bytes,
            sha256: input.sha256,
        }
    }
}

impl From<PurposeView> for FilePurpose {
    fn from(purpose: PurposeView) -> Self {
        match purpose {
            PurposeView::Logo => Self::Logo,
            PurposeView::JobPhoto => Self::JobPhoto,
        }
    }
}

impl From<StateView> for FileState {
    fn from(state: StateView) -> Self {
        match state {
            StateView::AwaitingUpload => Self::AwaitingUpload,
            StateView::Uploaded => Self::Uploaded,
            StateView::Processing => Self::Processing,
            StateView::Ready => Self::Ready,
            StateView::Rejected => Self::Rejected,
        }
    }
}

impl From<VariantView> for Variant {
    fn from(variant: VariantView) -> Self {
        match variant {
            VariantView::Full => Self::Full,
            VariantView::Thumbnail => Self::Thumbnail,
        }
    }
}
