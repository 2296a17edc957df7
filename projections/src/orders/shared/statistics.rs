//! `order_statistics`: counts and sums by hour, once by the hour in which an
//! order was placed and once by the hour in which things happened to it.
//! Drafts count in none of them, nor does a draft that was given up.

use super::{Counted, shared_table};
use contracts::order::{Kind, Order, OrderStatus};
use std::collections::BTreeMap;
use time::OffsetDateTime;

shared_table! {
    table = "order_statistics", few = true;
    /// What is summed over.
    key {
        /// False: everything counts in the hour in which its order was placed,
        /// whenever it came to be. True: it counts in the hour in which it
        /// happened, as a difference to what was before.
        by_event: bool,
        /// The hour's first moment, in UTC.
        hour: OffsetDateTime,
        /// Slug of the sales channel.
        platform: String,
        /// ISO 4217 code; the sums are in its minor units.
        currency: String,
        /// ISO 3166-1 alpha-2.
        country: String,
        /// Sale, credit or adjustment.
        kind: Kind,
    }
    /// What is summed. Amounts in minor units.
    sums {
        /// Orders of any kind that were placed, also those cancelled since.
        orders,
        /// Of them, the cancelled ones.
        cancelled,
        /// Σ (quantity − cancelled quantity) over lines.
        units,
        /// Σ `totals.items`.
        items,
        /// Σ `totals.discounts`.
        discounts,
        /// Σ `totals.shipping`.
        shipping,
        /// Σ `totals.tax`.
        tax,
        /// Σ `totals.total`; that of a cancelled order is 0.
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

impl Sums {
    /// What one placed order counts for.
    pub(super) fn of(order: &Order) -> Self {
        let totals = &order.totals;
        Self {
            orders: 1,
            cancelled: i64::from(order.status == OrderStatus::Cancelled),
            units: units(order),
            items: totals.items,
            discounts: totals.discounts,
            shipping: totals.shipping,
            tax: totals.tax,
            revenue: totals.total,
            captured: totals.captured,
            refunded: totals.refunded,
            charged_back: totals.charged_back,
            credited: totals.credited,
        }
    }
}

/// Goods of an order that were not called off; negative on credits.
pub fn units(order: &Order) -> i64 {
    let units = order
        .lines
        .iter()
        .map(|l| l.quantity - l.cancelled_quantity);
    units.fold(0, i64::wrapping_add)
}

/// What an order counts for by the hour in which it was placed; nothing for a
/// draft.
pub(super) fn by_order(order: &Order) -> Counted<Sums> {
    let placed_at = order.placed_at.into_iter();
    placed_at
        .map(|at| (key(order, at), Sums::of(order)))
        .collect()
}

/// What an event that happened at `at` moved, by its hour: one entry, or two
/// where the order went from one group to another (its country changed).
pub(super) fn by_event(
    was: &Counted<Sums>,
    is: &Counted<Sums>,
    at: OffsetDateTime,
) -> Counted<Sums> {
    let out = was.iter().map(|(key, sums)| (key, -*sums));
    let differences = out.chain(is.iter().map(|(key, sums)| (key, *sums)));
    let mut moved = BTreeMap::<Key, Sums>::new();
    for (key, sums) in differences {
        let key = Key {
            by_event: true,
            hour: hour(at),
            ..key.clone()
        };
        *moved.entry(key).or_default() += sums;
    }
    moved.retain(|_, sums| *sums != Sums::default());
    moved.into_iter().collect()
}

fn key(order: &Order, placed_at: OffsetDateTime) -> Key {
    Key {
        by_event: false,
        hour: hour(placed_at),
        platform: order.platform.clone(),
        currency: order.currency.clone(),
        country: order.country.clone(),
        kind: order.kind,
    }
}

/// The first moment of the hour, in UTC.
pub fn hour(at: OffsetDateTime) -> OffsetDateTime {
    let seconds = at.unix_timestamp().div_euclid(3_600) * 3_600;
    // An hour that begins before the first representable moment has no other.
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn an_hour_begins_before_what_is_in_it_also_before_1970() {
        for (at, begins) in [
            (
                datetime!(2026-01-31 23:59:59.9 UTC),
                datetime!(2026-01-31 23:00 UTC),
            ),
            (
                datetime!(2026-01-31 23:00 UTC),
                datetime!(2026-01-31 23:00 UTC),
            ),
            (
                datetime!(2026-01-31 23:15 +5:30),
                datetime!(2026-01-31 17:00 UTC),
            ),
            (
                datetime!(1969-12-31 22:00:01 UTC),
                datetime!(1969-12-31 22:00 UTC),
            ),
        ] {
            assert_eq!(hour(at), begins);
        }
    }
}
