//! Derived identity: the same fact leads to the
//! same id, so that a repeat meets the first one's stream.

pub use contracts::ids::subject_of_customer;

use contracts::ids::derived;
use uuid::Uuid;

/// The id of the order that `platform` calls `external_id`.
pub fn order_id_of_external(platform: &str, external_id: &str) -> Uuid {
    derived(&["external", platform, external_id])
}

/// The id of the order that `principal` creates by `route` under an idempotency
/// key. The route is part of it because it is part of what a key stands for.
pub fn order_id_of_key(principal: &str, route: &str, key: &str) -> Uuid {
    derived(&["key", principal, route, key])
}

/// The id of the order that replaces the goods of a return.
pub fn order_id_of_exchange(order_id: Uuid, return_id: &str) -> Uuid {
    derived(&["exchange", &order_id.to_string(), return_id])
}

/// The id of the register of `platform`'s invoice numbers.
pub fn invoice_register_id(platform: &str) -> Uuid {
    derived(&["invoice_register", platform])
}

/// The id of the shipping zone that the shop calls `id`.
pub fn shipping_zone_id(id: &str) -> Uuid {
    derived(&["shipping_zone", id])
}

/// The id of the shipping method that the shop calls `id`.
pub fn shipping_method_id(id: &str) -> Uuid {
    derived(&["shipping_method", id])
}

/// The id of the command that gives an order its invoice number: giving it one
/// twice is one command.
pub fn invoice_command_id(order_id: Uuid) -> Uuid {
    derived(&["invoice", &order_id.to_string()])
}

/// The id of the platform with this slug.
pub fn platform_id(slug: &str) -> Uuid {
    derived(&["platform", slug])
}

/// The id of the product with this SKU.
pub fn product_id(sku: &str) -> Uuid {
    derived(&["product", sku])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_facts_have_different_ids() {
        let id = order_id_of_external("web", "1");
        assert_eq!(id, order_id_of_external("web", "1"));
        assert_ne!(id, order_id_of_external("we", "b1"));
        assert_ne!(id, order_id_of_key("web", "POST /v1/orders", "1"));
    }
}
