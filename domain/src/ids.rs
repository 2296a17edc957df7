//! Derived identity: the same fact leads to the
//! same id, so that a repeat meets the first one's stream.

use uuid::Uuid;

const NAMESPACE: Uuid = Uuid::from_u128(0x6f72_6465_726c_6f67_8001_6f72_6465_7273);

/// The id of the order that `platform` calls `external_id`.
pub fn order_id_of_external(platform: &str, external_id: &str) -> Uuid {
    derived(&["external", platform, external_id])
}

/// The id of the order that `principal` creates under an idempotency key.
pub fn order_id_of_key(principal: &str, key: &str) -> Uuid {
    derived(&["key", principal, key])
}

/// Parts are joined with their lengths, so that no two lists collide.
fn derived(parts: &[&str]) -> Uuid {
    let mut name = Vec::new();
    for part in parts {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    Uuid::new_v5(&NAMESPACE, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_facts_have_different_ids() {
        let id = order_id_of_external("web", "1");
        assert_eq!(id, order_id_of_external("web", "1"));
        assert_ne!(id, order_id_of_external("we", "b1"));
        assert_ne!(id, order_id_of_key("web", "1"));
    }
}
