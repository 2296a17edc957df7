//! The key that seals what clients keep for us, such as a session in a cookie.

use super::{
    aead::{Aead, KEY_LEN},
    data_key::DataKey,
    error::CryptoError,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// Seals bytes into text that a client can carry and neither read nor change.
pub struct TokenKey(Aead);

/// Why there is no such key. Never shows one.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeyError {
    /// The file cannot be read.
    #[error("the key cannot be read from {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It has not the form of a key.
    #[error(
        "{} does not hold base64 of 32 bytes: `openssl rand -base64 32` makes it", path.display()
    )]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// No memory, or no randomness.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl TokenKey {
    /// A fresh one, which ends with the process.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn random() -> Result<Self, CryptoError> {
        Ok(Self(Aead::new(&DataKey::random()?)?))
    }

    /// A fresh one, as a file holds it.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn text() -> Result<String, CryptoError> {
        Ok(STANDARD.encode(DataKey::random()?))
    }

    /// The one that a file holds as base64 of 32 bytes; white space around it does
    /// not matter.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn of_file(path: &Path) -> Result<Self, TokenKeyError> {
        let text = fs::read_to_string(path).map_err(|source| TokenKeyError::File {
            path: path.to_owned(),
            source,
        })?;
        let bytes = STANDARD.decode(text.trim()).ok();
        let bytes: Option<[u8; KEY_LEN]> = bytes.and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or_else(|| TokenKeyError::Malformed {
            path: path.to_owned(),
        })?;
        Ok(Self(Aead::new(&bytes)?))
    }

    /// Seals a few bytes in a context, as base64url; they open in no other context.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<String, CryptoError> {
        Ok(URL_SAFE_NO_PAD.encode(self.0.seal(context, plain)?))
    }

    /// What was sealed in this context by this key; none where it was not, or is
    /// damaged.
    pub fn open(&self, context: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        self.0.open(context, &sealed)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_context_under_its_key_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let other = TokenKey::random().expect("randomness");
        fs::write(&path, format!("{}\n", STANDARD.encode([7; KEY_LEN]))).expect("writable");
        let key = TokenKey::of_file(&path).expect("a key");
        let sealed = key.seal(b"session", b"secret").expect("sealed");
        let again = TokenKey::of_file(&path).expect("a key");
        assert_eq!(
            again.open(b"session", &sealed).as_deref(),
            Some(&b"secret"[..])
        );
        assert_eq!(key.open(b"notice", &sealed), None);
        assert_eq!(other.open(b"session", &sealed), None);
        assert_eq!(key.open(b"session", &sealed[1..]), None);
    }

    #[test]
    fn a_file_that_holds_no_key_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let missing = TokenKey::of_file(&path).expect_err("no file").to_string();
        assert!(missing.contains("cannot be read from"), "{missing}");
        fs::write(&path, "short").expect("writable");
        let wrong = TokenKey::of_file(&path).expect_err("no key").to_string();
        assert!(wrong.contains("openssl rand"), "{wrong}");
    }
}
