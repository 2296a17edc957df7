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

// Each about as fast as the others: some 50 to 100 MB/s, as somebody waits.
const BROTLI_QUALITY: u32 = 4;
/// 1 MiB: answers are rarely longer, and it is memory while one is made.
const BROTLI_WINDOW: u32 = 20;
const BROTLI_BUFFER: usize = 4096;
const ZSTD_LEVEL: i32 = 3;
const GZIP_LEVEL: u32 = 4;

/// A whole answer in a coding.
pub fn encoded(whole: &[u8], coding: Coding) -> io::Result<Bytes> {
    let mut coder = Coder::new(coding)?;
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
            coder: Some(Coder::new(coding)?),
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

enum Coder {
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(ZstdEncoder<'static, Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Coder {
    fn new(coding: Coding) -> io::Result<Self> {
        let out = Vec::new();
        Ok(match coding {
            Coding::Brotli => {
                let (quality, window) = (BROTLI_QUALITY, BROTLI_WINDOW);
                let coder = CompressorWriter::new(out, BROTLI_BUFFER, quality, window);
                Self::Brotli(Box::new(coder))
            }
            Coding::Zstd => Self::Zstd(ZstdEncoder::new(out, ZSTD_LEVEL)?),
            Coding::Gzip => Self::Gzip(GzEncoder::new(out, Compression::new(GZIP_LEVEL))),
        })
    }

    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Brotli(coder) => coder.write_all(piece),
            Self::Zstd(coder) => coder.write_all(piece),
            Self::Gzip(coder) => coder.write_all(piece),
        }
    }

    /// All that can be unpacked to what was written so far.
    fn flushed(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Brotli(coder) => {
                coder.flush()?;
                Ok(mem::take(coder.get_mut()))
            }
            Self::Zstd(coder) => {
                coder.flush()?;
                Ok(mem::take(coder.get_mut()))
            }
            Self::Gzip(coder) => {
                coder.flush()?;
                Ok(mem::take(coder.get_mut()))
            }
        }
    }

    /// What is left, with the end.
    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Brotli(coder) => Ok(coder.into_inner()),
            Self::Zstd(coder) => coder.finish(),
            Self::Gzip(coder) => coder.finish(),
        }
    }
}
