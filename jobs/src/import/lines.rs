//! A file as numbered lines, each of bounded length.

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Longest line that is read whole, in bytes. A longer one is skipped to its
/// end, so that a file without line breaks does not end up in memory.
pub(super) const MAX_LINE: usize = 256 * 1024;

/// One line without its line break.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// Longer than [`MAX_LINE`].
    TooLong,
}

/// Lines of a reader, broken at LF or CR LF.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// Lines from the reader's present place on.
    pub const fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            number: 0,
        }
    }

    /// Number of the line read last, from 1; 0 before the first.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The next line; none at the end.
    pub async fn next(&mut self) -> std::io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let (mut too_long, mut begun) = (false, false);
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                break;
            }
            begun = true;
            let end = available.iter().position(|b| *b == b'\n');
            let text = &available[..end.unwrap_or(available.len())];
            too_long |= self.buffer.len() + text.len() > MAX_LINE;
            if !too_long {
                self.buffer.extend_from_slice(text);
            }
            let used = text.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !begun {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(if too_long {
            Line::TooLong
        } else {
            Line::Whole(self.buffer.strip_suffix(b"\r").unwrap_or(&self.buffer))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_end_at_either_break_or_at_the_end() {
        let mut lines = Lines::new(&b"a\r\n\nbc"[..]);
        assert_eq!(
            lines.next().await.expect("readable"),
            Some(Line::Whole(b"a"))
        );
        assert_eq!(
            lines.next().await.expect("readable"),
            Some(Line::Whole(b""))
        );
        assert_eq!(
            lines.next().await.expect("readable"),
            Some(Line::Whole(b"bc"))
        );
        assert_eq!(lines.number(), 3);
        assert_eq!(lines.next().await.expect("readable"), None);
    }

    #[tokio::test]
    async fn a_line_without_end_is_skipped_and_the_next_one_read() {
        let text = [vec![b'x'; MAX_LINE + 1], b"\nok".to_vec()].concat();
        let mut lines = Lines::new(&text[..]);
        assert_eq!(lines.next().await.expect("readable"), Some(Line::TooLong));
        assert_eq!(
            lines.next().await.expect("readable"),
            Some(Line::Whole(b"ok"))
        );
    }
}
