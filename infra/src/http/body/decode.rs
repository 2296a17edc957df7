//! Content codings of request bodies, unpacked under a limit, so that a small
//! body cannot become a large one.

use super::{broken, too_large, unsupported};
use crate::http::Problem;
use actix_web::{
    HttpRequest,
    http::header::{ACCEPT_ENCODING, CONTENT_ENCODING},
    web::Bytes,
};
use std::io::{self, Read};

/// Window of a zstd frame that is accepted, as a power of two: 8 MiB, what
/// RFC 9659 asks of a decoder.
const ZSTD_WINDOW_LOG: u32 = 23;

/// One content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding of a request's body; 415 for one that is not known, naming
    /// those that are (RFC 9110 §15.5.16).
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let mut values = request.headers().get_all(CONTENT_ENCODING);
        let Some(value) = values.next() else {
            return Ok(Self::Identity);
        };
        let name = value
            .to_str()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match (name.as_str(), values.next()) {
            ("identity", None) => Ok(Self::Identity),
            ("gzip" | "x-gzip", None) => Ok(Self::Gzip),
            ("br", None) => Ok(Self::Brotli),
            ("zstd", None) => Ok(Self::Zstd),
            _ => Err(
                unsupported("the Content-Encoding must be one of gzip, br, zstd")
                    .header(ACCEPT_ENCODING, "gzip, br, zstd"),
            ),
        }
    }

    /// Unpacks `bytes` into at most `limit` bytes.
    pub fn decode(self, bytes: Bytes, limit: usize) -> Result<Bytes, Problem> {
        let packed = &bytes[..];
        if self == Self::Identity {
            return Ok(bytes);
        }
        read(self.decoder(packed).map_err(|_| corrupt())?, limit)
    }

    /// What unpacks `packed`.
    pub fn decoder<'a>(self, packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Identity => Box::new(packed),
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
            Self::Brotli => Box::new(brotli::Decompressor::new(packed, 4096)),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::new(packed)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
        })
    }
}

fn read(decoder: impl Read, limit: usize) -> Result<Bytes, Problem> {
    let mut unpacked = Vec::new();
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder
        .take(one_more)
        .read_to_end(&mut unpacked)
        .map_err(|_| corrupt())?;
    if unpacked.len() > limit {
        return Err(too_large(limit));
    }
    Ok(unpacked.into())
}

pub fn corrupt() -> Problem {
    broken("the body is not of the coding that Content-Encoding names")
}
