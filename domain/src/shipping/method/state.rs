//! The method's state: all of its last event.

use super::event::ShippingMethodEvent;
use crate::{shipping::rejection::ShippingRejection, whole::differing};
use contracts::shipping::method::{self as published, ShippingMethodChange};
use serde::{Deserialize, Serialize};

/// A method. The default is one that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShippingMethod {
    /// As its last event left it; none before its first one.
    pub now: Option<published::ShippingMethod>,
}

impl ShippingMethod {
    /// As it is, whether archived or not.
    ///
    /// # Errors
    /// `shipping_method_not_found`.
    pub fn there(&self) -> Result<&published::ShippingMethod, ShippingRejection> {
        self.now.as_ref().ok_or(ShippingRejection::MethodNotFound)
    }

    /// The same, if it may be changed.
    ///
    /// # Errors
    /// `shipping_method_not_found`, `shipping_method_archived`.
    pub fn live(&self) -> Result<&published::ShippingMethod, ShippingRejection> {
        let now = self.there()?;
        if now.archived {
            return Err(ShippingRejection::MethodArchived);
        }
        Ok(now)
    }

    /// The events that leave `next`: none where it is as it was, else the one
    /// that `made` makes.
    pub(super) fn becomes(
        &self,
        next: published::ShippingMethod,
        made: fn(Box<ShippingMethodChange>) -> ShippingMethodEvent,
    ) -> Vec<ShippingMethodEvent> {
        let changed = self.now.as_ref().map(|before| changed(before, &next));
        if changed.as_ref().is_some_and(Vec::is_empty) {
            return Vec::new();
        }
        let changed = changed.unwrap_or_default();
        let method = next;
        vec![made(Box::new(ShippingMethodChange { method, changed }))]
    }
}

/// The state after one more event. Total: whatever is stored was decided once.
#[must_use]
pub fn evolve(_: ShippingMethod, event: &ShippingMethodEvent) -> ShippingMethod {
    let now = Some(event.change().method.clone());
    ShippingMethod { now }
}

fn changed(before: &published::ShippingMethod, now: &published::ShippingMethod) -> Vec<String> {
    differing!(published::ShippingMethod, before, now;
        id, name, zones, platforms, min_weight_grams, max_weight_grams, max_parcel_weight_grams,
        excluded_skus, min_days, max_days, tax_rate, rates, archived)
}
