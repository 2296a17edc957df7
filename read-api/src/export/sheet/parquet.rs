//! Rows as Apache Parquet, a row group at a time.
//!
//! The file's columns are flat, so they are written by the format's own column
//! writers; nothing of Arrow is needed for that. A row group is kept until it is
//! full, and its size is what bounds memory. What belongs to the trailer is
//! key-value metadata of the footer, without which the file cannot be read.

use super::{Cell, Column, Kind};
use crate::export::{error::ExportError, run::Moment};
use actix_web::web::Bytes;
use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel},
    data_type::{BoolType, ByteArray, ByteArrayType, Int64Type},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};
use std::{mem, sync::Arc};
use time::format_description::well_known::Rfc3339;
use tokio::task::block_in_place;

/// What a row group takes at most in memory before it is written, about; on
/// disk it is a fraction of that.
const GROUP_BYTES: usize = 8 << 20;
/// Rows of a row group at most.
const GROUP_ROWS: usize = 64 << 10;

/// The row group that is being filled, and the file behind it.
pub struct Groups {
    file: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Values>,
    at: usize,
    rows: usize,
    bytes: usize,
}

/// The cells of one column.
struct Values {
    cells: Cells,
    /// 1 for each row that has one, else 0.
    levels: Vec<i16>,
}

enum Cells {
    /// One after the other, and where each ends.
    Text(Vec<u8>, Vec<usize>),
    Whole(Vec<i64>),
    Yes(Vec<bool>),
}

impl Groups {
    /// An empty file with these columns.
    pub fn new(columns: &[Column]) -> Result<Self, ParquetError> {
        let fields = columns.iter().map(|column| field(column).map(Arc::new));
        let schema = Type::group_type_builder("rows")
            .with_fields(fields.collect::<Result<_, _>>()?)
            .build()?;
        let properties = WriterProperties::builder()
            .set_created_by(concat!("orderlog ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            // Groups are small: what a page holds says little more.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .build();
        let file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
        Ok(Self {
            file,
            columns: columns.iter().map(|column| values(column.kind)).collect(),
            at: 0,
            rows: 0,
            bytes: 0,
        })
    }

    /// The next cell of the row.
    pub fn cell(&mut self, cell: Cell<'_>) -> Result<(), ExportError> {
        let Some(values) = self.columns.get_mut(self.at) else {
            return Err(misplaced(cell));
        };
        self.at += 1;
        self.bytes += values.push(cell)?;
        Ok(())
    }

    /// The row is whole; what can be sent of the file goes to `written`.
    pub fn end_row(&mut self, written: &mut Vec<u8>) -> Result<(), ExportError> {
        self.at = 0;
        self.rows += 1;
        if self.bytes >= GROUP_BYTES || self.rows >= GROUP_ROWS {
            // Some ten milliseconds, in which this thread does nothing else.
            block_in_place(|| self.write_group())?;
            written.append(self.file.inner_mut());
        }
        Ok(())
    }

    /// The last row group, and the footer.
    pub fn finish(
        &mut self,
        written: &mut Vec<u8>,
        count: u64,
        moment: &Moment,
    ) -> Result<(), ExportError> {
        if self.rows > 0 {
            block_in_place(|| self.write_group())?;
        }
        let as_of = moment.as_of.format(&Rfc3339)?;
        for (key, value) in [
            ("orderlog.count", count.to_string()),
            ("orderlog.position", moment.position.clone()),
            ("orderlog.as_of", as_of),
        ] {
            let pair = KeyValue::new(key.to_owned(), value);
            self.file.append_key_value_metadata(pair);
        }
        self.file.finish()?;
        self.file.flush()?;
        written.append(self.file.inner_mut());
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for values in &mut self.columns {
            let column = group.next_column()?;
            let mut column = column.ok_or_else(|| ParquetError::General("no column".to_owned()))?;
            values.write(&mut column)?;
            column.close()?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Text | Kind::Id | Kind::Decimal => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Whole => (Physical::INT64, None),
        Kind::Yes => (Physical::BOOLEAN, None),
        Kind::Time => (
            Physical::INT64,
            Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
        ),
    };
    Type::primitive_type_builder(column.name, physical)
        .with_logical_type(logical)
        .with_repetition(Repetition::OPTIONAL)
        .build()
}

const fn values(kind: Kind) -> Values {
    let cells = match kind {
        Kind::Text | Kind::Id | Kind::Decimal => Cells::Text(Vec::new(), Vec::new()),
        Kind::Whole | Kind::Time => Cells::Whole(Vec::new()),
        Kind::Yes => Cells::Yes(Vec::new()),
    };
    Values {
        cells,
        levels: Vec::new(),
    }
}

impl Values {
    /// Adds a cell; what it takes in memory, about.
    fn push(&mut self, cell: Cell<'_>) -> Result<usize, ExportError> {
        let before = self.levels.len();
        self.levels.push(i16::from(cell != Cell::None));
        match (&mut self.cells, cell) {
            (_, Cell::None) => {}
            (Cells::Text(text, ends), Cell::Text(cell) | Cell::Decimal(cell)) => {
                text.extend_from_slice(cell.as_bytes());
                ends.push(text.len());
                // With its place, now and once more when it is written.
                return Ok(cell.len() + 48);
            }
            (Cells::Text(text, ends), Cell::Id(id)) => {
                let mut buffer = uuid::Uuid::encode_buffer();
                let id = id.hyphenated().encode_lower(&mut buffer);
                text.extend_from_slice(id.as_bytes());
                ends.push(text.len());
                return Ok(id.len() + 48);
            }
            (Cells::Whole(numbers), Cell::Whole(number) | Cell::Time(number)) => {
                numbers.push(number);
            }
            (Cells::Yes(all), Cell::Yes(yes)) => all.push(yes),
            (_, cell) => {
                self.levels.truncate(before);
                return Err(misplaced(cell));
            }
        }
        Ok(10)
    }

    /// Writes them, and is empty again.
    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(&self.levels[..]);
        match &mut self.cells {
            Cells::Text(text, ends) => {
                let text = Bytes::from(mem::take(text));
                let mut begin = 0;
                let cells = ends.drain(..).map(|end| {
                    let cell = text.slice(begin..end);
                    begin = end;
                    ByteArray::from(cell)
                });
                let cells: Vec<ByteArray> = cells.collect();
                let column = column.typed::<ByteArrayType>();
                column.write_batch(&cells, levels, None)?;
            }
            Cells::Whole(numbers) => {
                let column = column.typed::<Int64Type>();
                column.write_batch(numbers, levels, None)?;
                numbers.clear();
            }
            Cells::Yes(all) => {
                column.typed::<BoolType>().write_batch(all, levels, None)?;
                all.clear();
            }
        }
        self.levels.clear();
        Ok(())
    }
}

/// A row has other cells than its columns say.
fn misplaced(cell: Cell<'_>) -> ExportError {
    ExportError::Row(format!("no column for {cell:?}").into())
}
