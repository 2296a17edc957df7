//! The key of one subject.

use super::{
    aead::{Aead, KEY_LEN},
    error::CryptoError,
};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Bytes of a key's id.
pub(super) const ID_LEN: usize = 8;

/// Tells a subject's present key from one that was deleted: the first bytes of
/// its SHA-256. A key is random and never comes back, and its hash says
/// nothing about it.
pub(super) type KeyId = [u8; ID_LEN];

/// A data key, opened.
pub(super) struct DataKey {
    pub id: KeyId,
    pub aead: Aead,
}

impl DataKey {
    pub fn new(bytes: &[u8; KEY_LEN]) -> Result<Self, CryptoError> {
        let mut id = KeyId::default();
        id.copy_from_slice(&Sha256::digest(bytes)[..ID_LEN]);
        let aead = Aead::new(bytes)?;
        Ok(Self { id, aead })
    }

    /// The bytes of a fresh one.
    pub fn random() -> Result<[u8; KEY_LEN], CryptoError> {
        let mut bytes = [0; KEY_LEN];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| CryptoError)?;
        Ok(bytes)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").finish_non_exhaustive()
    }
}
