//! Which command a request is: derived from the idempotency key, so that a
//! repeat is recognised for ever (invariant 10).

use crate::{
    hex::hex,
    shared_secret::{SECRET_LEN, mac},
};
use hmac::Mac as _;
use uuid::Uuid;

const NAMESPACE: Uuid = Uuid::from_u128(0x6f72_6465_726c_6f67_8001_636f_6d6d_616e);

/// A command's id and what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandIdentity {
    /// Stored with the first event.
    pub id: Uuid,
    /// Keyed hash of the payload, hex: another payload under the same id is
    /// another command. The key keeps whoever has the log alone from guessing
    /// what personal data a payload held.
    pub payload_hash: String,
}

/// The id of the command that `principal` sends to `route` (method and
/// concrete path) under `key`, step by step where a request has several.
pub fn command_id(principal: &str, route: &str, key: &str, step: u32) -> Uuid {
    let mut name = Vec::new();
    for part in [principal, route, key] {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    name.extend_from_slice(&step.to_be_bytes());
    Uuid::new_v5(&NAMESPACE, &name)
}

/// HMAC-SHA256 of a request's body, hex.
pub fn payload_hash(secret: &[u8; SECRET_LEN], body: &[u8]) -> String {
    hex(&mac(secret, body).finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_identity_counts() {
        let id = command_id("key_1", "POST /v1/orders", "a", 0);
        assert_eq!(id, command_id("key_1", "POST /v1/orders", "a", 0));
        for other in [
            command_id("key_2", "POST /v1/orders", "a", 0),
            command_id("key_1", "POST /v1/ordersa", "", 0),
            command_id("key_1", "POST /v1/orders", "b", 0),
            command_id("key_1", "POST /v1/orders", "a", 1),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn the_hash_is_that_of_rfc_4231() {
        // Test case 1: its key, filled up with zeros, is the same key.
        let mut secret = [0; SECRET_LEN];
        secret[..20].copy_from_slice(&[0x0b; 20]);
        assert_eq!(
            payload_hash(&secret, b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }
}
