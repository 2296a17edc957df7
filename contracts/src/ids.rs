//! Ids that follow from facts, for whoever has to find what somebody else has
//! stored under them.

use uuid::Uuid;

const NAMESPACE: Uuid = Uuid::from_u128(0x6f72_6465_726c_6f67_8001_6f72_6465_7273);

/// The subject whose key seals the personal data of what `platform` calls
/// customer `customer_id`; also the id that the customer is told under.
pub fn subject_of_customer(platform: &str, customer_id: &str) -> Uuid {
    derived(&["customer", platform, customer_id])
}

/// The id of a fact: UUIDv5 of its parts, which are joined with their lengths, so
/// that no two lists collide.
pub fn derived(parts: &[&str]) -> Uuid {
    let mut name = Vec::new();
    for part in parts {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    Uuid::new_v5(&NAMESPACE, &name)
}
