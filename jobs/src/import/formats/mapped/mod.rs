//! Rows of cells whose meaning a mapping file says: a CSV, or the result of a
//! query.
//!
//! - Rows with the same `external_id` are one order of the mapping's platform,
//!   each a line of it. They may stand apart by up to
//!   [`LOOK_BACK`](crate::import::window::LOOK_BACK) rows; a row
//!   that comes later still is refused: its order is already sent.
//! - A row that cannot be read is refused by itself, and with it the rest of its
//!   order: an order with a line missing would be a wrong order.
//! - What rows say of their order has to agree; nothing is no contradiction.

mod config;
pub mod csv;
mod fields;
mod order;
mod row;
pub mod sql;

pub use config::Mapping;

use crate::import::{
    Counts, ImportError,
    item::{Item, Reason, Source},
    window::Gathered,
};
use order::Rows as Assembled;
use row::{Cells, Reader};
use std::{future::Future, path::Path};

/// Rows, however they are read.
pub(crate) trait Rows: Send + 'static {
    /// The next row; none at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Record>, ImportError>> + Send;

    /// Number of the last one.
    fn line(&self) -> u64;
}

/// A row as it was read.
pub(crate) struct Record {
    /// Its number, from 1.
    pub line: u64,
    /// As far as it could be read.
    pub cells: Cells,
    /// Why it is no row; which order it would have been of, its cells may say.
    pub problem: Option<Reason>,
}

/// The orders that rows make up.
pub(crate) struct Mapped<R> {
    rows: R,
    reader: Reader,
    orders: Gathered<Assembled>,
}

impl<R: Rows> Mapped<R> {
    /// # Errors
    /// Where the mapping, read from `path`, names a column that there is not.
    pub(super) fn new(
        rows: R,
        columns: &[String],
        mapping: Mapping,
        path: &Path,
    ) -> Result<Self, ImportError> {
        Ok(Self {
            reader: Reader::new(mapping, path, columns)?,
            rows,
            orders: Gathered::new(),
        })
    }

    /// Takes in a row; false at the end.
    async fn advance(&mut self) -> Result<bool, ImportError> {
        let Some(record) = self.rows.next().await? else {
            self.orders.finish()?;
            return Ok(false);
        };
        self.orders.take(self.reader.read(record))?;
        Ok(true)
    }
}

impl<R: Rows> Source for Mapped<R> {
    async fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            if let Some(item) = self.orders.pop() {
                return Ok(Some(item));
            }
            if !self.advance().await? {
                return Ok(self.orders.pop());
            }
        }
    }

    fn abandon(&mut self) -> Vec<Item> {
        self.orders.abandon()
    }

    fn read(&self) -> Counts {
        self.orders.read()
    }

    fn line(&self) -> u64 {
        self.rows.line()
    }
}
