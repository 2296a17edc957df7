//! `order_status_statistics`: the same sums by the statuses that orders have
//! now, on all axes. A table of its own, as an order's rows here change with
//! each of its statuses; there are never more rows than orders.

use super::{Counted, Shared, statistics, table::shared_key};
use contracts::order::{FulfillmentStatus, Kind, Order, OrderStatus, PaymentStatus, ReturnStatus};
use std::ops::{AddAssign, Neg};
use time::OffsetDateTime;

shared_key! {
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
}

/// The same sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums(pub statistics::Sums);

impl Shared for Sums {
    type Key = Key;
    const TABLE: &'static str = "order_status_statistics";
    const SUMS: &'static [&'static str] = statistics::Sums::SUMS;
    const FEW: bool = true;

    fn sums(&self) -> Vec<i64> {
        self.0.sums()
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Neg for Sums {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// What an order counts for; nothing for a draft.
pub(super) fn count(order: &Order) -> Counted<Sums> {
    let placed_at = order.placed_at.into_iter();
    placed_at
        .map(|at| (key(order, at), Sums(statistics::Sums::of(order))))
        .collect()
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
