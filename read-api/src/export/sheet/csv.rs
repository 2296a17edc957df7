//! Rows as CSV (RFC 4180).
//!
//! A text that a spreadsheet would take for a formula gets an apostrophe before
//! it and stands in quotes, as OWASP advises: whoever can name a product must
//! not be able to run something on an accountant's machine. Numbers are written
//! as they are, negative ones too.
//! <https://owasp.org/www-community/attacks/CSV_Injection>

use super::{Cell, Column, push_time};
use crate::export::error::ExportError;
use std::io::Write as _;

/// The end of a record.
pub const END: &[u8] = b"\r\n";
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

fn push_text(written: &mut Vec<u8>, text: &str) {
    let formula = text.starts_with(is_formula);
    let special = |byte| matches!(byte, b'"' | b',' | b'\r' | b'\n');
    if !formula && !text.bytes().any(special) {
        written.extend_from_slice(text.as_bytes());
        return;
    }
    written.push(b'"');
    if formula {
        written.push(b'\'');
    }
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            written.extend_from_slice(b"\"\"");
        }
        written.extend_from_slice(part.as_bytes());
    }
    written.push(b'"');
}

/// What a formula begins with, also in the wide forms that some spreadsheets
/// take for the same.
const fn is_formula(first: char) -> bool {
    matches!(
        first,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for (text, expected) in [
            ("A lamp", "A lamp"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("5\" tube", "\"5\"\" tube\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("+44 20", "\"'+44 20\""),
            ("-5", "\"'-5\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "a=1"),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
        ] {
            let mut written = Vec::new();
            push_text(&mut written, text);
            assert_eq!(String::from_utf8_lossy(&written), expected, "{text}");
        }
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
