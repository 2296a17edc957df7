//! The coders, over whole answers and over streams.

use super::Coding;
use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use brotli::CompressorWriter;
use flate2::{Compression, write::GzEncoder};
use std::{
    io::{self, Write as _},
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};
use zstd::stream::write::Encoder as ZstdEncoder;

/// What a coder is to be good at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Answers that somebody waits for: some 50 to 100 MB/s.
    Answer,
    /// Whatever comes as fast as a database sends it.
    Export,
}

impl Effort {
    /// Quality, window and buffer. Windows: of answers, 1 MiB, as they are rarely
    /// longer and it is memory while one is made; of exports, as large as quality
    /// 1 makes use of.
    const fn brotli(self) -> (u32, u32, usize) {
        match self {
            Self::Answer => (4, 20, 4 << 10),
            Self::Export => (1, 18, 64 << 10),
        }
    }

    const fn zstd(self) -> i32 {
        match self {
            Self::Answer => 3,
            Self::Export => 1,
        }
    }

    const fn gzip(self) -> u32 {
        match self {
            Self::Answer => 4,
            Self::Export => 1,
        }
    }
}

/// A whole answer in a coding.
pub fn encoded(whole: &[u8], coding: Coding) -> io::Result<Bytes> {
    let mut coder = Coder::new(coding, Effort::Answer)?;
    coder.write(whole)?;
    coder.finish().map(Bytes::from)
}

/// An answer without a known end, in a coding.
pub struct Encoded {
    stream: BoxBody,
    /// None once all is written.
    coder: Option<Coder>,
}

impl Encoded {
    /// What `stream` gives, each piece flushed.
    pub fn new(stream: BoxBody, coding: Coding) -> io::Result<Self> {
        Ok(Self {
            stream,
            coder: Some(Coder::new(coding, Effort::Answer)?),
        })
    }
}

impl MessageBody for Encoded {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        loop {
            let Some(coder) = &mut this.coder else {
                return Poll::Ready(None);
            };
            let packed = match ready!(Pin::new(&mut this.stream).poll_next(context)) {
                Some(Ok(piece)) => coder.write(&piece).and_then(|()| coder.flushed()),
                // The client must see that the end is missing.
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => match this.coder.take() {
                    Some(coder) => coder.finish(),
                    None => return Poll::Ready(None),
                },
            };
            match packed {
                Ok(packed) if packed.is_empty() => {}
                Ok(packed) => return Poll::Ready(Some(Ok(packed.into()))),
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }
}

/// Codes what is written to it.
pub struct Coder(Of);

enum Of {
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(ZstdEncoder<'static, Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Coder {
    /// Of this coding.
    ///
    /// # Errors
    /// Where there is no memory for one.
    pub fn new(coding: Coding, effort: Effort) -> io::Result<Self> {
        let out = Vec::new();
        Ok(Self(match coding {
            Coding::Brotli => {
                let (quality, window, buffer) = effort.brotli();
                let coder = CompressorWriter::new(out, buffer, quality, window);
                Of::Brotli(Box::new(coder))
            }
            Coding::Zstd => Of::Zstd(ZstdEncoder::new(out, effort.zstd())?),
            Coding::Gzip => Of::Gzip(GzEncoder::new(out, Compression::new(effort.gzip()))),
        }))
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            Of::Brotli(coder) => coder.write_all(piece),
            Of::Zstd(coder) => coder.write_all(piece),
            Of::Gzip(coder) => coder.write_all(piece),
        }
    }

    /// All that can be unpacked to what was written so far.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub fn flushed(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.0 {
            Of::Brotli(coder) => coder.flush()?,
            Of::Zstd(coder) => coder.flush()?,
            Of::Gzip(coder) => coder.flush()?,
        }
        Ok(mem::take(self.out()))
    }

    /// What has come out by now, once it is so many bytes.
    pub fn piece_of(&mut self, bytes: usize) -> Option<Vec<u8>> {
        let out = self.out();
        (out.len() >= bytes).then(|| mem::take(out))
    }

    fn out(&mut self) -> &mut Vec<u8> {
        match &mut self.0 {
            Of::Brotli(coder) => coder.get_mut(),
            Of::Zstd(coder) => coder.get_mut(),
            Of::Gzip(coder) => coder.get_mut(),
        }
    }

    /// What is left, with the end.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self.0 {
            Of::Brotli(coder) => Ok(coder.into_inner()),
            Of::Zstd(coder) => coder.finish(),
            Of::Gzip(coder) => coder.finish(),
        }
    }
}
