//! One line of CSV as its fields.

use crate::import::item::Reason;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

/// More fields than this are not told apart.
const MOST: usize = 64;

/// Splits lines, each by itself: a quote left open spoils one line and not all
/// that follow, and no field of this format has line breaks.
///
/// The parser is built once and reset for each line; building it takes ten
/// times as long as parsing a line, which is why this is `csv-core` and not a
/// reader over a stream.
pub(in crate::import) struct Fields {
    reader: Reader,
    text: Vec<u8>,
    ends: [usize; MOST],
    count: usize,
}

impl Fields {
    /// No line yet.
    pub fn new() -> Self {
        Self {
            // A carriage return within a line is data, and nobody's break.
            reader: ReaderBuilder::new()
                .terminator(Terminator::Any(b'\n'))
                .build(),
            text: Vec::new(),
            ends: [0; MOST],
            count: 0,
        }
    }

    /// Takes in a line without its line break.
    pub fn split(&mut self, line: &[u8]) {
        self.reader.reset();
        // Unquoting only shortens; one byte more, and it is never full.
        self.text.resize(line.len() + 1, 0);
        let (result, _, used, count) =
            self.reader
                .read_record(line, &mut self.text, &mut self.ends);
        self.count = count;
        if matches!(result, ReadRecordResult::InputEmpty) {
            // An empty input ends the record, and with it the last field.
            let rest = &mut self.ends[count..];
            let (.., last) = self.reader.read_record(&[], &mut self.text[used..], rest);
            self.count += last;
        }
    }

    /// How many fields the line has.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Field `index`, from 0; empty where there is none.
    pub fn get(&self, index: usize) -> Result<&str, Reason> {
        if index >= self.count {
            return Ok("");
        }
        let begin = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        std::str::from_utf8(&self.text[begin..self.ends[index]])
            .map_err(|error| Reason::new("not_utf8", error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<String> {
        let mut fields = Fields::new();
        // What was there before leaves no trace.
        fields.split(b"\"open,x,y");
        fields.split(line.as_bytes());
        (0..fields.count())
            .map(|i| fields.get(i).expect("text").to_owned())
            .collect()
    }

    #[test]
    fn quotes_and_empty_fields_are_read() {
        assert_eq!(split("a,b"), ["a", "b"]);
        assert_eq!(split(",,"), ["", "", ""]);
        assert_eq!(split(r#""a ""b"", c", d ,"#), [r#"a "b", c"#, " d ", ""]);
        assert_eq!(split("\"a,b"), ["a,b"]);
        assert_eq!(split("a\rb,c"), ["a\rb", "c"]);
        assert_eq!(split("a,\"\""), ["a", ""]);
    }

    #[test]
    fn a_line_of_commas_is_bounded() {
        assert_eq!(split(&",".repeat(1_000)).len(), MOST);
    }

    #[test]
    fn only_the_field_that_is_no_text_is_refused() {
        let mut fields = Fields::new();
        fields.split(b"a,\xC3,\xA9");
        assert_eq!(fields.get(0), Ok("a"));
        assert_eq!(fields.get(1).expect_err("no text").code, "not_utf8");
        assert!(fields.get(2).is_err());
    }
}
