//! What commands on reference data answer with, as the OpenAPI document has it.

use contracts::{
    platform::Platform,
    product::Product,
    shipping::{method::ShippingMethod, zone::ShippingZone},
};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! answers {
    ($($(#[$about:meta])* $name:ident: $document:ty),+ $(,)?) => {$(
        $(#[$about])*
        #[derive(ToSchema)]
        #[expect(dead_code, reason = "only documents what `ReferenceAnswer` writes")]
        pub struct $name {
            /// All of it.
            #[serde(flatten)]
            document: $document,
            /// Its id in the log: the key and `ce_subject` of its records on Kafka.
            subject: Uuid,
            /// How many events there were.
            version: i64,
            /// When the last one was recorded.
            #[schema(format = DateTime)]
            updated_at: String,
            /// Where the log stands after the command, for `min_position`.
            position: String,
        }
    )+};
}
answers! {
    /// The platform as a command left it.
    PlatformAnswer: Platform,
    /// The product as a command left it.
    ProductAnswer: Product,
    /// The shipping zone as a command left it.
    ShippingZoneAnswer: ShippingZone,
    /// The shipping method as a command left it.
    ShippingMethodAnswer: ShippingMethod,
}
