//! What the routes answer, for the OpenAPI document.

use crate::documented::parts_of;
use contracts::{
    platform::Platform,
    product::Product,
    shipping::{method::ShippingMethod, zone::ShippingZone},
};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};
use uuid::Uuid;

/// What is known about it, beside itself.
#[derive(Serialize, ToSchema)]
pub struct Recorded {
    /// Its id in the log, derived from its natural key: the key and `ce_subject`
    /// of its records on Kafka.
    subject: Uuid,
    /// How many events there were.
    #[schema(example = 1)]
    version: i64,
    /// When the last one was recorded.
    #[schema(value_type = String, format = DateTime)]
    updated_at: String,
}

/// Of one kind: a document, and a page of them; put together of stored JSON, never
/// of these. `$listed` describes what the page has.
macro_rules! answers {
    ($(
        $(#[$about_one:meta])* $one:ident { $member:ident: $document:ty }
        $(#[$about_list:meta])* $list:ident { $listed:ident }
    )+) => {$(
        $(#[$about_one])*
        #[derive(Serialize, ToSchema)]
        pub struct $one {
            #[serde(flatten)]
            $member: $document,
            #[serde(flatten)]
            recorded: Recorded,
        }

        $(#[$about_list])*
        #[derive(Serialize, ToSchema)]
        pub struct $list {
            #[schema(schema_with = $listed)]
            data: Vec<$one>,
            /// Whether there are more.
            has_more: bool,
            /// To be passed as `cursor`, with the same filters.
            next_cursor: Option<String>,
        }

        fn $listed() -> RefOr<Schema> {
            parts_of::<$one>("In the order of the bytes of their keys.")
        }
    )+};
}
answers! {
    /// A platform, as the projection stored it.
    OnePlatform { platform: Platform }
    /// A page of platforms.
    PlatformList { platforms }

    /// A product, as the projection stored it.
    OneProduct { product: Product }
    /// A page of products.
    ProductList { products }

    /// A shipping zone, as the projection stored it.
    OneShippingZone { zone: ShippingZone }
    /// A page of shipping zones.
    ShippingZoneList { zones }

    /// A shipping method, as the projection stored it.
    OneShippingMethod { method: ShippingMethod }
    /// A page of shipping methods.
    ShippingMethodList { methods }
}
