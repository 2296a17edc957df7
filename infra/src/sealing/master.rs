//! The master key: wraps the keys of subjects, and is kept apart from them.

use super::{
    aead::{Aead, KEY_LEN},
    data_key::DataKey,
    error::{CryptoError, KeyProblem},
    store::StoredKey,
};
use crate::{config::Config, hex::hex};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// The form in which keys are wrapped: this byte, nonce, ciphertext, tag.
const VERSION: u8 = 1;

/// The key that wraps all others.
pub struct MasterKey {
    id: String,
    aead: Aead,
}

/// Why there is no master key. Never shows one.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The configuration names none.
    #[error(
        "there is no master key for personal data: set ORDERLOG_MASTER_KEY, or master_key_file to \
         a file that holds it; `openssl rand -base64 32` makes one. Keep it: without it personal \
         data cannot be read again"
    )]
    Missing,
    /// The configuration names two.
    #[error("master_key and master_key_file are both set: give one of them")]
    Both,
    /// The file cannot be read.
    #[error("the master key cannot be read from {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It has not the form of a key.
    #[error("the master key is not base64 of 32 bytes: `openssl rand -base64 32` makes one")]
    Malformed,
    /// No memory.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl MasterKey {
    /// The one that the configuration gives or names a file of.
    pub fn from_config(config: &Config) -> Result<Self, MasterKeyError> {
        let (text, file) = (&config.master_key, Path::new(&config.master_key_file));
        match (text.is_empty(), file.as_os_str().is_empty()) {
            (true, true) => Err(MasterKeyError::Missing),
            (false, false) => Err(MasterKeyError::Both),
            (false, true) => Self::from_base64(text.reveal()),
            (true, false) => Self::from_base64(&read(file)?),
        }
    }

    /// Base64 of 32 bytes; white space around it does not matter.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = STANDARD.decode(text.trim()).ok();
        let bytes: Option<[u8; KEY_LEN]> = bytes.and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or(MasterKeyError::Malformed)?;
        Ok(Self {
            id: id(&bytes),
            aead: Aead::new(&bytes)?,
        })
    }

    /// A fresh one, as text.
    pub fn random() -> Result<String, MasterKeyError> {
        Ok(STANDARD.encode(DataKey::random()?))
    }

    /// Tells master keys apart without telling them: the first eight bytes of
    /// the key's SHA-256, in hex.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals a few bytes in a context; they open in no other.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut sealed = self.aead.seal(context, plain)?;
        sealed.insert(0, VERSION);
        Ok(sealed)
    }

    /// What was sealed in this context by this key; none where it was not, or is
    /// damaged.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (&VERSION, sealed) = sealed.split_first()? else {
            return None;
        };
        self.aead.open(context, sealed)
    }

    /// Wraps a data key for its subject, and for nobody else.
    pub(super) fn wrap(&self, subject: Uuid, key: &[u8; KEY_LEN]) -> Result<Vec<u8>, CryptoError> {
        self.seal(subject.as_bytes(), key)
    }

    /// Opens the key of a subject.
    pub(super) fn unwrap(&self, stored: &StoredKey) -> Result<DataKey, KeyProblem> {
        let subject = stored.subject;
        if stored.master_key != self.id {
            return Err(KeyProblem::OtherMasterKey {
                subject,
                stored: stored.master_key.clone(),
                ours: self.id.clone(),
            });
        }
        let bytes = self.open(subject.as_bytes(), &stored.wrapped);
        let bytes: Option<[u8; KEY_LEN]> = bytes.and_then(|bytes| bytes.try_into().ok());
        let key = bytes.and_then(|bytes| DataKey::new(&bytes).ok());
        key.ok_or(KeyProblem::Damaged { subject })
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn read(file: &Path) -> Result<String, MasterKeyError> {
    fs::read_to_string(file).map_err(|source| MasterKeyError::File {
        path: file.to_owned(),
        source,
    })
}

fn id(bytes: &[u8; KEY_LEN]) -> String {
    hex(&Sha256::digest(bytes)[..8])
}
