//! The kinds of reference data.

use super::{Executors, Reference, Rehearsals};
use crate::answer::Changed;
use contracts::{platform, product, shipping};
use domain::{
    ids,
    platform::Platform,
    product::Product,
    shipping::{method::ShippingMethod, zone::ShippingZone},
    whole::Whole,
};
use infra::command::{Executor, Outcome, Rehearsal};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// What a path may have as it is (RFC 3986 §2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A kind of reference data, as commands on it are carried out and answered.
pub trait Kind:
    Whole<
        Document: Serialize + DeserializeOwned + Send + Sync + 'static,
        Command: Clone + Send + Sync,
        Event: Send + Sync,
    > + 'static
{
    /// Its id in the log, by its natural key.
    fn id(key: &str) -> Uuid;

    /// Path of the collection that it is read in.
    const COLLECTION: &'static str;

    /// Its natural key.
    fn key(document: &Self::Document) -> &str;

    /// Where it is read.
    fn location(document: &Self::Document) -> String {
        let key = utf8_percent_encode(Self::key(document), UNRESERVED);
        format!("{}/{key}", Self::COLLECTION)
    }

    /// Who carries commands on it out.
    fn executor(executors: &Executors) -> &Executor<Reference<Self>>;

    /// What a rehearsal has led to.
    fn rehearsal(rehearsals: &Rehearsals) -> &Rehearsal<Reference<Self>>;

    /// What a command on it has led to, as one of all kinds.
    fn changed(outcome: Outcome<Reference<Self>>) -> Changed;
}

macro_rules! kinds {
    ($($kind:ident: $document:ty, $id:path, $key:ident, $collection:literal, $executor:ident);+ $(;)?) => {$(
        impl Kind for $kind {
            const COLLECTION: &'static str = $collection;

            fn id(key: &str) -> Uuid {
                $id(key)
            }

            fn key(document: &$document) -> &str {
                &document.$key
            }

            fn executor(executors: &Executors) -> &Executor<Reference<Self>> {
                &executors.$executor
            }

            fn rehearsal(rehearsals: &Rehearsals) -> &Rehearsal<Reference<Self>> {
                &rehearsals.$executor
            }

            fn changed(outcome: Outcome<Reference<Self>>) -> Changed {
                Changed::$kind(outcome)
            }
        }
    )+};
}
kinds! {
    Platform: platform::Platform, ids::platform_id, slug, "/v1/platforms", platforms;
    Product: product::Product, ids::product_id, sku, "/v1/products", products;
    ShippingZone: shipping::zone::ShippingZone, ids::shipping_zone_id, id, "/v1/shipping/zones", zones;
    ShippingMethod: shipping::method::ShippingMethod, ids::shipping_method_id, id, "/v1/shipping/methods", methods;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_sku_consists_of_is_one_part_of_a_path() {
        let product = product::Product {
            sku: "a/b c?é".to_owned(),
            title: "Lamp".to_owned(),
            weight_grams: None,
            dimensions: None,
            tax_class: None,
            requires_shipping: true,
            prices: Vec::new(),
            archived: false,
        };
        assert_eq!(
            Product::location(&product),
            "/v1/products/a%2Fb%20c%3F%C3%A9"
        );
    }
}
