//! Secrets of endpoints, and what they sign.

use crate::sealing::{CryptoError, MasterKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;

/// What a secret begins with, as text.
const PREFIX: &str = "whsec_";
/// Bytes of those that are made here; Standard Webhooks allows 24 to 64.
const LENGTH: usize = 32;

/// The secret of an endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// One that nobody can guess.
    pub fn random() -> Self {
        Self(rand::random::<[u8; LENGTH]>().to_vec())
    }

    /// The secret of such a text; none where it is none: base64 of 24 to 64 bytes.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (24..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// As it is shown: once, to whoever has to check signatures.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// `v1,` and base64 of the HMAC-SHA256 of `id.timestamp.body` (Standard
    /// Webhooks 1.0.0, symmetric scheme). The time is in seconds since 1970.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        // A key of any length is one.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| {
            unreachable!("HMAC takes keys of any length");
        });
        for part in [id, ".", &timestamp.to_string(), ".", body] {
            mac.update(part.as_bytes());
        }
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// As it is stored: nobody who reads the database can sign.
    pub(super) fn seal(&self, key: &MasterKey, endpoint: Uuid) -> Result<Vec<u8>, CryptoError> {
        key.seal(&context(endpoint), &self.0)
    }

    /// From what is stored; none where it was sealed by another key, for
    /// another endpoint, or is damaged.
    pub(super) fn open(key: &MasterKey, endpoint: Uuid, sealed: &[u8]) -> Option<Self> {
        key.open(&context(endpoint), sealed).map(Self)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

fn context(endpoint: Uuid) -> Vec<u8> {
    [b"webhook", endpoint.as_bytes().as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn the_specifications_example_has_its_signature() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let secret = WebhookSecret(secret.expect("base64"));
        let body = r#"{"test": 2432232314}"#;
        assert_eq!(
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(secret.to_text(), text);
        assert_eq!(WebhookSecret::from_text(text), Some(secret));
        for wrong in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert_eq!(WebhookSecret::from_text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_sealed_secret_opens_for_its_endpoint_only() {
        let key = MasterKey::from_base64(&MasterKey::random().expect("random"));
        let key = key.expect("a key");
        let (secret, endpoint) = (WebhookSecret::random(), Uuid::from_u128(1));
        let sealed = secret.seal(&key, endpoint).expect("sealed");
        assert_eq!(
            WebhookSecret::open(&key, endpoint, &sealed).as_ref(),
            Some(&secret)
        );
        assert_eq!(WebhookSecret::open(&key, Uuid::from_u128(2), &sealed), None);
        assert_eq!(format!("{secret:?}"), "[secret]");
    }
}
