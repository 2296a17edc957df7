//! The method as an aggregate: its state is all of its last event.

use super::{command::ShippingMethodCommand, event::ShippingMethodEvent};
use crate::{shipping::rejection::ShippingRejection, whole::whole};
use contracts::{
    shipping::method::{self as published, ShippingMethodChange},
    topics,
};

whole! {
    /// A method. The default is one that does not exist.
    ShippingMethod: ShippingMethodCommand => ShippingMethodEvent, ShippingRejection;
    ShippingMethodChange {
        method: published::ShippingMethod {
            id, name, zones, platforms, min_weight_grams, max_weight_grams,
            max_parcel_weight_grams, excluded_skus, min_days, max_days, tax_rate,
            rates, archived,
        }
    } on topics::SHIPPING;
    ShippingRejection::MethodNotFound, ShippingRejection::MethodArchived,
}
