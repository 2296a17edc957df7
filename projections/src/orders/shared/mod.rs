//! What orders share: sums over many of them, as differences of two rows of
//! one order (`docs/ARCHITECTURE.md`, invariant 7; `docs/STATISTICS.md` says
//! what each figure is). One file per table.

mod computed;
pub mod customers;
pub mod funnel;
pub mod products;
pub mod statistics;
pub mod statuses;
mod table;

use super::{OrderRow, parts::Part};
use crate::engine::verify::{Content, SumTable};
use table::shared_table;
pub use table::{Column, Counted, Differences, Key, Shared, Statement};
use time::OffsetDateTime;

/// The tables, and what each has to hold.
pub fn summed() -> Vec<SumTable> {
    fn table<S: Shared>(computed: &'static str) -> SumTable {
        let key = S::Key::COLUMNS.iter().map(|(name, _)| *name);
        SumTable {
            table: S::TABLE,
            key: key.chain(["partition"]).collect(),
            content: Content::Sums(S::SUMS),
            computed: computed.into(),
        }
    }
    vec![
        table::<statistics::Sums>(computed::STATISTICS),
        table::<statuses::Sums>(computed::STATUSES),
        table::<products::Sums>(computed::PRODUCTS),
        table::<customers::Sums>(computed::CUSTOMERS),
        table::<funnel::Sums>(computed::FUNNEL),
    ]
}

/// Differences of all shared tables.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SharedChanges {
    /// By hour.
    pub statistics: Differences<statistics::Sums>,
    /// By hour and statuses.
    pub statuses: Differences<statuses::Sums>,
    /// By product and day.
    pub products: Differences<products::Sums>,
    /// By customer and day.
    pub customers: Differences<customers::Sums>,
    /// By day and step.
    pub funnel: Differences<funnel::Sums>,
}

/// What one row counts for in all shared tables.
#[derive(Debug, Default)]
pub struct Contribution {
    statistics: Counted<statistics::Sums>,
    statuses: Counted<statuses::Sums>,
    products: Counted<products::Sums>,
    customers: Counted<customers::Sums>,
    funnel: Counted<funnel::Sums>,
}

impl Contribution {
    /// Of a row, in everything.
    pub fn of(row: &OrderRow) -> Self {
        Self {
            products: products::count(&row.order),
            ..Self::but_products(row)
        }
    }

    /// Of a row before or after an event that may change these parts. Products
    /// are those of the lines: counted only where lines may be other ones.
    pub fn around(row: &OrderRow, parts: &[Part]) -> Self {
        if parts.contains(&Part::Lines) {
            Self::of(row)
        } else {
            Self::but_products(row)
        }
    }

    /// What an event at `at` moved that made `was` this.
    pub fn moved_from(&self, was: &Self, at: OffsetDateTime) -> Counted<statistics::Sums> {
        statistics::by_event(&was.statistics, &self.statistics, at)
    }

    fn but_products(row: &OrderRow) -> Self {
        Self {
            statistics: statistics::by_order(&row.order),
            statuses: statuses::count(&row.order),
            products: Vec::new(),
            customers: customers::count(&row.order),
            funnel: funnel::count(row),
        }
    }
}

impl SharedChanges {
    /// Counts an order of this partition out as it was and in as it is.
    pub fn replace(&mut self, partition: i32, was: Contribution, is: Contribution) {
        self.statistics
            .replace(partition, was.statistics, is.statistics);
        self.statuses.replace(partition, was.statuses, is.statuses);
        self.products.replace(partition, was.products, is.products);
        self.customers
            .replace(partition, was.customers, is.customers);
        self.funnel.replace(partition, was.funnel, is.funnel);
    }

    /// Moves what has few rows from the changes of one page into `held`.
    pub fn hold_back(&mut self, held: &mut Self) {
        hold_back(&mut self.statistics, &mut held.statistics);
        hold_back(&mut self.statuses, &mut held.statuses);
        hold_back(&mut self.products, &mut held.products);
        hold_back(&mut self.customers, &mut held.customers);
        hold_back(&mut self.funnel, &mut held.funnel);
    }

    /// Takes over other differences.
    #[cfg(test)]
    pub fn absorb(&mut self, other: Self) {
        self.statistics.absorb(other.statistics);
        self.statuses.absorb(other.statuses);
        self.products.absorb(other.products);
        self.customers.absorb(other.customers);
        self.funnel.absorb(other.funnel);
    }
}

fn hold_back<S: Shared>(page: &mut Differences<S>, held: &mut Differences<S>) {
    if S::FEW {
        held.absorb(std::mem::take(page));
    }
}
