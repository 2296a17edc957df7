//! `product_statistics`: what was sold of each product, by day.

use super::{Counted, shared_table};
use contracts::order::{Kind, Order};
use std::collections::BTreeMap;
use time::{Date, UtcOffset};

shared_table! {
    table = "product_statistics", few = false;
    /// What is summed over.
    key {
        /// Stock keeping unit, as given.
        sku: String,
        /// Business day: that of `placed_at`, in UTC.
        day: Date,
        /// Slug of the sales channel.
        platform: String,
        /// ISO 4217 code; the sums are in its minor units.
        currency: String,
    }
    /// What is summed, over the lines with the product.
    sums {
        /// Orders of kind `order` with such a line.
        orders,
        /// Σ (quantity − cancelled quantity); credits take away.
        units,
        /// Σ returned quantity.
        returned_units,
        /// Σ line amounts.
        amount,
        /// Σ discounts, the lines' own and their shares of the order's.
        discounts,
        /// Σ taxes.
        tax,
    }
}

/// What an order counts for; nothing for a draft. A function of its lines and
/// of what it was placed with.
pub(super) fn count(order: &Order) -> Counted<Sums> {
    let Some(placed_at) = order.placed_at else {
        return Vec::new();
    };
    let day = placed_at.to_offset(UtcOffset::UTC).date();
    let mut products = BTreeMap::<&str, Sums>::new();
    for line in &order.lines {
        let sums = products.entry(&line.sku).or_insert_with(|| Sums {
            orders: i64::from(order.kind == Kind::Order),
            ..Sums::default()
        });
        *sums += Sums {
            orders: 0,
            units: line.quantity.wrapping_sub(line.cancelled_quantity),
            returned_units: line.returned_quantity,
            amount: line.amount,
            discounts: line.discount.wrapping_add(line.allocated_discount),
            tax: line.tax,
        };
    }
    let counted = products.into_iter().map(|(sku, sums)| {
        let key = Key {
            sku: sku.to_owned(),
            day,
            platform: order.platform.clone(),
            currency: order.currency.clone(),
        };
        (key, sums)
    });
    counted.collect()
}
