//! Promises of shipping quotes: signed, so that whoever gets one back knows that
//! it was given here, and until when it holds. What is in one, nobody in here
//! knows.
//!
//! A promise is kept nowhere. It is base64url of a tag and of JSON, `[expires,
//! promise]`, which anybody may read and nobody else can make: the tag is the
//! HMAC-SHA256 of the JSON under a secret that all instances share.

#[cfg(test)]
mod tests;

use crate::{
    config::Config,
    shared_secret::{SECRET_LEN, SharedSecret, mac},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::Mac as _;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

/// Longest promise, in characters.
pub const MAX_LENGTH: usize = 1_024;
/// Length of a tag, in bytes.
const TAG: usize = 32;
/// Shortest and longest time that a promise holds, in seconds.
const LIFE: (u32, u32) = (60, 86_400);

/// The secret of promises, and how long they hold.
#[derive(Debug)]
pub struct Promises {
    secret: SharedSecret,
    life: Duration,
}

/// Why a promise is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PromiseError {
    /// It has not the form of one, or that of another release.
    #[error("the quote is not one that can be read")]
    Malformed,
    /// It is not one of ours, or not as we made it.
    #[error("the quote was not made here, or was changed")]
    Forged,
    /// Its time is over.
    #[error("the quote's time is over")]
    Expired {
        /// Since when.
        at: OffsetDateTime,
    },
}

impl Promises {
    /// With the secret in the ops database, which is made when it is missing and
    /// read once.
    pub fn new(config: &Config, ops: PgPool) -> Self {
        let (shortest, longest) = LIFE;
        let seconds = config.quote_valid_seconds.clamp(shortest, longest);
        Self {
            secret: SharedSecret::new(ops, "quote"),
            life: Duration::seconds(seconds.into()),
        }
    }

    /// The secret, for [`sign`] and [`verify`].
    pub async fn secret(&self) -> Result<&[u8; SECRET_LEN], sqlx::Error> {
        self.secret.get().await
    }

    /// Until when a promise holds that is made `now`, in whole seconds.
    pub fn expires(&self, now: OffsetDateTime) -> OffsetDateTime {
        now.saturating_add(self.life).truncate_to_second()
    }
}

/// A promise that holds until `expires`, in whole seconds.
///
/// # Errors
/// A promise that has no form as JSON.
pub fn sign(
    secret: &[u8; SECRET_LEN],
    promise: &impl Serialize,
    expires: OffsetDateTime,
) -> Result<String, serde_json::Error> {
    let written = serde_json::to_vec(&(expires.unix_timestamp(), promise))?;
    let mut signed = mac(secret, &written).finalize().into_bytes().to_vec();
    signed.extend_from_slice(&written);
    Ok(URL_SAFE_NO_PAD.encode(signed))
}

/// The promise that `text` is, if it holds `now`.
///
/// # Errors
/// Text that is none of ours, or not any more. Only of one of ours it is told
/// that its time is over.
pub fn verify<T: DeserializeOwned>(
    secret: &[u8; SECRET_LEN],
    text: &str,
    now: OffsetDateTime,
) -> Result<T, PromiseError> {
    verify_until(secret, text, now).map(|(promise, _)| promise)
}

/// The same, and until when it holds.
///
/// # Errors
/// As [`verify`].
pub fn verify_until<T: DeserializeOwned>(
    secret: &[u8; SECRET_LEN],
    text: &str,
    now: OffsetDateTime,
) -> Result<(T, OffsetDateTime), PromiseError> {
    if text.len() > MAX_LENGTH {
        return Err(PromiseError::Malformed);
    }
    let signed = URL_SAFE_NO_PAD.decode(text);
    let signed = signed.map_err(|_| PromiseError::Malformed)?;
    let parts = signed.split_at_checked(TAG);
    let (tag, written) = parts.ok_or(PromiseError::Malformed)?;
    // In constant time.
    let same = mac(secret, written).verify_slice(tag);
    same.map_err(|_| PromiseError::Forged)?;
    let read = serde_json::from_slice(written);
    let (expires, promise) = read.map_err(|_| PromiseError::Malformed)?;
    let at = OffsetDateTime::from_unix_timestamp(expires);
    let at = at.map_err(|_| PromiseError::Malformed)?;
    if at <= now {
        return Err(PromiseError::Expired { at });
    }
    Ok((promise, at))
}
