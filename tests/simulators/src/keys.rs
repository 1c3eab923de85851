//! The keys that simulators sign webhooks with: made once, kept in a folder, readable by their owner only.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};

/// Why a key could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key file {} cannot be read or written", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the key file {} holds no P-256 private key; remove it to have a new one made", path.display())]
    Broken { path: PathBuf },
}

/// The key of SendGrid's event webhook.
#[derive(Debug, Clone)]
pub struct EventKey(SigningKey);

impl EventKey {
    /// A new key that is kept nowhere.
    pub fn random() -> Self {
        loop {
            // Almost every 32 bytes are a scalar of the curve; the others are drawn anew.
            if let Ok(key) = SecretKey::from_slice(&rand::random::<[u8; 32]>()) {
                return Self(key.into());
            }
        }
    }

    /// The key in `dir`, made there if it does not exist yet.
    ///
    /// # Errors
    /// [`KeyError`] if the folder cannot be used or holds something else under the key's name.
    pub fn in_directory(dir: &Path) -> Result<Self, KeyError> {
        let path = Self::path(dir);
        let failed = |source| KeyError::File { path: path.clone(), source };
        match std::fs::read_to_string(&path) {
            Ok(pem) => SigningKey::from_pkcs8_pem(&pem).map(Self).map_err(|_| KeyError::Broken { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::create_dir_all(path.parent().unwrap_or(dir)).map_err(failed)?;
                let key = Self::random();
                match key.write(&path) {
                    // Another process was quicker: its key counts.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::in_directory(dir),
                    written => written.map(|()| key).map_err(failed),
                }
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Where the private key of `dir` lies.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("sendgrid").join("webhook_private_key.pem")
    }

    /// The public key as SendGrid shows it: SPKI DER in base64.
    pub fn public_base64(&self) -> String {
        let der = self.0.verifying_key().to_public_key_der().expect("a P-256 key always encodes");
        STANDARD.encode(der.as_bytes())
    }

    /// The vendor's signature over time and body: ECDSA with SHA-256, DER, base64.
    pub fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let signature: Signature = self.0.sign(&[timestamp.as_bytes(), body].concat());
        STANDARD.encode(signature.to_der())
    }

    /// Written whole under another name, then put in place: nobody reads half a key.
    fn write(&self, path: &Path) -> io::Result<()> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
        let draft = path.with_extension(format!("{}.draft", std::process::id()));
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(pem.as_bytes())?;
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft)?;
        linked
    }
}
