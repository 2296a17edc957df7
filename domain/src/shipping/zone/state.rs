//! The zone as an aggregate: its state is all of its last event.

use super::{command::ShippingZoneCommand, event::ShippingZoneEvent};
use crate::{shipping::rejection::ShippingRejection, whole::whole};
use contracts::{
    shipping::zone::{self as published, ShippingZoneChange},
    topics,
};

whole! {
    /// A zone. The default is one that does not exist.
    ShippingZone: ShippingZoneCommand => ShippingZoneEvent, ShippingRejection;
    ShippingZoneChange {
        zone: published::ShippingZone {
            id, name, countries, regions, postal_codes, rest_of_world, archived,
        }
    } on topics::SHIPPING;
    ShippingRejection::ZoneNotFound, ShippingRejection::ZoneArchived,
}
