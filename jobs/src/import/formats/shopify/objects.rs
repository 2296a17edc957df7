//! The objects of a file, one after the other, whichever way they are put
//! together: `[{…}, {…}]`, `{"orders": [{…}]}`, or one after the other (NDJSON).

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Largest object, in bytes; a larger one is skipped.
pub const LARGEST: usize = 4 << 20;

/// An object as text, with the number of the line that it begins on.
#[derive(Debug, PartialEq, Eq)]
pub struct Object {
    pub line: u64,
    /// None: it is larger than [`LARGEST`].
    pub text: Option<Vec<u8>>,
}

/// What is between objects.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {found:?} is not what orders are put together with")]
pub struct Unexpected {
    line: u64,
    found: char,
}

/// Cuts a file into objects.
pub struct Objects<R> {
    reader: R,
    line: u64,
    place: Place,
    /// In a list: the file has to end it.
    in_list: bool,
    /// In the object that has the list: the file has to end that too.
    in_answer: bool,
}

/// Where in the file the reading is.
#[derive(PartialEq, Eq)]
enum Place {
    Begin,
    Among,
    End,
}

/// How far into an object the text is.
#[derive(Default)]
struct Inside {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Inside {
    /// Takes in a byte; whether the object ends with it.
    const fn ends_with(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_text => self.escaped = true,
            b'"' => self.in_text = !self.in_text,
            b'{' if !self.in_text => self.depth += 1,
            b'}' if !self.in_text => {
                self.depth -= 1;
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

impl<R: AsyncBufRead + Unpin> Objects<R> {
    /// From the beginning of a file on.
    pub const fn new(reader: R) -> Self {
        Self {
            reader,
            line: 1,
            place: Place::Begin,
            in_list: false,
            in_answer: false,
        }
    }

    /// Number of the line that was read last, from 1.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The next object; none at the end. The file ending within one is an error.
    pub async fn next(&mut self) -> std::io::Result<Option<Object>> {
        if self.place == Place::Begin {
            self.place = Place::Among;
            self.open().await?;
        }
        if self.place == Place::End || !self.find().await? {
            return Ok(None);
        }
        self.object(Inside::default()).await.map(Some)
    }

    /// Goes on to the end of the object that the text is in.
    async fn object(&mut self, mut inside: Inside) -> std::io::Result<Object> {
        let line = self.line;
        let mut text = Some(Vec::new());
        loop {
            let piece = self.reader.fill_buf().await?;
            if piece.is_empty() {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let end = piece.iter().position(|byte| inside.ends_with(*byte));
            let used = end.map_or(piece.len(), |end| end + 1);
            let piece = &piece[..used];
            self.line += piece.iter().map(|b| u64::from(*b == b'\n')).sum::<u64>();
            text = text.filter(|text: &Vec<u8>| text.len() + used <= LARGEST);
            if let Some(text) = &mut text {
                text.extend_from_slice(piece);
            }
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Object { line, text });
            }
        }
    }

    /// Goes into `{"orders":`, where that is how the file begins.
    async fn open(&mut self) -> std::io::Result<()> {
        let piece = self.reader.fill_buf().await?;
        let piece = piece
            .strip_prefix(b"\xEF\xBB\xBF")
            .map_or((0, piece), |rest| (3, rest));
        let mut used = piece.0;
        let mut rest = piece
            .1
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace());
        let wrapper = b"{\"orders\":";
        if wrapper.iter().all(|byte| rest.next() == Some(*byte)) {
            used += piece
                .1
                .iter()
                .position(|byte| *byte == b':')
                .map_or(0, |at| at + 1);
            self.in_answer = true;
        }
        let read = &self.reader.fill_buf().await?[..used];
        self.line += read.iter().map(|b| u64::from(*b == b'\n')).sum::<u64>();
        self.reader.consume(used);
        Ok(())
    }

    /// Goes on to the beginning of an object; false where there is none.
    async fn find(&mut self) -> std::io::Result<bool> {
        loop {
            let piece = self.reader.fill_buf().await?;
            let Some(byte) = piece.first().copied() else {
                if self.in_list || self.in_answer {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                self.place = Place::End;
                return Ok(false);
            };
            match byte {
                b'{' => return Ok(true),
                b'[' if !self.in_list => self.in_list = true,
                b']' if self.in_list => {
                    self.reader.consume(1);
                    self.close().await?;
                    return Ok(false);
                }
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' | b',' => {}
                other => return Err(self.unexpected(other)),
            }
            self.reader.consume(1);
        }
    }

    /// Goes on to the end of the file. What comes after the list is about the
    /// list; after that there is nothing, or orders would be left out.
    async fn close(&mut self) -> std::io::Result<()> {
        self.in_list = false;
        if std::mem::take(&mut self.in_answer) {
            let answer = Inside {
                depth: 1,
                ..Inside::default()
            };
            self.object(answer).await?;
        }
        self.place = Place::End;
        loop {
            let piece = self.reader.fill_buf().await?;
            match piece.first().copied() {
                None => return Ok(()),
                Some(b'\n') => self.line += 1,
                Some(b' ' | b'\t' | b'\r') => {}
                Some(other) => return Err(self.unexpected(other)),
            }
            self.reader.consume(1);
        }
    }

    fn unexpected(&self, found: u8) -> std::io::Error {
        std::io::Error::other(Unexpected {
            line: self.line,
            found: char::from(found),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::BufReader;

    async fn objects(text: &str, piece: usize) -> std::io::Result<Vec<(u64, String)>> {
        let reader = BufReader::with_capacity(piece, text.as_bytes());
        let (mut objects, mut found) = (Objects::new(reader), Vec::new());
        while let Some(object) = objects.next().await? {
            let text = object.text.expect("not too large");
            found.push((object.line, String::from_utf8(text).expect("text")));
        }
        Ok(found)
    }

    #[tokio::test]
    async fn objects_are_found_however_they_are_put_together() {
        let (one, two) = (r#"{"a": {"b": "}\"{"}}"#, "{\"c\":\n[{}]}");
        for text in [
            format!("[{one},\n{two}]"),
            format!("{one}\n{two}\n"),
            format!("{{\"orders\": [{one},\n{two}], \"next\": {{}}}}"),
            format!("\u{feff}[{one} ,\n {two}\n]\n"),
        ] {
            for piece in [16, 4_096] {
                let found = objects(&text, piece).await.expect("readable");
                let expected = [(1, one.to_owned()), (2, two.to_owned())];
                assert_eq!(found, expected, "{text}");
            }
        }
        assert!(objects("[]", 16).await.expect("readable").is_empty());
        assert!(objects("", 16).await.expect("readable").is_empty());
    }

    #[tokio::test]
    async fn what_is_cut_off_or_something_else_is_an_error() {
        for text in [
            "[{\"a\": 1",
            // Between two objects, too, a list is not at its end.
            "[{\"a\": 1},\n",
            "{\"orders\": [{\"a\": 1}",
            "{\"orders\": [{\"a\": 1}], \"next",
        ] {
            let cut = objects(text, 16).await.expect_err("cut off");
            assert_eq!(cut.kind(), std::io::ErrorKind::UnexpectedEof, "{text}");
        }
        for (text, found) in [
            ("Name,Email\n", "line 1: 'N'"),
            // Answers one after the other: no order is left out silently.
            ("{\"orders\": [{}]}\n{\"orders\": [{}]}", "line 2: '{'"),
            ("[{}]\n[{}]", "line 2: '['"),
            ("{}]", "line 1: ']'"),
        ] {
            let other = objects(text, 16).await.expect_err(text);
            assert!(other.to_string().contains(found), "{other}");
        }
    }

    #[tokio::test]
    async fn an_object_that_is_too_large_is_skipped() {
        let large = format!("{{\"a\": \"{}\"}}\n{{}}", "x".repeat(LARGEST));
        let mut objects = Objects::new(large.as_bytes());
        let first = objects.next().await.expect("readable").expect("there");
        assert_eq!((first.line, first.text), (1, None));
        let second = objects.next().await.expect("readable").expect("there");
        assert_eq!((second.line, second.text), (2, Some(b"{}".to_vec())));
    }
}
