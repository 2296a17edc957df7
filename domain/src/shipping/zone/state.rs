//! The zone's state: all of its last event.

use super::event::ShippingZoneEvent;
use crate::{shipping::rejection::ShippingRejection, whole::differing};
use contracts::shipping::zone::{self as published, ShippingZoneChange};
use serde::{Deserialize, Serialize};

/// A zone. The default is one that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShippingZone {
    /// As its last event left it; none before its first one.
    pub now: Option<published::ShippingZone>,
}

impl ShippingZone {
    /// As it is, whether archived or not.
    ///
    /// # Errors
    /// `shipping_zone_not_found`.
    pub fn there(&self) -> Result<&published::ShippingZone, ShippingRejection> {
        self.now.as_ref().ok_or(ShippingRejection::ZoneNotFound)
    }

    /// The same, if it may be changed.
    ///
    /// # Errors
    /// `shipping_zone_not_found`, `shipping_zone_archived`.
    pub fn live(&self) -> Result<&published::ShippingZone, ShippingRejection> {
        let now = self.there()?;
        if now.archived {
            return Err(ShippingRejection::ZoneArchived);
        }
        Ok(now)
    }

    /// The events that leave `next`: none where it is as it was, else the one
    /// that `made` makes.
    pub(super) fn becomes(
        &self,
        next: published::ShippingZone,
        made: fn(Box<ShippingZoneChange>) -> ShippingZoneEvent,
    ) -> Vec<ShippingZoneEvent> {
        let changed = self.now.as_ref().map(|before| changed(before, &next));
        if changed.as_ref().is_some_and(Vec::is_empty) {
            return Vec::new();
        }
        let changed = changed.unwrap_or_default();
        let zone = next;
        vec![made(Box::new(ShippingZoneChange { zone, changed }))]
    }
}

/// The state after one more event. Total: whatever is stored was decided once.
#[must_use]
pub fn evolve(_: ShippingZone, event: &ShippingZoneEvent) -> ShippingZone {
    let now = Some(event.change().zone.clone());
    ShippingZone { now }
}

fn changed(before: &published::ShippingZone, now: &published::ShippingZone) -> Vec<String> {
    differing!(published::ShippingZone, before, now;
        id, name, countries, regions, postal_codes, rest_of_world, archived)
}
