//! Whether an export is whole: what it says of itself in its trailer is what
//! came.

use super::Format;
use anyhow::{Context as _, ensure};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use serde::{Deserialize, Serialize};
use std::mem;

/// Bytes of a Parquet file that are kept: its footer is in them.
const TAIL: usize = 8 << 20;
/// What a Parquet file ends with.
const MAGIC: &[u8] = b"PAR1";

/// What an export ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// Rows.
    pub count: u64,
    /// Everything of the log up to here is in it.
    pub position: String,
    /// When it was read.
    pub as_of: String,
}

#[derive(Deserialize)]
struct TrailerLine {
    trailer: Trailer,
}

/// Looks at an export as it comes.
pub struct Check {
    format: Format,
    /// Whole records so far, the trailer included.
    records: u64,
    /// The last of them.
    last: Vec<u8>,
    /// What came since; of a Parquet file, its end.
    rest: Vec<u8>,
    /// Whether that is within quotes.
    quoted: bool,
}

impl Check {
    /// Of an export in this format.
    pub const fn new(format: Format) -> Self {
        Self {
            format,
            records: 0,
            last: Vec::new(),
            rest: Vec::new(),
            quoted: false,
        }
    }

    /// What comes next.
    pub fn take(&mut self, bytes: &[u8]) {
        if self.format == Format::Parquet {
            self.rest.extend_from_slice(bytes);
            if self.rest.len() > 2 * TAIL {
                self.rest.drain(..self.rest.len() - TAIL);
            }
            return;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(piece);
            // In CSV a record goes on as long as a quote is open.
            if self.format == Format::Csv {
                let quotes = piece.iter().filter(|byte| **byte == b'"');
                quotes.for_each(|_| self.quoted = !self.quoted);
            }
            if piece.ends_with(b"\n") && !self.quoted {
                self.records += 1;
                mem::swap(&mut self.last, &mut self.rest);
                self.rest.clear();
            }
        }
    }

    /// The trailer.
    ///
    /// # Errors
    /// Where there is none, or it says something else than what came.
    pub fn end(self) -> anyhow::Result<Trailer> {
        if self.format == Format::Parquet {
            return footer(&self.rest);
        }
        ensure!(self.rest.is_empty(), "its last record has no end");
        let (trailer, others) = if self.format == Format::Csv {
            (csv(&self.last)?, 2)
        } else {
            let line = serde_json::from_slice(&self.last);
            let TrailerLine { trailer } = line.context("it has no trailer")?;
            (trailer, 1)
        };
        let came = self.records.saturating_sub(others);
        let count = trailer.count;
        ensure!(count == came, "it should have {count} rows, and has {came}");
        Ok(trailer)
    }
}

fn csv(record: &[u8]) -> anyhow::Result<Trailer> {
    let text = str::from_utf8(record)?;
    let mut cells = text.trim_end().split(',');
    ensure!(cells.next() == Some("#trailer"), "it has no trailer");
    let mut cell = |name: &str| {
        let value = cells.next().and_then(|cell| cell.strip_prefix(name));
        value.with_context(|| format!("its trailer has no {name}"))
    };
    Ok(Trailer {
        count: cell("count=")?.parse()?,
        position: cell("position=")?.to_owned(),
        as_of: cell("as_of=")?.to_owned(),
    })
}

fn footer(tail: &[u8]) -> anyhow::Result<Trailer> {
    let metadata = metadata(tail).context("it has no footer")?;
    let file = metadata.file_metadata();
    let value = |key: &str| {
        let mut pairs = file.key_value_metadata().into_iter().flatten();
        let pair = pairs.find(|pair| pair.key == key);
        let value = pair.and_then(|pair| pair.value.clone());
        value.with_context(|| format!("its footer has no {key}"))
    };
    let trailer = Trailer {
        count: value("orderlog.count")?.parse()?,
        position: value("orderlog.position")?,
        as_of: value("orderlog.as_of")?,
    };
    let (count, came) = (trailer.count, file.num_rows());
    ensure!(
        u64::try_from(came) == Ok(count),
        "it should have {count} rows, and has {came}"
    );
    Ok(trailer)
}

/// The last eight bytes of a file are the length of the footer before them, and
/// the magic.
fn metadata(tail: &[u8]) -> Option<ParquetMetaData> {
    let (rest, magic) = tail.split_last_chunk::<4>()?;
    let (rest, length) = rest.split_last_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let begin = rest.len().checked_sub(length)?;
    if magic != MAGIC {
        return None;
    }
    ParquetMetaDataReader::decode_metadata(&rest[begin..]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NDJSON: &str = "{\"id\":1}\n{\"id\":2}\n\
         {\"trailer\":{\"count\":2,\"position\":\"p\",\"as_of\":\"t\"}}\n";
    const CSV: &str = "id,name\r\n1,\"two\r\nlines, \"\"quoted\"\"\"\r\n\
         #trailer,count=1,position=p,as_of=t,\r\n";

    fn check(format: Format, text: &str, piece: usize) -> anyhow::Result<Trailer> {
        let mut check = Check::new(format);
        for piece in text.as_bytes().chunks(piece) {
            check.take(piece);
        }
        check.end()
    }

    #[test]
    fn an_export_is_whole_with_its_trailer_and_in_no_other_case() {
        for (format, text, count) in [(Format::Ndjson, NDJSON, 2), (Format::Csv, CSV, 1)] {
            for piece in [1, 7, 4_096] {
                let trailer = check(format, text, piece).expect("whole");
                assert_eq!((trailer.count, trailer.position.as_str()), (count, "p"));
            }
            for end in 0..text.len() {
                let cut = check(format, &text[..end], 4_096);
                assert!(cut.is_err(), "{end} bytes of {format:?}");
            }
        }
        let doubled = NDJSON.replacen("{\"id\":1}\n", "", 1);
        let error = check(Format::Ndjson, &doubled, 4_096).expect_err("a row is missing");
        assert!(error.to_string().contains("2 rows, and has 1"), "{error}");
        assert!(check(Format::Parquet, "PAR1", 4_096).is_err());
    }
}
