//! Rows of cells whose meaning a mapping file says: a CSV, or the result of a
//! query.
//!
//! - Rows with the same `external_id` are one order of the mapping's platform,
//!   each a line of it. They may stand apart by up to [`LOOK_BACK`] rows; a row
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
    window::{LOOK_BACK, Window},
};
use order::Rows as Assembled;
use row::{Cells, Reader};
use std::{collections::VecDeque, future::Future, path::Path};

/// Rows, however they are read.
pub(in crate::import) trait Rows: Send + 'static {
    /// The next row; none at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Record>, ImportError>> + Send;

    /// Number of the last one.
    fn line(&self) -> u64;
}

/// A row as it was read.
pub(in crate::import) struct Record {
    /// Its number, from 1.
    pub line: u64,
    /// As far as it could be read.
    pub cells: Cells,
    /// Why it is no row; which order it would have been of, its cells may say.
    pub problem: Option<Reason>,
}

/// The orders that rows make up.
pub struct Mapped<R> {
    rows: R,
    reader: Reader,
    window: Window<Assembled>,
    ready: VecDeque<Item>,
    read: u64,
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
            window: Window::new(LOOK_BACK),
            ready: VecDeque::new(),
            read: 0,
        })
    }

    /// Takes in a row; false at the end.
    async fn advance(&mut self) -> Result<bool, ImportError> {
        let Some(record) = self.rows.next().await? else {
            self.ready.extend(self.window.finish()?);
            return Ok(false);
        };
        self.read += 1;
        match self.reader.read(record) {
            Ok(row) => self.window.take(row, &mut self.ready)?,
            Err(bad) => self.window.take_bad(bad, &mut self.ready)?,
        }
        Ok(true)
    }
}

impl<R: Rows> Source for Mapped<R> {
    async fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            if !self.advance().await? && self.ready.is_empty() {
                return Ok(None);
            }
        }
    }

    fn abandon(&mut self) -> Vec<Item> {
        let mut items: Vec<Item> = self.ready.drain(..).collect();
        items.extend(self.window.abandon());
        items
    }

    fn read(&self) -> Counts {
        Counts {
            invoices: self.window.invoices(),
            lines: self.read,
        }
    }

    fn line(&self) -> u64 {
        self.rows.line()
    }
}
