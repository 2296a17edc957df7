//! `order_status_statistics`: the same sums by the statuses that orders have
//! now, on all axes. A table of its own, as an order's rows here change with
//! each of its statuses; there are never more rows than orders.

use super::{Counted, shared_table, statistics};
use contracts::order::{FulfillmentStatus, Kind, Order, OrderStatus, PaymentStatus, ReturnStatus};
use time::OffsetDateTime;

shared_table! {
    table = "order_status_statistics", few = true;
    /// What is summed over.
    key {
        /// Hour in which the orders were placed: its first moment, in UTC.
        hour: OffsetDateTime,
        /// Slug of the sales channel.
        platform: String,
        /// ISO 4217 code; the sums are in its minor units.
        currency: String,
        /// ISO 3166-1 alpha-2.
        country: String,
        /// Sale, credit or adjustment.
        kind: Kind,
        /// Order axis.
        status: OrderStatus,
        /// Payment axis.
        payment_status: PaymentStatus,
        /// Fulfilment axis.
        fulfillment_status: FulfillmentStatus,
        /// Return axis.
        return_status: ReturnStatus,
    }
    /// The sums of [`statistics::Sums`].
    sums {
        /// See there; as the others.
        orders,
        /// See there.
        cancelled,
        /// See there.
        units,
        /// See there.
        items,
        /// See there.
        discounts,
        /// See there.
        shipping,
        /// See there.
        tax,
        /// See there.
        revenue,
        /// See there.
        captured,
        /// See there.
        refunded,
        /// See there.
        charged_back,
        /// See there.
        credited,
    }
}

/// What an order counts for; nothing for a draft.
pub(super) fn count(order: &Order) -> Counted<Sums> {
    let placed_at = order.placed_at.into_iter();
    placed_at.map(|at| (key(order, at), sums(order))).collect()
}

fn key(order: &Order, placed_at: OffsetDateTime) -> Key {
    Key {
        hour: statistics::hour(placed_at),
        platform: order.platform.clone(),
        currency: order.currency.clone(),
        country: order.country.clone(),
        kind: order.kind,
        status: order.status,
        payment_status: order.payment_status,
        fulfillment_status: order.fulfillment_status,
        return_status: order.return_status,
    }
}

fn sums(order: &Order) -> Sums {
    let sums = statistics::Sums::of(order);
    Sums {
        orders: sums.orders,
        cancelled: sums.cancelled,
        units: sums.units,
        items: sums.items,
        discounts: sums.discounts,
        shipping: sums.shipping,
        tax: sums.tax,
        revenue: sums.revenue,
        captured: sums.captured,
        refunded: sums.refunded,
        charged_back: sums.charged_back,
        credited: sums.credited,
    }
}
