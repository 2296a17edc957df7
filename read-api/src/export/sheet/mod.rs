//! What an export is written into: lines that are JSON already, or rows of
//! cells, each format in its own way.

mod csv;
mod json;
mod parquet;

use super::{Format, error::ExportError, run::Moment};
use parquet::Groups;
use serde::Serialize;
use std::mem;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// What is sent at once, about: a socket takes it in few calls, and the first
/// of it is there soon.
const PIECE: usize = 128 << 10;

/// What all cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A UUID.
    Id,
    /// A whole number; of money in minor units of the row's `currency`.
    Whole,
    /// A decimal number of any length, as text.
    Decimal,
    /// True or false.
    Yes,
    /// A moment.
    Time,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in every format.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// A cell; what it is must be what its column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing.
    None,
    /// See [`Kind`], as are the others.
    Text(&'a str),
    Id(Uuid),
    Whole(i64),
    Decimal(&'a str),
    Yes(bool),
    /// Microseconds since 1970.
    Time(i64),
}

/// What of an export is written and not yet passed on.
pub struct Sheet {
    form: Form,
    written: Vec<u8>,
    rows: u64,
}

enum Form {
    /// Nothing but lines.
    Lines,
    Json(Places),
    Csv(Places),
    Parquet(Box<Groups>),
}

/// Columns, and the one that is next.
struct Places {
    columns: Vec<Column>,
    at: usize,
}

#[derive(Serialize)]
struct TrailerLine<'a> {
    trailer: Trailer<'a>,
}

/// What an export ends with: without it, it was cut off.
#[derive(Serialize)]
struct Trailer<'a> {
    count: u64,
    #[serde(flatten)]
    moment: &'a Moment,
}

impl Sheet {
    /// Of lines that are JSON already.
    pub const fn of_lines() -> Self {
        Self {
            form: Form::Lines,
            written: Vec::new(),
            rows: 0,
        }
    }

    /// Of rows with these columns.
    pub fn of_rows(format: Format, columns: Vec<Column>) -> Result<Self, ExportError> {
        let mut written = Vec::with_capacity(PIECE + PIECE / 4);
        let places = |columns| Places { columns, at: 0 };
        let form = match format {
            Format::Ndjson => Form::Json(places(columns)),
            Format::Csv => {
                csv::header(&mut written, &columns);
                Form::Csv(places(columns))
            }
            Format::Parquet => Form::Parquet(Box::new(Groups::new(&columns)?)),
        };
        Ok(Self {
            form,
            written,
            rows: 0,
        })
    }

    /// A row that is a line already, without its end.
    pub fn line(&mut self, line: &[u8]) {
        self.written.extend_from_slice(line);
        self.written.push(b'\n');
        self.rows += 1;
    }

    /// The next cell of the row.
    pub fn cell(&mut self, cell: Cell<'_>) -> Result<(), ExportError> {
        match &mut self.form {
            Form::Lines => Ok(()),
            Form::Json(places) => json::cell(&mut self.written, places.next(), cell),
            Form::Csv(places) => csv::cell(&mut self.written, places.next().0 == 0, cell),
            Form::Parquet(groups) => groups.cell(cell),
        }
    }

    /// The row is whole.
    pub fn end_row(&mut self) -> Result<(), ExportError> {
        self.rows += 1;
        match &mut self.form {
            Form::Lines => {}
            Form::Json(places) => {
                places.at = 0;
                self.written.extend_from_slice(b"}\n");
            }
            Form::Csv(places) => {
                places.at = 0;
                self.written.extend_from_slice(infra::csv::END);
            }
            Form::Parquet(groups) => groups.end_row(&mut self.written)?,
        }
        Ok(())
    }

    /// Rows so far.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether there is enough to be passed on.
    pub const fn is_full(&self) -> bool {
        self.written.len() >= PIECE
    }

    /// What was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        let room = self.written.len() + self.written.len() / 4;
        mem::replace(&mut self.written, Vec::with_capacity(room.min(2 * PIECE)))
    }

    /// The trailer.
    pub fn finish(&mut self, moment: &Moment) -> Result<(), ExportError> {
        let count = self.rows;
        match &mut self.form {
            Form::Lines | Form::Json(_) => {
                let trailer = Trailer { count, moment };
                serde_json::to_writer(&mut self.written, &TrailerLine { trailer })?;
                self.written.push(b'\n');
            }
            Form::Csv(places) => {
                let as_of = moment.as_of.format(&Rfc3339)?;
                let told = [
                    format!("count={count}"),
                    format!("position={}", moment.position),
                    format!("as_of={as_of}"),
                ];
                csv::trailer(&mut self.written, places.columns.len(), &told);
            }
            Form::Parquet(groups) => groups.finish(&mut self.written, count, moment)?,
        }
        Ok(())
    }
}

impl Places {
    /// The next column, and its number.
    fn next(&mut self) -> (usize, Option<Column>) {
        let at = self.at;
        self.at += 1;
        (at, self.columns.get(at).copied())
    }
}

/// A moment as text: RFC 3339 in UTC, as in JSON.
fn push_time(written: &mut Vec<u8>, micros: i64) -> Result<(), ExportError> {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000);
    let time = time.map_err(|error| ExportError::Row(error.into()))?;
    time.format_into(written, &Rfc3339)?;
    Ok(())
}
