//! Daily sums over orders, as differences of two states of one order
//! (`docs/ARCHITECTURE.md`, invariant 7). Drafts count in none of them, nor
//! does a draft that was given up.

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

/// The one list of the sums: a field each, and a column of the same name.
macro_rules! sums {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What is summed. Amounts in minor units.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Sums {
            $($(#[$doc])* pub $name: i64),+
        }

        impl Sums {
            /// How many there are.
            pub const COUNT: usize = Self::NAMES.len();

            /// Their names, which are those of their columns.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// The sums in the order of [`Self::NAMES`].
            pub const fn columns(&self) -> [i64; Self::COUNT] {
                [$(self.$name),+]
            }

            /// The sums from [`Self::columns`].
            pub const fn from_columns(columns: [i64; Self::COUNT]) -> Self {
                let [$($name),+] = columns;
                Self { $($name),+ }
            }
        }

        // Differences are exact modulo 2^64 whatever comes in between; that a
        // stored sum fits is the database's check.
        impl AddAssign for Sums {
            fn add_assign(&mut self, other: Self) {
                $(self.$name = self.$name.wrapping_add(other.$name);)+
            }
        }

        impl Neg for Sums {
            type Output = Self;

            fn neg(self) -> Self {
                Self { $($name: self.$name.wrapping_neg()),+ }
            }
        }
    };
}
sums! {
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

impl Sums {
    /// What one placed order counts for.
    fn of(order: &Order) -> Self {
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

/// Differences of daily sums, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statistics(BTreeMap<Key, Sums>);

impl Statistics {
    /// Counts an order in, if it was ever placed.
    pub fn add(&mut self, order: &Order, partition: i32) {
        if let Some(key) = key(order, partition) {
            self.change(key, Sums::of(order));
        }
    }

    /// Counts an order out, if it was ever placed.
    pub fn subtract(&mut self, order: &Order, partition: i32) {
        if let Some(key) = key(order, partition) {
            self.change(key, -Sums::of(order));
        }
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

/// The sums that an order counts in; none for a draft.
fn key(order: &Order, partition: i32) -> Option<Key> {
    Some(Key {
        day: order.placed_at?.to_offset(UtcOffset::UTC).date(),
        platform: order.platform.clone(),
        currency: order.currency.clone(),
        country: order.country.clone(),
        kind: order.kind,
        partition,
    })
}
