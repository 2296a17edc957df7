//! Rows as CSV. Numbers are written as they are, negative ones too.

use super::{Cell, Column, push_time};
use crate::export::error::ExportError;
use infra::csv::{END, push_text};
use std::io::Write as _;

/// What the first cell of the trailer is, and no other first cell: those are
/// ids.
const TRAILER: &str = "#trailer";

/// The names of the columns.
pub fn header(written: &mut Vec<u8>, columns: &[Column]) {
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            written.push(b',');
        }
        written.extend_from_slice(column.name.as_bytes());
    }
    written.extend_from_slice(END);
}

/// The next cell of the record.
pub fn cell(written: &mut Vec<u8>, first: bool, cell: Cell<'_>) -> Result<(), ExportError> {
    if !first {
        written.push(b',');
    }
    match cell {
        Cell::None => {}
        Cell::Text(text) => push_text(written, text),
        Cell::Decimal(text) => written.extend_from_slice(text.as_bytes()),
        Cell::Id(id) => write!(written, "{id}")?,
        Cell::Whole(number) => write!(written, "{number}")?,
        Cell::Yes(yes) => write!(written, "{yes}")?,
        Cell::Time(micros) => push_time(written, micros)?,
    }
    Ok(())
}

/// A record of as many cells as the others, the first ones of which tell what
/// the export is.
pub fn trailer(written: &mut Vec<u8>, columns: usize, told: &[String]) {
    written.extend_from_slice(TRAILER.as_bytes());
    for at in 1..columns {
        written.push(b',');
        if let Some(told) = told.get(at - 1) {
            push_text(written, told);
        }
    }
    written.extend_from_slice(END);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are() {
        let mut written = Vec::new();
        for (at, number) in [Cell::Whole(-5), Cell::Decimal("-0.125"), Cell::None]
            .into_iter()
            .enumerate()
        {
            cell(&mut written, at == 0, number).expect("memory");
        }
        assert_eq!(written, b"-5,-0.125,");
    }

    #[test]
    fn the_trailer_has_as_many_cells_as_a_row() {
        let mut written = Vec::new();
        trailer(&mut written, 4, &["count=7".into(), "as_of=2026".into()]);
        assert_eq!(written, b"#trailer,count=7,as_of=2026,\r\n");
    }
}
