//! AES-256-GCM (NIST SP 800-38D) with nonces drawn at random.

use super::error::CryptoError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

/// Bytes of a key.
pub(super) const KEY_LEN: usize = 32;

/// A key, ready to be used. With random nonces of 96 bits one key may seal
/// 2^32 messages (SP 800-38D, 8.3).
pub(super) struct Aead(RandomizedNonceKey);

impl Aead {
    pub fn new(key: &[u8; KEY_LEN]) -> Result<Self, CryptoError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| CryptoError)?;
        Ok(Self(key))
    }

    /// Nonce, ciphertext, tag. `context` is authenticated with it.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut sealed = plain.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(context), &mut sealed)
            .map_err(|_| CryptoError)?;
        let nonce: &[u8; NONCE_LEN] = nonce.as_ref();
        sealed.splice(..0, *nonce);
        Ok(sealed)
    }

    /// What was sealed in this context; none where it is not authentic.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut opened = sealed.to_vec();
        let length = self
            .0
            .open_in_place(nonce, Aad::from(context), &mut opened)
            .ok()?
            .len();
        opened.truncate(length);
        Some(opened)
    }
}
