//! UCI Online Retail (Chen, D., 2015, UCI Machine Learning Repository): one
//! CSV, one row per invoice line, columns `InvoiceNo, StockCode, Description,
//! Quantity, InvoiceDate, UnitPrice, CustomerID, Country`; amounts in GBP,
//! times taken as UTC.
//!
//! - One invoice number is one order of the platform `online-retail`, placed
//!   at its earliest timestamp, its lines in the file's order. Exact duplicate
//!   lines and lines without a price are kept: they are real.
//! - `C…` is a credit, `A…` an adjustment, everything else an order. An
//!   invoice without any positive quantity is a stock movement; it is sent
//!   like every other and refused by the domain.
//! - The lines of an invoice may stand apart by up to [`LOOK_BACK`] rows. A
//!   line that comes later still is refused: its order is already sent.
//! - A row that cannot be read is refused by itself, and with it the rest of
//!   its invoice: an order with a line missing would be a wrong order, and a
//!   mended file could not correct it any more.

mod country;
pub(in crate::import) mod fields;
mod invoice;
pub(in crate::import) mod row;

pub use crate::import::window::LOOK_BACK;
pub(in crate::import) use invoice::Invoice;

use crate::import::item::{Item, Reason, Source};
use crate::import::lines::{Line, Lines, MAX_LINE};
use crate::import::open::Reader;
use crate::import::window::{BadRow, Window};
use crate::import::{Counts, ImportError};
use fields::Fields;
use std::collections::VecDeque;

/// Slug of the sales channel that the orders belong to.
pub const PLATFORM: &str = "online-retail";
/// Currency of every amount.
pub const CURRENCY: &str = "GBP";
/// The first line of the file.
pub const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/// A file of this format.
pub struct OnlineRetail {
    lines: Lines<Reader>,
    fields: Fields,
    window: Window<Invoice>,
    ready: VecDeque<Item>,
    rows: u64,
}

impl OnlineRetail {
    /// Reads and checks the header.
    ///
    /// # Errors
    /// A file that cannot be read or has another header.
    pub async fn begin(reader: Reader) -> Result<Self, ImportError> {
        let mut lines = Lines::new(reader);
        let first = lines.next().await;
        let first = first.map_err(|source| ImportError::Read { line: 0, source })?;
        let known = matches!(first, Some(Line::Whole(text)) if is_header(text));
        if !known {
            return Err(ImportError::Header {
                format: "online-retail",
                expected: HEADER,
            });
        }
        Ok(Self {
            lines,
            fields: Fields::new(),
            window: Window::new(LOOK_BACK),
            ready: VecDeque::new(),
            rows: 0,
        })
    }

    /// Takes in one line of the file; false at its end.
    async fn advance(&mut self) -> Result<bool, ImportError> {
        let number = self.lines.number();
        let line = self.lines.next().await;
        let line = line.map_err(|source| ImportError::Read {
            line: number,
            source,
        })?;
        let number = number + 1;
        let row = match line {
            None => {
                self.ready.extend(self.window.finish()?);
                return Ok(false);
            }
            // Not a row in any CSV dialect.
            Some(Line::Whole([])) => return Ok(true),
            Some(Line::Whole(text)) => {
                self.fields.split(text);
                row::parse(number, &self.fields)
            }
            Some(Line::TooLong) => Err(BadRow {
                line: number,
                invoice: None,
                reason: Reason::new("line_too_long", format!("longer than {MAX_LINE} bytes")),
            }),
        };
        self.rows += 1;
        match row {
            Ok(row) => self.window.take(row, &mut self.ready)?,
            Err(bad) => self.window.take_bad(bad, &mut self.ready)?,
        }
        Ok(true)
    }
}

/// The header, with or without a byte order mark and quotes.
fn is_header(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    let plain: Vec<u8> = line.iter().copied().filter(|b| *b != b'"').collect();
    plain == HEADER.as_bytes()
}

impl Source for OnlineRetail {
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
            lines: self.rows,
        }
    }

    fn line(&self) -> u64 {
        self.lines.number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::open::open;
    use std::path::PathBuf;

    /// The whole file where it lies beside the checkout, or in the folder that
    /// `ORDERLOG_SHARED_DIR` names.
    fn whole_file() -> Option<PathBuf> {
        let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared"));
        let shared = std::env::var_os("ORDERLOG_SHARED_DIR").map_or_else(beside, PathBuf::from);
        Some(shared.join("data/online-retail.csv.xz")).filter(|path| path.exists())
    }

    #[tokio::test]
    async fn the_whole_file_becomes_invoices_without_a_refused_line() {
        let Some(path) = whole_file() else {
            eprintln!("SKIPPED: online-retail.csv.xz is not there; set ORDERLOG_SHARED_DIR");
            return;
        };
        let reader = open(&path).await.expect("opens").reader;
        let mut source = OnlineRetail::begin(reader).await.expect("has the header");
        let (mut lines, mut split) = (0, 0);
        while let Some(item) = source.next().await.expect("readable") {
            let Item::Order { lines: numbers, .. } = item else {
                panic!("refused: {item:?}");
            };
            lines += numbers.len();
            split += usize::from(numbers.windows(2).any(|w| w[1] != w[0] + 1));
        }
        let read = Counts {
            invoices: 25_900,
            lines: 541_909,
        };
        assert_eq!(source.read(), read);
        assert_eq!(lines, 541_909);
        assert_eq!(split, 1, "one invoice is not contiguous");
    }

    #[tokio::test]
    async fn every_country_of_the_whole_file_is_in_the_table() {
        let Some(path) = whole_file() else {
            eprintln!("SKIPPED: online-retail.csv.xz is not there; set ORDERLOG_SHARED_DIR");
            return;
        };
        let mut lines = Lines::new(open(&path).await.expect("opens").reader);
        lines.next().await.expect("readable");
        let mut names = std::collections::BTreeSet::new();
        while let Some(Line::Whole(line)) = lines.next().await.expect("readable") {
            // Never quoted, always last.
            let name = line.rsplit(|b| *b == b',').next().expect("a column");
            names.insert(String::from_utf8(name.to_vec()).expect("text"));
        }
        assert_eq!(names.len(), 38);
        let unknown: Vec<_> = names.iter().filter(|n| !country::is_known(n)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
