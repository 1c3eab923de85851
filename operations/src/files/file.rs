//! A file, and what may be announced for upload.

use chrono::{DateTime, Utc};
use serde::Serialize;
use surv_tenancy::{CustomerId, FieldErrors, FileId, JobId, Role, UserId, VisitId, events::Visibility};

use super::FilesConfig;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FilePurpose {
    /// The company's, for its branding.
    Logo,
    /// Of a job or one of its visits.
    JobPhoto,
}

/// Who may see a file once it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FileVisibility {
    Office,
    /// Technicians of the job as well.
    Field,
    /// The customer as well.
    Customer,
}

impl From<FileVisibility> for Visibility {
    fn from(visibility: FileVisibility) -> Self {
        match visibility {
            FileVisibility::Office => Self::Office,
            FileVisibility::Field => Self::Field,
            FileVisibility::Customer => Self::Customer,
        }
    }
}

/// How far a file has come. Only the worker moves it beyond `Uploaded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FileState {
    AwaitingUpload,
    Uploaded,
    Processing,
    Ready,
    Rejected,
}

/// Why no image was made of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Rejection {
    /// It was announced and did not come in time.
    NeverUploaded,
    /// Length or checksum differ from what was announced.
    NotAsDeclared,
    /// By its content it is no JPEG, PNG or WebP, whatever its name and type say.
    NotAnImage,
    /// It is an image, and something else for other programs: a page, an archive, a document.
    Ambiguous,
    /// It begins like an image and can't be read to its end.
    Broken,
    TooManyPixels,
    Malware,
    /// The task failed again and again.
    NotProcessed,
}

/// What can be uploaded; what is made of it is always JPEG or PNG.
pub const UPLOAD_TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// A file, as far as everybody who sees it may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub file_id: FileId,
    pub purpose: FilePurpose,
    pub job_id: Option<JobId>,
    pub customer_id: Option<CustomerId>,
    pub visit_id: Option<VisitId>,
    pub visibility: FileVisibility,
    pub uploader_id: UserId,
    pub uploader_name: String,
    pub name: String,
    pub declared_type: String,
    pub declared_bytes: i64,
    /// 32 bytes.
    pub declared_sha256: Vec<u8>,
    pub state: FileState,
    pub rejection: Option<Rejection>,
    /// Of the image that was made; `None` until it is ready.
    pub content_type: Option<String>,
    pub content_bytes: Option<i64>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

impl File {
    /// What a download is called: the name, with the ending of what it is now.
    pub fn download_name(&self) -> String {
        let stem = self.name.rsplit_once('.').map_or(self.name.as_str(), |(stem, _)| stem);
        let ending = if self.content_type.as_deref() == Some("image/png") { "png" } else { "jpg" };
        format!("{}.{ending}", if stem.is_empty() { "file" } else { stem })
    }

    /// The checksum as an array.
    pub fn sha256(&self) -> [u8; 32] {
        self.declared_sha256.as_slice().try_into().unwrap_or_default()
    }
}

/// Something that somebody wants to upload.
#[derive(Debug, Clone)]
pub struct NewFile {
    pub purpose: FilePurpose,
    pub job_id: Option<JobId>,
    pub visit_id: Option<VisitId>,
    /// Unless given: a customer's is for all, a technician's and the office's for the field, a logo for the office.
    pub visibility: Option<FileVisibility>,
    pub name: String,
    pub content_type: String,
    pub bytes: i64,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

/// [`NewFile`], with everything in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announced {
    pub purpose: FilePurpose,
    pub job_id: Option<JobId>,
    pub visit_id: Option<VisitId>,
    pub visibility: FileVisibility,
    pub name: String,
    pub content_type: &'static str,
    pub bytes: i64,
    pub sha256: [u8; 32],
}

impl NewFile {
    /// Checks it for somebody of a role.
    pub(super) fn checked(&self, role: Role, limits: &FilesConfig) -> Result<Announced, FieldErrors> {
        let mut errors = FieldErrors::new();
        let name = errors.line("/name", &self.name, 1, 200);
        let content_type = UPLOAD_TYPES.into_iter().find(|known| *known == self.content_type).unwrap_or_else(|| {
            errors.add("/content_type", format!("is not one of {}", UPLOAD_TYPES.join(", ")));
            ""
        });
        let most = match self.purpose {
            FilePurpose::Logo => limits.logo_max_bytes,
            FilePurpose::JobPhoto => limits.max_bytes,
        };
        if !(1..=most).contains(&self.bytes) {
            errors.add("/bytes", format!("is not from 1 to {most}"));
        }
        let sha256 = sha256(&self.sha256).unwrap_or_else(|| {
            errors.add("/sha256", "is not 64 hexadecimal digits");
            [0; 32]
        });
        let visibility = match self.purpose {
            FilePurpose::Logo => self.logo(&mut errors, role),
            FilePurpose::JobPhoto => self.photo(&mut errors, role),
        };
        errors.into_result()?;
        let Self { purpose, job_id, visit_id, bytes, .. } = *self;
        Ok(Announced { purpose, job_id, visit_id, visibility, name, content_type, bytes, sha256 })
    }

    fn logo(&self, errors: &mut FieldErrors, role: Role) -> FileVisibility {
        if role != Role::Admin {
            errors.add("/purpose", "is one that you can't choose");
        }
        let beside = [
            ("/job_id", self.job_id.is_some()),
            ("/visit_id", self.visit_id.is_some()),
            ("/visibility", self.visibility.is_some_and(|visibility| visibility != FileVisibility::Office)),
        ];
        for (pointer, _) in beside.into_iter().filter(|(_, is_given)| *is_given) {
            errors.add(pointer, "does not go with a logo");
        }
        FileVisibility::Office
    }

    fn photo(&self, errors: &mut FieldErrors, role: Role) -> FileVisibility {
        if self.job_id.is_none() {
            errors.add("/job_id", "is required");
        }
        let usual = if role == Role::Customer { FileVisibility::Customer } else { FileVisibility::Field };
        let visibility = self.visibility.unwrap_or(usual);
        let allowed = match role {
            Role::Admin | Role::Manager => true,
            Role::Technician => visibility != FileVisibility::Office,
            Role::Customer => visibility == FileVisibility::Customer,
        };
        if !allowed {
            errors.add("/visibility", "is one that you can't choose");
        }
        visibility
    }
}

/// The checksum that 64 hexadecimal digits say.
pub fn sha256(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> FilesConfig {
        FilesConfig {
            max_bytes: 1_000,
            logo_max_bytes: 100,
            max_megapixels: 1,
            uploads_per_day: 1,
            megabytes_per_day: 1,
            upload_minutes: 1,
            link_minutes: 1,
            clamd: None,
        }
    }

    fn photo() -> NewFile {
        NewFile {
            purpose: FilePurpose::JobPhoto,
            job_id: Some(JobId(uuid::Uuid::nil())),
            visit_id: None,
            visibility: None,
            name: " boiler.jpg ".to_owned(),
            content_type: "image/jpeg".to_owned(),
            bytes: 1_000,
            sha256: "Ab".repeat(32),
        }
    }

    fn wrong(new: &NewFile, role: Role) -> Vec<String> {
        let errors = new.checked(role, &limits()).expect_err("something is wrong");
        errors.iter().map(|error| error.pointer.clone()).collect()
    }

    #[test]
    fn what_is_in_order_is_taken_as_meant() {
        let announced = photo().checked(Role::Technician, &limits()).expect("in order");

        assert_eq!((announced.name.as_str(), announced.content_type), ("boiler.jpg", "image/jpeg"));
        assert_eq!((announced.sha256, announced.visibility), ([0xab; 32], FileVisibility::Field));
        let by_customer = photo().checked(Role::Customer, &limits()).expect("in order");
        assert_eq!(by_customer.visibility, FileVisibility::Customer);
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let new = NewFile {
            job_id: None,
            visibility: Some(FileVisibility::Office),
            name: "a\nb".to_owned(),
            content_type: "image/svg+xml".to_owned(),
            bytes: 1_001,
            sha256: "ab".repeat(31),
            ..photo()
        };

        let all = ["/name", "/content_type", "/bytes", "/sha256", "/job_id", "/visibility"];
        assert_eq!(wrong(&new, Role::Technician), all);
        for (bytes, sha256) in [(0, "x".repeat(64)), (-1, "ä".repeat(32)), (i64::MIN, "ab".repeat(33))] {
            assert_eq!(wrong(&NewFile { bytes, sha256, ..photo() }, Role::Admin), ["/bytes", "/sha256"]);
        }
    }

    #[test]
    fn a_logo_is_the_admins_and_hangs_off_nothing() {
        let logo = NewFile { purpose: FilePurpose::Logo, job_id: None, bytes: 100, ..photo() };

        assert_eq!(logo.checked(Role::Admin, &limits()).expect("in order").visibility, FileVisibility::Office);
        for role in [Role::Manager, Role::Technician, Role::Customer] {
            assert_eq!(wrong(&logo, role), ["/purpose"]);
        }
        let hanging =
            NewFile { visibility: Some(FileVisibility::Customer), job_id: photo().job_id, bytes: 101, ..logo };
        assert_eq!(wrong(&hanging, Role::Admin), ["/bytes", "/job_id", "/visibility"]);
    }
}
