//! Edits of a placed order.

use crate::{
    order::{
        parts::{Address, Customer, Discount, OrderedLine, Reason, Shipping, payloads},
        status::AddressKind,
    },
    personal::Personal,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

payloads! {
    /// `order.line_added`.
    pub struct LineAdded {
        /// The new line.
        pub line: OrderedLine,
        /// Discounts as they stand now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub discounts: Vec<Discount>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.line_quantity_changed`. Amounts are those of what is not
    /// cancelled of the line, in minor units.
    pub struct LineQuantityChanged {
        /// Which line.
        pub line: String,
        /// How many are ordered now.
        pub quantity: i64,
        /// Quantity × unit price.
        pub amount: i64,
        /// Discount on the line.
        pub discount: i64,
        /// Tax on the line.
        pub tax: i64,
        /// Discounts as they stand now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub discounts: Vec<Discount>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.line_removed`.
    pub struct LineRemoved {
        /// Which line.
        pub line: String,
        /// Discounts as they stand now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub discounts: Vec<Discount>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.shipping_changed`.
    pub struct ShippingChanged {
        /// How it is shipped now.
        pub shipping: Shipping,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.discount_applied`.
    pub struct DiscountApplied {
        /// The new one: local to the order, `d1`, `d2`, …
        pub discount_id: String,
        /// All discounts as they stand now, the new one among them.
        pub discounts: Vec<Discount>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.discount_removed`.
    pub struct DiscountRemoved {
        /// Which one.
        pub discount_id: String,
        /// The others as they stand now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub discounts: Vec<Discount>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.address_changed`.
    pub struct AddressChanged {
        /// Which address.
        pub address: AddressKind,
        /// The country it names, if it names one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub address_country: Option<String>,
        /// Country of the order now.
        pub country: String,
        /// The address without its country.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Address>>,
    }

    /// `order.customer_assigned`.
    pub struct CustomerAssigned {
        /// The platform's own id of the customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub customer_id: Option<String>,
        /// The customer without the id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Customer>>,
    }

    /// `order.customer_linked`: the order of a guest turned out to be that of a
    /// customer. Name and email stay as they were given.
    pub struct CustomerLinked {
        /// The platform's own id of the customer.
        pub customer_id: String,
    }
}
