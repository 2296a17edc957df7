//! A request's body as lines, read as they come and unpacked on the way: in
//! memory are the line at hand and what is between two tasks, however long the
//! body is.
//!
//! ```text
//! connection ─> forward ─> [unpack, a thread] ─> Lines
//!                  └──────────┴─ bounded channels: who reads slowly is sent slowly
//! ```

use super::{broken, decode, essence, timed_out, too_large, unsupported};
use crate::http::Problem;
use actix_web::{
    HttpRequest,
    dev::Payload,
    web::{Bytes, BytesMut},
};
use futures_util::{FutureExt as _, StreamExt as _, future::LocalBoxFuture};
use std::{
    io::{self, Read},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};

/// Media type of bodies of lines.
const NDJSON: &str = "application/x-ndjson";
/// Longest line, in bytes: what the body of a single command may be.
pub const LONGEST_LINE: usize = 256 * 1024;
/// Most bytes of a body that was packed. Memory does not depend on it; the time
/// that a small body can take does.
pub const MOST_UNPACKED: u64 = 4 << 30;
/// How long nothing may come, in the middle of a body.
const IDLE: Duration = Duration::from_mins(1);
/// Pieces between two tasks.
const WAITING: usize = 2;
/// Bytes that are unpacked at a time.
const PIECE: usize = 64 * 1024;

/// Hands a body on, until it ends or nobody reads it any more.
pub type Forwarding = LocalBoxFuture<'static, ()>;

/// Some bytes; none at the end of the body.
type Piece = Result<Option<Bytes>, LineError>;

/// One line, without its break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// All of it.
    Whole(Bytes),
    /// It was longer than 256 KiB, and was skipped.
    TooLong,
}

impl Line {
    /// The text.
    ///
    /// # Errors
    /// 413 for one that was too long.
    pub fn text(self) -> Result<Bytes, Problem> {
        match self {
            Self::Whole(text) => Ok(text),
            Self::TooLong => Err(too_large(LONGEST_LINE)),
        }
    }
}

/// Why a body has no further line, although it is not at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// Nothing came for a minute.
    #[error("nothing came any more")]
    Idle,
    /// It is not of the coding that it should be.
    #[error("the body cannot be unpacked")]
    Corrupt,
    /// Unpacked it is larger than any body may be.
    #[error("the body is too large")]
    TooLarge,
}

impl LineError {
    /// What the client is told.
    pub fn problem(self) -> Problem {
        match self {
            Self::Broken => broken("the body ended early"),
            Self::Idle => timed_out(),
            Self::Corrupt => decode::corrupt(),
            Self::TooLarge => too_large(usize::try_from(MOST_UNPACKED).unwrap_or(usize::MAX)),
        }
    }
}

/// Where lines come from, in pieces.
pub trait Source: Send {
    /// Why there is no further piece.
    type Error;

    /// The next piece; none at the end. What is dropped before it is ready loses
    /// nothing.
    fn piece(&mut self) -> impl Future<Output = Result<Option<Bytes>, Self::Error>> + Send;
}

/// A body, unpacked, piece by piece.
#[derive(Debug)]
pub struct Pieces(mpsc::Receiver<Piece>);

impl Pieces {
    /// The pieces of a body, and what hands it on: that has to be polled beside
    /// them, on the thread of the connection.
    ///
    /// # Errors
    /// 415 for another media type than `application/x-ndjson`, or an unknown
    /// coding.
    pub fn of(request: &HttpRequest, payload: Payload) -> Result<(Self, Forwarding), Problem> {
        if essence(request) != NDJSON {
            return Err(unsupported("the Content-Type must be application/x-ndjson"));
        }
        Self::of_file(request, payload)
    }

    /// The same of a body of any media type.
    ///
    /// # Errors
    /// 415 for an unknown coding.
    pub fn of_file(request: &HttpRequest, payload: Payload) -> Result<(Self, Forwarding), Problem> {
        let coding = decode::Coding::of(request)?;
        let (sent, mut pieces) = mpsc::channel(WAITING);
        let forwarding = forward(payload, sent).boxed_local();
        if coding != decode::Coding::Identity {
            let packed = Packed {
                pieces,
                piece: Bytes::new(),
            };
            let (unpacked, plain) = mpsc::channel(WAITING);
            tokio::task::spawn_blocking(move || unpack(coding, packed, &unpacked));
            pieces = plain;
        }
        Ok((Self(pieces), forwarding))
    }
}

impl Source for Pieces {
    type Error = LineError;

    async fn piece(&mut self) -> Result<Option<Bytes>, LineError> {
        let piece = timeout(IDLE, self.0.recv()).await;
        piece
            .map_err(|_| LineError::Idle)?
            .ok_or(LineError::Broken)?
    }
}

/// The lines of a body.
#[derive(Debug)]
pub struct Lines<S = Pieces> {
    pieces: S,
    /// What is not looked at yet.
    piece: Bytes,
    /// The beginning of the next line.
    begun: BytesMut,
    too_long: bool,
    at_end: bool,
    number: u64,
    /// Bytes that were looked at.
    taken: u64,
}

impl Lines {
    /// The lines of a request; see [`Pieces::of`].
    pub fn of(request: &HttpRequest, payload: Payload) -> Result<(Self, Forwarding), Problem> {
        let (pieces, forwarding) = Pieces::of(request, payload)?;
        Ok((Self::after(pieces, 0, 0), forwarding))
    }
}

impl<S: Source> Lines<S> {
    /// The lines of what comes after so many lines of so many bytes.
    pub fn after(pieces: S, number: u64, taken: u64) -> Self {
        Self {
            pieces,
            piece: Bytes::new(),
            begun: BytesMut::new(),
            too_long: false,
            at_end: false,
            number,
            taken,
        }
    }

    /// Where the last line ended, its break included, in bytes.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// The next line with its number, from 1; none at the end. What is dropped
    /// before it is ready loses nothing.
    pub async fn next(&mut self) -> Result<Option<(u64, Line)>, S::Error> {
        loop {
            if let Some(line) = self.cut() {
                return Ok(Some(line));
            }
            if self.at_end {
                let is_begun = self.too_long || !self.begun.is_empty();
                return Ok(is_begun.then(|| self.ended()));
            }
            match self.pieces.piece().await? {
                Some(bytes) => self.piece = bytes,
                None => self.at_end = true,
            }
        }
    }

    /// A line that ends in the piece at hand; else that piece is taken in.
    fn cut(&mut self) -> Option<(u64, Line)> {
        let end = self.piece.iter().position(|byte| *byte == b'\n');
        let text = self.piece.split_to(end.unwrap_or(self.piece.len()));
        self.taken += text.len() as u64;
        self.too_long |= self.begun.len() + text.len() > LONGEST_LINE;
        if self.too_long {
            self.begun.clear();
        } else {
            self.begun.extend_from_slice(&text);
        }
        end?;
        self.piece = self.piece.split_off(1);
        self.taken += 1;
        Some(self.ended())
    }

    fn ended(&mut self) -> (u64, Line) {
        self.number += 1;
        let text = self.begun.split().freeze();
        let line = if std::mem::take(&mut self.too_long) {
            Line::TooLong
        } else {
            Line::Whole(text)
        };
        (self.number, line)
    }
}

async fn forward(mut payload: Payload, pieces: mpsc::Sender<Piece>) {
    loop {
        let piece = tokio::select! {
            piece = payload.next() => piece,
            () = pieces.closed() => return,
        };
        let piece = piece.transpose().map_err(|_| LineError::Broken);
        let is_last = !matches!(piece, Ok(Some(_)));
        if pieces.send(piece).await.is_err() || is_last {
            return;
        }
    }
}

/// Unpacks what comes, a piece at a time: whatever a coding makes of a few
/// bytes, no more of it is in memory.
fn unpack(coding: decode::Coding, packed: Packed, pieces: &mpsc::Sender<Piece>) {
    let told = |piece| pieces.blocking_send(piece).is_ok();
    let Ok(mut decoder) = coding.decoder(packed) else {
        told(Err(LineError::Corrupt));
        return;
    };
    let mut left = MOST_UNPACKED;
    loop {
        let mut piece = vec![0; PIECE];
        let piece = match decoder.read(&mut piece) {
            Ok(0) => Ok(None),
            Ok(read) if read as u64 > left => Err(LineError::TooLarge),
            Ok(read) => {
                left -= read as u64;
                piece.truncate(read);
                Ok(Some(piece.into()))
            }
            Err(error) => Err(error.downcast().unwrap_or(LineError::Corrupt)),
        };
        let is_last = !matches!(piece, Ok(Some(_)));
        if !told(piece) || is_last {
            return;
        }
    }
}

/// Packed pieces, for a decoder.
struct Packed {
    pieces: mpsc::Receiver<Piece>,
    piece: Bytes,
}

impl Read for Packed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(Ok(Some(piece))) => self.piece = piece,
                Some(Ok(None)) => return Ok(0),
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => return Err(io::Error::other(LineError::Broken)),
            }
        }
        let read = self.piece.len().min(buffer.len());
        buffer[..read].copy_from_slice(&self.piece.split_to(read));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{
        http::header::{CONTENT_ENCODING, CONTENT_TYPE},
        test::TestRequest,
    };
    use flate2::{Compression, write::GzEncoder};
    use futures_util::stream;
    use std::io::Write as _;

    async fn lines(
        request: TestRequest,
        pieces: Vec<Bytes>,
    ) -> (Vec<(u64, usize)>, Option<LineError>) {
        let request = request.insert_header((CONTENT_TYPE, NDJSON));
        let pieces = stream::iter(pieces).map(Ok);
        let payload = Payload::from(pieces.boxed_local());
        let lines = Lines::of(&request.to_http_request(), payload);
        let (mut lines, forwarding) = lines.expect("of this type");
        let read = async move {
            let mut read = Vec::new();
            loop {
                match lines.next().await {
                    Ok(Some((number, Line::Whole(text)))) => read.push((number, text.len())),
                    Ok(Some((number, Line::TooLong))) => read.push((number, usize::MAX)),
                    Ok(None) => return (read, None),
                    Err(error) => return (read, Some(error)),
                }
            }
        };
        futures_util::future::join(read, forwarding).await.0
    }

    #[actix_web::test]
    async fn lines_are_cut_wherever_the_pieces_were() {
        let whole = "a\n\nlonger\r\nlast";
        let expected = vec![(1, 1), (2, 0), (3, 7), (4, 4)];
        for size in 1..=whole.len() {
            let pieces = whole.as_bytes().chunks(size).map(Bytes::copy_from_slice);
            let read = lines(TestRequest::post(), pieces.collect()).await;
            assert_eq!(read, (expected.clone(), None), "pieces of {size}");
        }
    }

    /// Pieces that are there already.
    struct Given(Vec<Bytes>);

    impl Source for Given {
        type Error = LineError;

        async fn piece(&mut self) -> Result<Option<Bytes>, LineError> {
            Ok((!self.0.is_empty()).then(|| self.0.remove(0)))
        }
    }

    #[tokio::test]
    async fn whoever_goes_on_after_a_line_reads_the_next_ones() {
        let text = b"one\n\nthree\nfour".as_slice();
        let given = |from: usize| {
            let pieces = text[from..].chunks(3).map(Bytes::copy_from_slice);
            Given(pieces.collect())
        };
        let mut lines = Lines::after(given(0), 0, 0);
        while let Ok(Some((number, line))) = lines.next().await {
            let at = usize::try_from(lines.taken()).expect("small");
            let mut rest = Lines::after(given(at), number, lines.taken());
            let ends = [4, 5, 11, 15];
            assert_eq!(
                at,
                ends[usize::try_from(number).expect("small") - 1],
                "{line:?}"
            );
            let next = rest.next().await.expect("read");
            assert_eq!(
                next.map(|(next, _)| next),
                (number < 4).then_some(number + 1)
            );
        }
    }

    #[actix_web::test]
    async fn a_line_that_is_too_long_is_skipped_and_the_next_one_read() {
        let long = vec![b'x'; LONGEST_LINE + 1];
        let pieces =
            [&long[..], b"\n", &long[1..], b"\nok\n", &long[..]].map(Bytes::copy_from_slice);
        let (read, error) = lines(TestRequest::post(), pieces.to_vec()).await;
        let expected = [(1, usize::MAX), (2, LONGEST_LINE), (3, 2), (4, usize::MAX)];
        assert_eq!((&read[..], error), (&expected[..], None));
    }

    #[actix_web::test]
    async fn what_is_packed_is_unpacked_and_what_is_cut_off_is_no_end() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Packed a thousandth of it.
        encoder
            .write_all(&vec![b'\n'; 8 << 20])
            .and_then(|()| encoder.write_all(b"end"))
            .expect("memory");
        let packed = encoder.finish().expect("memory");
        let gzip = || TestRequest::post().insert_header((CONTENT_ENCODING, "gzip"));
        let (read, error) = lines(gzip(), vec![packed.clone().into()]).await;
        assert_eq!((read.len(), error), ((8 << 20) + 1, None));
        let cut = packed[..packed.len() / 2].to_vec();
        let (_, error) = lines(gzip(), vec![cut.into()]).await;
        assert_eq!(error, Some(LineError::Corrupt));
    }

    #[actix_web::test]
    async fn another_type_is_refused() {
        let request = TestRequest::post().insert_header((CONTENT_TYPE, "application/json"));
        let (request, payload) = request.to_http_parts();
        let refused = Lines::of(&request, payload).err().expect("another type");
        assert_eq!(refused.code(), "unsupported_media_type");
    }
}
