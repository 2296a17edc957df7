//! What the OpenAPI document says of every command: its parameters, and its
//! answers by the codes that they carry.

mod answers;
mod parameters;
mod reference;

pub(crate) use answers::answers;
pub use answers::{
    AMOUNT, ANY, COMMAND, CONTENT, EDIT, LINE, LIVE_SALE, METHOD, NEW_ORDER, PLATFORM, PRICE,
    PRODUCT, QUOTE, REQUEST, SALE, UNITS, ZONE, problems, responses,
};
pub use parameters::{
    CreatePlatforms, Headers, OnDelivery, OnEndpoint, OnExport, OnKey, OnMethod, OnOperation,
    OnOrder, OnPlatform, OnProduct, OnZone, Once,
};
pub use reference::{PlatformAnswer, ProductAnswer, ShippingMethodAnswer, ShippingZoneAnswer};
