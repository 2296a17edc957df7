//! CSV (RFC 4180) with a header: cells may be quoted, and have line breaks then.

use super::{Cells, Mapped, Mapping, Record, Rows};
use crate::import::{ImportError, item::Reason, open::Reader};
use csv_core::{ReadRecordResult, ReaderBuilder};
use std::{io, path::Path};
use tokio::io::AsyncBufReadExt as _;

/// Longest record, in bytes; a longer one is refused. One quote that is left
/// open would have the rest of the file in memory.
const LONGEST: usize = 256 * 1024;
/// More cells than this are not told apart.
const MOST: usize = 1_024;

/// The records of a file.
pub struct Csv {
    reader: Reader,
    parser: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Line breaks that were read.
    breaks: u64,
    /// Line that the last record began on.
    line: u64,
}

/// Begins to read: the header is checked against the mapping.
///
/// # Errors
/// A file that cannot be read, or that lacks a column.
pub async fn begin(
    reader: Reader,
    mapping: Mapping,
    path: &Path,
) -> Result<Mapped<Csv>, ImportError> {
    let mut csv = Csv {
        reader,
        parser: ReaderBuilder::new().delimiter(mapping.delimiter).build(),
        text: vec![0; LONGEST],
        ends: vec![0; MOST],
        breaks: 0,
        line: 0,
    };
    let header = csv.next().await?;
    let header = header.map_or_else(Vec::new, |header| header.cells);
    let header: Vec<String> = header.into_iter().flatten().collect();
    Mapped::new(csv, &header, mapping, path)
}

impl Rows for Csv {
    async fn next(&mut self) -> Result<Option<Record>, ImportError> {
        let read = self.record().await;
        read.map_err(|source| ImportError::Read {
            line: self.line,
            source,
        })
    }

    fn line(&self) -> u64 {
        self.line
    }
}

impl Csv {
    async fn record(&mut self) -> io::Result<Option<Record>> {
        self.skip_breaks().await?;
        let (mut written, mut cells, mut too_long) = (0, 0, None);
        // Where the rest of a record that is too long goes.
        let (mut nowhere, mut no_ends) = ([0; 1_024], [0; 64]);
        loop {
            let input = self.reader.fill_buf().await?;
            let (text, ends) = if too_long.is_none() {
                (&mut self.text[written..], &mut self.ends[cells..])
            } else {
                (&mut nowhere[..], &mut no_ends[..])
            };
            let (result, used, filled, ended) = self.parser.read_record(input, text, ends);
            self.breaks += breaks(&input[..used]);
            self.reader.consume(used);
            if too_long.is_none() {
                written += filled;
                cells += ended;
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    too_long.get_or_insert_with(|| format!("longer than {LONGEST} bytes"));
                }
                ReadRecordResult::OutputEndsFull => {
                    too_long.get_or_insert_with(|| format!("more than {MOST} columns"));
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(None),
            }
        }
        let (cells, not_text) = self.cells(cells);
        let too_long = too_long.map(|detail| Reason::new("line_too_long", detail));
        Ok(Some(Record {
            line: self.line,
            cells,
            problem: too_long.or(not_text),
        }))
    }

    /// Blank lines are no records; the next one begins behind them.
    async fn skip_breaks(&mut self) -> io::Result<()> {
        loop {
            let input = self.reader.fill_buf().await?;
            let blank = input
                .iter()
                .take_while(|b| matches!(b, b'\r' | b'\n'))
                .count();
            self.breaks += breaks(&input[..blank]);
            self.reader.consume(blank);
            if blank == 0 {
                self.line = self.breaks + 1;
                return Ok(());
            }
        }
    }

    /// The cells, and why they cannot be what they were meant to be.
    fn cells(&self, count: usize) -> (Cells, Option<Reason>) {
        let (mut begin, mut problem) = (0, None);
        let cells = self.ends[..count].iter().map(|end| {
            let cell = &self.text[begin..*end];
            begin = *end;
            if let Err(error) = std::str::from_utf8(cell) {
                problem.get_or_insert(Reason::new("not_utf8", error.to_string()));
            }
            Some(String::from_utf8_lossy(cell).into_owned())
        });
        (cells.collect(), problem)
    }
}

fn breaks(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn records(text: &str) -> Vec<(u64, Vec<String>, Option<String>)> {
        let mut csv = Csv {
            reader: Box::new(std::io::Cursor::new(text.as_bytes().to_vec())),
            parser: ReaderBuilder::new().delimiter(b';').build(),
            text: vec![0; LONGEST],
            ends: vec![0; MOST],
            breaks: 0,
            line: 0,
        };
        let mut records = Vec::new();
        while let Some(record) = csv.next().await.expect("readable") {
            let cells = record.cells.into_iter().flatten().collect();
            let code = record.problem.map(|problem| problem.code.into_owned());
            records.push((record.line, cells, code));
        }
        records
    }

    #[tokio::test]
    async fn records_are_numbered_by_the_line_that_they_begin_on() {
        for text in [
            "a;b\n\n\"1\n2\";\"x;\"\"y\"\"\"\nlast;",
            "\u{feff}a;b\n\n\"1\n2\";\"x;\"\"y\"\"\"\nlast;\n",
        ] {
            for text in [text.to_owned(), text.replace('\n', "\r\n")] {
                let found = records(&text).await;
                let lines: Vec<_> = found.iter().map(|(line, ..)| *line).collect();
                assert_eq!(lines, [1, 3, 5], "{text:?}");
                assert_eq!(found[0].1, ["a", "b"]);
                assert_eq!(found[1].1[1], "x;\"y\"");
                assert_eq!(found[2].1, ["last", ""]);
            }
        }
    }

    #[tokio::test]
    async fn a_record_without_end_is_told_with_what_it_began_with() {
        let long = format!("17;\"{}\";x\n18;ok\n", "y".repeat(LONGEST));
        let found = records(&long).await;
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1, ["17"]);
        assert_eq!(found[0].2.as_deref(), Some("line_too_long"));
        assert_eq!(found[1], (2, vec!["18".into(), "ok".into()], None));
        let wide = records(&format!("17{}\n18\n", ";x".repeat(MOST))).await;
        assert_eq!(wide[0].2.as_deref(), Some("line_too_long"));
        assert_eq!((wide[0].1.len(), wide.len()), (MOST, 2));
    }
}
