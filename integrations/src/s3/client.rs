//! The client: one method per thing we ask of storage.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        retry::RetryConfig, timeout::TimeoutConfig,
    },
    presigning::{PresignedRequest, PresigningConfig},
    primitives::ByteStream,
    types::ChecksumMode,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;

use super::{S3Config, error::StorageError};

/// How long a connection may take to be made, an answer to begin, and a whole call.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const READ_LIMIT: Duration = Duration::from_secs(15);
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// What browsers may keep of a file that they got by a signed address; its content never changes.
const KEPT_BY_BROWSERS: &str = "private, max-age=3600, immutable";

/// One bucket. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct FileStore {
    client: Client,
    bucket: String,
}

/// What may be uploaded under a signed address, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upload<'a> {
    pub content_type: &'a str,
    pub bytes: i64,
    pub sha256: [u8; 32],
}

/// A request that somebody without our key may make until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presigned {
    pub url: String,
    /// Headers that are signed and so have to be sent exactly so, names in small letters; without `host`.
    pub headers: Vec<(String, String)>,
}

/// What storage says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub bytes: i64,
    /// If it was uploaded with one; storage has checked it then.
    pub sha256: Option<[u8; 32]>,
}

/// Some objects in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    pub objects: Vec<(String, DateTime<Utc>)>,
    /// Whether there are more after the last.
    pub more: bool,
}

impl FileStore {
    /// A client for a section that passed [`S3Config::problems`]. It connects when first used.
    pub fn new(config: &S3Config) -> Self {
        let key = Credentials::new(
            &config.access_key_id,
            config.secret_access_key.expose_secret(),
            None,
            None,
            "configuration",
        );
        let times = TimeoutConfig::builder()
            .connect_timeout(CONNECT_LIMIT)
            .read_timeout(READ_LIMIT)
            .operation_timeout(CALL_LIMIT)
            .build();
        let settings = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region.clone()))
            .endpoint_url(config.endpoint.as_str())
            .force_path_style(config.path_style)
            .credentials_provider(key)
            .timeout_config(times)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            // Otherwise uploads carry a trailer that other makers' servers refuse.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { client: Client::from_conf(settings), bucket: config.bucket.clone() }
    }

    /// Signs one upload: storage refuses another length, type or content, and everything after `valid_for`.
    ///
    /// # Errors
    /// [`StorageError::Unmakeable`].
    pub async fn presign_upload(
        &self,
        key: &str,
        upload: Upload<'_>,
        now: DateTime<Utc>,
        valid_for: Duration,
    ) -> Result<Presigned, StorageError> {
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(upload.content_type)
            .content_length(upload.bytes)
            .checksum_sha256(STANDARD.encode(upload.sha256))
            .presigned(signing(now, valid_for)?)
            .await?;
        Ok(presigned(&request))
    }

    /// Signs one download under a name, to be shown as the type that it has.
    ///
    /// # Errors
    /// [`StorageError::Unmakeable`].
    pub async fn presign_download(
        &self,
        key: &str,
        content_type: &str,
        disposition: &str,
        now: DateTime<Utc>,
        valid_for: Duration,
    ) -> Result<Presigned, StorageError> {
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_type(content_type)
            .response_content_disposition(disposition)
            .response_cache_control(KEPT_BY_BROWSERS)
            .presigned(signing(now, valid_for)?)
            .await?;
        Ok(presigned(&request))
    }

    /// What is there under a key.
    ///
    /// # Errors
    /// As storage has it; nothing there is `None`.
    #[tracing::instrument(name = "s3.objects.head", skip_all, err(level = "debug"))]
    pub async fn head(&self, key: &str) -> Result<Option<Stored>, StorageError> {
        let asked = self.client.head_object().bucket(&self.bucket).key(key).checksum_mode(ChecksumMode::Enabled);
        let answer = match asked.send().await.map_err(StorageError::from) {
            Err(StorageError::NotFound) => return Ok(None),
            answer => answer?,
        };
        let sha256 = answer.checksum_sha256().and_then(|text| STANDARD.decode(text).ok()?.try_into().ok());
        Ok(Some(Stored { bytes: answer.content_length().unwrap_or_default(), sha256 }))
    }

    /// The whole object, if it is not larger than `most`.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] before more than `most` is in memory; else as storage has it.
    #[tracing::instrument(name = "s3.objects.get", skip_all, err(level = "debug"))]
    pub async fn get(&self, key: &str, most: u64) -> Result<Vec<u8>, StorageError> {
        let answer = self.client.get_object().bucket(&self.bucket).key(key).send().await?;
        let announced = answer.content_length().unwrap_or_default();
        let too_large = |length: usize| u64::try_from(length).unwrap_or(u64::MAX) > most;
        if too_large(usize::try_from(announced).unwrap_or(usize::MAX)) {
            return Err(StorageError::TooLarge { most });
        }
        let (mut body, mut bytes) = (answer.body, Vec::new());
        let reading = async {
            while let Some(chunk) = body.try_next().await.map_err(|_| StorageError::Unavailable)? {
                if too_large(bytes.len() + chunk.len()) {
                    return Err(StorageError::TooLarge { most });
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(())
        };
        tokio::time::timeout(CALL_LIMIT, reading).await.map_err(|_| StorageError::Unavailable)??;
        Ok(bytes)
    }

    /// Puts an object of ours; whatever was there is replaced.
    ///
    /// # Errors
    /// As storage has it.
    #[tracing::instrument(name = "s3.objects.put", skip_all, err(level = "debug"))]
    pub async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), StorageError> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        request.body(ByteStream::from(bytes)).send().await?;
        Ok(())
    }

    /// Takes an object away. Nothing there is fine.
    ///
    /// # Errors
    /// As storage has it.
    #[tracing::instrument(name = "s3.objects.delete", skip_all, err(level = "debug"))]
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match self.client.delete_object().bucket(&self.bucket).key(key).send().await.map_err(StorageError::from) {
            Ok(_) | Err(StorageError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Up to 1,000 objects whose keys begin with `prefix` and come after `after`.
    ///
    /// # Errors
    /// As storage has it.
    #[tracing::instrument(name = "s3.objects.list", skip_all, err(level = "debug"))]
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Listed, StorageError> {
        let asked = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let answer = asked.set_start_after(after.map(str::to_owned)).send().await?;
        let object = |object: &aws_sdk_s3::types::Object| {
            let at = object.last_modified()?;
            Some((object.key()?.to_owned(), DateTime::from_timestamp(at.secs(), at.subsec_nanos())?))
        };
        Ok(Listed {
            objects: answer.contents().iter().filter_map(object).collect(),
            more: answer.is_truncated().unwrap_or_default(),
        })
    }

    /// Whether the bucket is there and our key may use it.
    ///
    /// # Errors
    /// As storage has it.
    pub async fn check_bucket(&self) -> Result<(), StorageError> {
        self.client.head_bucket().bucket(&self.bucket).send().await?;
        Ok(())
    }
}

fn signing(now: DateTime<Utc>, valid_for: Duration) -> Result<PresigningConfig, StorageError> {
    let config = PresigningConfig::builder().start_time(now.into()).expires_in(valid_for).build();
    config.map_err(|_| StorageError::Unmakeable)
}

fn presigned(request: &PresignedRequest) -> Presigned {
    let headers = request.headers().map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Presigned { url: request.uri().to_owned(), headers: headers.filter(|(name, _)| name != "host").collect() }
}
