//! The kinds of reference data.

use super::Carried;
use contracts::{
    order::UnknownEvent,
    platform::{Platform, PlatformEvent},
    product::{Product, ProductEvent},
    shipping::{
        method::{ShippingMethod, ShippingMethodEvent},
        zone::{ShippingZone, ShippingZoneEvent},
    },
};
use infra::views::{
    PLATFORMS_FAMILY, PRODUCTS_FAMILY,
    models::{self, ReadModel},
};

/// Implements what all kinds have in common: `$document` is the member `$member`
/// of what `$event` carries, and `$key` is its key.
macro_rules! carried {
    ($model:ident, $event:ty, $document:ty, $member:ident, $key:ident) => {
        const MODEL: ReadModel = models::$model;

        type Event = $event;
        type Document = $document;

        fn decode(event_type: &str, data: &[u8]) -> Result<$event, UnknownEvent> {
            <$event>::from_data(event_type, data)
        }

        fn version(event: &$event) -> i64 {
            event.after.version
        }

        fn document(event: &$event) -> &$document {
            &event.fact.change().$member
        }

        fn key(document: &$document) -> &str {
            &document.$key
        }

        fn archived(document: &$document) -> bool {
            document.archived
        }
    };
}

/// Platforms, by slug.
#[derive(Debug)]
pub struct Platforms;

impl Carried for Platforms {
    const VERSION: i32 = 1;
    const DOCUMENTS: Option<&'static str> = Some(PLATFORMS_FAMILY);

    carried!(PLATFORMS, PlatformEvent, Platform, platform, slug);
}

/// Products, by SKU.
#[derive(Debug)]
pub struct Products;

impl Carried for Products {
    const VERSION: i32 = 1;
    const DOCUMENTS: Option<&'static str> = Some(PRODUCTS_FAMILY);
    const SEARCHED: bool = true;

    carried!(PRODUCTS, ProductEvent, Product, product, sku);

    fn title(document: &Product) -> Option<&str> {
        Some(&document.title)
    }
}

/// Shipping zones, by the shop's ids.
#[derive(Debug)]
pub struct ShippingZones;

impl Carried for ShippingZones {
    const VERSION: i32 = 1;

    carried!(SHIPPING_ZONES, ShippingZoneEvent, ShippingZone, zone, id);
}

/// Shipping methods, by the shop's ids.
#[derive(Debug)]
pub struct ShippingMethods;

impl Carried for ShippingMethods {
    const VERSION: i32 = 1;

    carried!(
        SHIPPING_METHODS,
        ShippingMethodEvent,
        ShippingMethod,
        method,
        id
    );
}
