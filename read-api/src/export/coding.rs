//! Compression of what is streamed.

use actix_web::{HttpRequest, http::header::ACCEPT_ENCODING, web::Bytes};
use brotli::CompressorWriter;
use flate2::{Compression, write::GzEncoder};
use std::{
    io::{self, Write as _},
    mem,
};
use zstd::stream::write::Encoder as ZstdEncoder;

/// Levels that keep up with what the database sends; JSON and CSV become a
/// tenth or so with any of them.
const ZSTD_LEVEL: i32 = 1;
const BROTLI_QUALITY: u32 = 1;
/// As large as quality 1 makes use of (1 << 18 bytes).
const BROTLI_WINDOW: u32 = 18;
const BROTLI_BUFFER: usize = 64 << 10;
/// What is passed on at once, about.
const PIECE: usize = 64 << 10;

/// How an answer is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// RFC 8878.
    Zstd,
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// The one that the client likes best; of those that it likes as much, the
    /// first of ours.
    pub fn of(request: &HttpRequest) -> Self {
        let accepted = request.headers().get_all(ACCEPT_ENCODING);
        let accepted = accepted.filter_map(|value| value.to_str().ok());
        let accepted: Vec<_> = accepted.flat_map(|value| value.split(',')).collect();
        Self::best(&accepted)
    }

    fn best(accepted: &[&str]) -> Self {
        let mut best = (Self::Identity, 0);
        for coding in [Self::Zstd, Self::Brotli, Self::Gzip] {
            let weight = coding.weight(accepted);
            if weight > best.1 {
                best = (coding, weight);
            }
        }
        let identity = Self::Identity.named(accepted);
        match identity {
            Some(weight) if weight > best.1 => Self::Identity,
            _ => best.0,
        }
    }

    /// How much it is wanted, in thousandths (RFC 9110 §12.4.2).
    fn weight(self, accepted: &[&str]) -> u16 {
        let any = || weight_of("*", accepted);
        self.named(accepted).or_else(any).unwrap_or(0)
    }

    fn named(self, accepted: &[&str]) -> Option<u16> {
        let name = self.name().unwrap_or("identity");
        let old = (self == Self::Gzip).then(|| weight_of("x-gzip", accepted));
        weight_of(name, accepted).or(old.flatten())
    }

    /// What `Content-Encoding` says.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Zstd => Some("zstd"),
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
        }
    }
}

fn weight_of(name: &str, accepted: &[&str]) -> Option<u16> {
    accepted.iter().find_map(|item| {
        let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
        if !coding.trim().eq_ignore_ascii_case(name) {
            return None;
        }
        let quality = parameters.trim().strip_prefix("q=");
        let quality = quality.map_or(Ok(1.0), str::parse::<f32>).unwrap_or(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 1000"
        )]
        let thousandths = (quality.clamp(0.0, 1.0) * 1_000.0) as u16;
        Some(thousandths)
    })
}

/// Codes pieces.
pub enum Coder {
    /// Passes them on.
    Identity,
    /// See [`Coding`].
    Zstd(ZstdEncoder<'static, Vec<u8>>),
    /// See [`Coding`].
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    /// See [`Coding`].
    Gzip(GzEncoder<Vec<u8>>),
}

impl Coder {
    /// Of this coding.
    pub fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Identity => Self::Identity,
            Coding::Zstd => Self::Zstd(ZstdEncoder::new(Vec::new(), ZSTD_LEVEL)?),
            Coding::Brotli => Self::Brotli(Box::new(CompressorWriter::new(
                Vec::new(),
                BROTLI_BUFFER,
                BROTLI_QUALITY,
                BROTLI_WINDOW,
            ))),
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::fast())),
        })
    }

    /// Takes a piece; what can be sent by now, if it is worth it.
    pub fn code(&mut self, piece: Vec<u8>) -> io::Result<Option<Bytes>> {
        let coded = match self {
            Self::Identity => return Ok(Some(piece.into())),
            Self::Zstd(encoder) => {
                encoder.write_all(&piece)?;
                encoder.get_mut()
            }
            Self::Brotli(encoder) => {
                encoder.write_all(&piece)?;
                encoder.get_mut()
            }
            Self::Gzip(encoder) => {
                encoder.write_all(&piece)?;
                encoder.get_mut()
            }
        };
        Ok((coded.len() >= PIECE).then(|| mem::take(coded).into()))
    }

    /// What is left.
    pub fn finish(self) -> io::Result<Bytes> {
        Ok(match self {
            Self::Identity => Bytes::new(),
            Self::Zstd(encoder) => encoder.finish()?.into(),
            Self::Brotli(encoder) => encoder.into_inner().into(),
            Self::Gzip(encoder) => encoder.finish()?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn the_client_chooses_and_among_equals_the_server() {
        let best = |accepted: &str| Coding::best(&accepted.split(',').collect::<Vec<_>>());
        for (accepted, expected) in [
            ("", Coding::Identity),
            ("gzip, deflate, br, zstd", Coding::Zstd),
            ("gzip, deflate, br", Coding::Brotli),
            ("x-gzip", Coding::Gzip),
            ("GZIP;q=1.0, zstd; q=0.5", Coding::Gzip),
            ("zstd;q=0, *;q=0.1", Coding::Brotli),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("*", Coding::Zstd),
            ("*;q=0", Coding::Identity),
            ("zstd;q=x", Coding::Identity),
        ] {
            assert_eq!(best(accepted), expected, "{accepted}");
        }
    }

    #[test]
    fn what_was_coded_piece_by_piece_is_whole_in_the_end() {
        let text = b"some of an export, again and again\n".repeat(40_000);
        for coding in [Coding::Identity, Coding::Zstd, Coding::Brotli, Coding::Gzip] {
            let mut coder = Coder::new(coding).expect("a coder");
            let mut sent = Vec::new();
            for piece in text.chunks(100_000) {
                let piece = coder.code(piece.to_vec()).expect("memory");
                sent.extend(piece.into_iter().flatten());
            }
            sent.extend(coder.finish().expect("memory"));
            let mut read = Vec::new();
            match coding {
                Coding::Identity => read = sent,
                Coding::Zstd => read = zstd::decode_all(&sent[..]).expect("zstd"),
                Coding::Brotli => {
                    let mut decoder = brotli::Decompressor::new(&sent[..], 4_096);
                    decoder.read_to_end(&mut read).expect("brotli");
                }
                Coding::Gzip => {
                    let mut decoder = flate2::read::GzDecoder::new(&sent[..]);
                    decoder.read_to_end(&mut read).expect("gzip");
                }
            }
            assert!(read == text, "{coding:?}");
        }
    }
}
