//! The sealed form of one event's personal data:
//! base64 of version | key id | nonce | ciphertext and tag.

use super::{
    data_key::{DataKey, ID_LEN, KeyId},
    error::{CryptoError, Malformed},
    event::Place,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The format that is written, and the only one that there is.
const VERSION: u8 = 1;

/// A sealed form, taken apart.
#[derive(Debug)]
pub(super) struct Blob {
    /// The key that it was sealed under.
    pub key: KeyId,
    /// Nonce, ciphertext, tag.
    sealed: Vec<u8>,
}

/// Seals `plain` for the event at `place`.
pub(super) fn seal(key: &DataKey, place: &Place, plain: &str) -> Result<String, CryptoError> {
    let sealed = key.aead.seal(&place.context(), plain.as_bytes())?;
    let mut blob = Vec::with_capacity(1 + ID_LEN + sealed.len());
    blob.push(VERSION);
    blob.extend_from_slice(&key.id);
    blob.extend_from_slice(&sealed);
    Ok(STANDARD.encode(blob))
}

impl Blob {
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let blob = STANDARD.decode(text).map_err(|_| Malformed::Base64)?;
        let (version, blob) = blob.split_first().ok_or(Malformed::Short)?;
        if *version != VERSION {
            return Err(Malformed::Version(*version));
        }
        let (key, sealed) = blob.split_first_chunk().ok_or(Malformed::Short)?;
        Ok(Self {
            key: *key,
            sealed: sealed.to_vec(),
        })
    }

    /// What was sealed for the event at `place`; none where it was not, or is
    /// damaged.
    pub fn open(&self, key: &DataKey, place: &Place) -> Option<String> {
        let plain = key.aead.open(&place.context(), &self.sealed)?;
        String::from_utf8(plain).ok()
    }
}
