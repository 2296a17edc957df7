//! `customer_statistics`: what each customer ordered, by day. Totals per
//! customer, their first and last day and the cohorts by month of the first
//! order are sums over it.

use super::{Counted, shared_table, statistics};
use contracts::order::{Kind, Order};
use time::{Date, UtcOffset};

shared_table! {
    table = "customer_statistics", few = false;
    /// What is summed over.
    key {
        /// Slug of the sales channel, which the customer's id belongs to.
        platform: String,
        /// The channel's own id of the customer.
        customer: String,
        /// Business day: that of `placed_at`, in UTC.
        day: Date,
        /// ISO 4217 code; the sums are in its minor units.
        currency: String,
    }
    /// What is summed.
    sums {
        /// Orders of kind `order` that were placed, also those cancelled since.
        orders,
        /// Of them, the cancelled ones.
        cancelled,
        /// Σ (quantity − cancelled quantity) over lines; credits take away.
        units,
        /// Σ `totals.total`.
        revenue,
        /// Σ `totals.captured`.
        captured,
        /// Σ `totals.refunded`.
        refunded,
        /// Σ `totals.charged_back`.
        charged_back,
        /// Σ `totals.credited`.
        credited,
    }
}

/// What an order counts for; nothing for a draft, or for nobody in particular.
pub(super) fn count(order: &Order) -> Counted<Sums> {
    let customer = order.customer.as_ref().and_then(|c| c.id.clone());
    let Some((placed_at, customer)) = order.placed_at.zip(customer) else {
        return Vec::new();
    };
    let key = Key {
        platform: order.platform.clone(),
        customer,
        day: placed_at.to_offset(UtcOffset::UTC).date(),
        currency: order.currency.clone(),
    };
    let sums = statistics::Sums::of(order);
    let sale = i64::from(order.kind == Kind::Order);
    let sums = Sums {
        orders: sale,
        cancelled: sums.cancelled * sale,
        units: sums.units,
        revenue: sums.revenue,
        captured: sums.captured,
        refunded: sums.refunded,
        charged_back: sums.charged_back,
        credited: sums.credited,
    };
    vec![(key, sums)]
}
