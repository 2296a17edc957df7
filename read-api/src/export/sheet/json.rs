//! Rows as JSON objects, one a line.

use super::{Cell, Column, push_time};
use crate::export::error::ExportError;
use std::io::Write as _;

/// The next member of the object.
pub fn cell(
    written: &mut Vec<u8>,
    (at, column): (usize, Option<Column>),
    cell: Cell<'_>,
) -> Result<(), ExportError> {
    let name = column.map_or("", |column| column.name);
    written.push(if at == 0 { b'{' } else { b',' });
    // Names of columns need no escape.
    write!(written, "\"{name}\":")?;
    match cell {
        Cell::None => written.extend_from_slice(b"null"),
        Cell::Text(text) | Cell::Decimal(text) => serde_json::to_writer(written, text)?,
        Cell::Id(id) => write!(written, "\"{id}\"")?,
        Cell::Whole(number) => write!(written, "{number}")?,
        Cell::Yes(yes) => write!(written, "{yes}")?,
        Cell::Time(micros) => {
            written.push(b'"');
            push_time(written, micros)?;
            written.push(b'"');
        }
    }
    Ok(())
}
