//! Daily sums over orders, as differences of two states of one order
//! (`docs/ARCHITECTURE.md`, invariant 7).

use contracts::order::{Kind, Order, OrderStatus};
use std::{
    collections::{BTreeMap, btree_map},
    ops::{AddAssign, Neg},
};
use time::{Date, UtcOffset};

/// What is summed over. The Kafka partition is part of it so that no two
/// workers ever write the same row; readers sum over it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Business day: that of `placed_at`, in UTC.
    pub day: Date,
    /// Slug of the sales channel.
    pub platform: String,
    /// ISO 4217 code; the sums are in its minor units.
    pub currency: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Sale, credit or adjustment.
    pub kind: Kind,
    /// Partition of the orders' events.
    pub partition: i32,
}

/// What is summed. Amounts in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Orders of any kind and status.
    pub orders: i64,
    /// Of them, the cancelled ones.
    pub cancelled: i64,
    /// Σ (quantity − cancelled quantity) over lines.
    pub units: i64,
    /// Σ `totals.items`.
    pub items: i64,
    /// Σ `totals.discounts`.
    pub discounts: i64,
    /// Σ `totals.shipping`.
    pub shipping: i64,
    /// Σ `totals.tax`.
    pub tax: i64,
    /// Σ `totals.total`; that of a cancelled order is 0.
    pub revenue: i64,
}

impl Sums {
    /// What one order counts for.
    pub fn of(order: &Order) -> Self {
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
        }
    }

    /// The sums in the order of their columns.
    pub const fn columns(&self) -> [i64; 8] {
        [
            self.orders,
            self.cancelled,
            self.units,
            self.items,
            self.discounts,
            self.shipping,
            self.tax,
            self.revenue,
        ]
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

// Differences are exact modulo 2^64 whatever comes in between; that a stored
// sum fits is the database's check.
impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.orders = self.orders.wrapping_add(other.orders);
        self.cancelled = self.cancelled.wrapping_add(other.cancelled);
        self.units = self.units.wrapping_add(other.units);
        self.items = self.items.wrapping_add(other.items);
        self.discounts = self.discounts.wrapping_add(other.discounts);
        self.shipping = self.shipping.wrapping_add(other.shipping);
        self.tax = self.tax.wrapping_add(other.tax);
        self.revenue = self.revenue.wrapping_add(other.revenue);
    }
}

impl Neg for Sums {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            orders: self.orders.wrapping_neg(),
            cancelled: self.cancelled.wrapping_neg(),
            units: self.units.wrapping_neg(),
            items: self.items.wrapping_neg(),
            discounts: self.discounts.wrapping_neg(),
            shipping: self.shipping.wrapping_neg(),
            tax: self.tax.wrapping_neg(),
            revenue: self.revenue.wrapping_neg(),
        }
    }
}

/// Differences of daily sums, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statistics(BTreeMap<Key, Sums>);

impl Statistics {
    /// Counts an order in.
    pub fn add(&mut self, order: &Order, partition: i32) {
        self.change(key(order, partition), Sums::of(order));
    }

    /// Counts an order out.
    pub fn subtract(&mut self, order: &Order, partition: i32) {
        self.change(key(order, partition), -Sums::of(order));
    }

    /// Takes over other differences.
    pub fn absorb(&mut self, other: Self) {
        for (key, sums) in other.0 {
            self.change(key, sums);
        }
    }

    /// The differences that are not nothing, by key.
    pub fn rows(&self) -> impl Iterator<Item = (&Key, &Sums)> {
        self.0.iter()
    }

    fn change(&mut self, key: Key, by: Sums) {
        match self.0.entry(key) {
            btree_map::Entry::Vacant(entry) => {
                entry.insert(by);
            }
            btree_map::Entry::Occupied(mut entry) => {
                *entry.get_mut() += by;
                if *entry.get() == Sums::default() {
                    entry.remove();
                }
            }
        }
    }
}

fn key(order: &Order, partition: i32) -> Key {
    Key {
        day: order.placed_at.to_offset(UtcOffset::UTC).date(),
        platform: order.platform.clone(),
        currency: order.currency.clone(),
        country: order.country.clone(),
        kind: order.kind,
        partition,
    }
}
