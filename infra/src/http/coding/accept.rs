//! `Accept-Encoding` (RFC 9110 §12.5.3).

use super::{Coding, SHORT, WORTH};
use actix_web::http::header::{ACCEPT_ENCODING, HeaderMap};

/// How much a client wants each coding, in thousandths; 0: not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    brotli: u16,
    zstd: u16,
    gzip: u16,
    identity: Identity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identity {
    /// It was named, with this weight.
    Named(u16),
    /// Nobody has said anything about it: it will do.
    WillDo,
}

impl Accepted {
    /// What a request says. Without a word, as it is; what cannot be read is
    /// no coding of ours.
    pub fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT_ENCODING);
        let texts = values.filter_map(|value| value.to_str().ok());
        let mut named: [Option<u16>; 4] = [None; 4];
        let mut any = None;
        for part in texts.flat_map(|text| text.split(',')) {
            let (name, weight) = weighted(part);
            match name.to_ascii_lowercase().as_str() {
                "br" => named[0] = Some(weight),
                "zstd" => named[1] = Some(weight),
                "gzip" | "x-gzip" => named[2] = Some(weight),
                "identity" => named[3] = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
        let coded = |place: usize| named[place].or(any).unwrap_or(0);
        Self {
            brotli: coded(0),
            zstd: coded(1),
            gzip: coded(2),
            identity: match (named[3], any) {
                (Some(weight), _) => Identity::Named(weight),
                (None, Some(0)) => Identity::Named(0),
                (None, _) => Identity::WillDo,
            },
        }
    }

    /// Whether there is no way to answer.
    pub fn takes_nothing(self) -> bool {
        self.identity == Identity::Named(0) && self.best() == 0
    }

    /// Whether an answer may have this coding.
    pub const fn takes(self, coding: Coding) -> bool {
        self.weight(coding) > 0
    }

    /// The coding of an answer of this length, none of a stream; none: as it
    /// is.
    pub fn chosen(self, length: Option<usize>) -> Option<Coding> {
        let best = self.best();
        let as_it_is = match self.identity {
            Identity::Named(0) => false,
            Identity::Named(weight) => weight > best || is_short(length),
            Identity::WillDo => best == 0 || is_short(length),
        };
        if as_it_is {
            return None;
        }
        let order = if length.is_some_and(|length| length <= SHORT) {
            Coding::SHORT
        } else {
            Coding::LONG
        };
        let mut order = order.into_iter();
        order.find(|coding| best > 0 && self.weight(*coding) == best)
    }

    fn best(self) -> u16 {
        self.brotli.max(self.zstd).max(self.gzip)
    }

    const fn weight(self, coding: Coding) -> u16 {
        match coding {
            Coding::Brotli => self.brotli,
            Coding::Zstd => self.zstd,
            Coding::Gzip => self.gzip,
        }
    }
}

/// Whether packing is worth nothing.
fn is_short(length: Option<usize>) -> bool {
    length.is_some_and(|length| length < WORTH)
}

/// `name;q=0.5` as the name and thousandths; 1 without a weight, 0 with one that
/// cannot be read.
fn weighted(part: &str) -> (&str, u16) {
    let mut pieces = part.split(';');
    let name = pieces.next().unwrap_or_default().trim();
    let weight = pieces.find_map(|piece| {
        let (key, value) = piece.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    (name, weight.map_or(1_000, thousandths))
}

/// A qvalue: `0`, `1`, and up to three digits after the point.
fn thousandths(text: &str) -> u16 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = part.bytes().all(|digit| digit.is_ascii_digit());
    match whole {
        "1" if part.bytes().all(|digit| digit == b'0') => 1_000,
        "0" if digits && part.len() <= 3 => format!("{part:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn accepted(value: Option<&'static str>) -> Accepted {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        Accepted::of(&headers)
    }

    #[test]
    fn the_weightiest_coding_is_chosen_and_ours_among_equals() {
        use Coding::{Brotli, Gzip, Zstd};
        let (middle, long) = (Some(20_000), Some(2_000_000));
        for (value, length, chosen) in [
            (None, long, None),
            (Some(""), long, None),
            (Some("gzip, deflate, br, zstd"), middle, Some(Brotli)),
            (Some("gzip, deflate, br, zstd"), long, Some(Zstd)),
            (Some("gzip, br, zstd"), None, Some(Zstd)),
            (Some("br;q=0.5, gzip;q=0.8"), long, Some(Gzip)),
            (Some("X-GZIP ; Q=0.001"), long, Some(Gzip)),
            (Some("gzip;q=0, *"), middle, Some(Brotli)),
            (Some("*;q=0.1"), long, Some(Zstd)),
            (Some("deflate"), long, None),
            (Some("gzip;q=0.5, identity"), long, None),
            (Some("gzip;q=0.5, identity;q=0.4"), long, Some(Gzip)),
            (Some("gzip;q=2"), long, None),
        ] {
            assert_eq!(accepted(value).chosen(length), chosen, "{value:?}");
        }
    }

    #[test]
    fn a_short_answer_is_sent_as_it_is_unless_that_is_refused() {
        for (value, chosen) in [
            ("gzip", None),
            ("gzip, identity;q=0.5", None),
            ("gzip, identity;q=0", Some(Coding::Gzip)),
            ("br, *;q=0", Some(Coding::Brotli)),
        ] {
            assert_eq!(accepted(Some(value)).chosen(Some(1)), chosen, "{value}");
        }
    }

    #[test]
    fn what_takes_nothing_is_known_before_it_is_answered() {
        for (value, nothing) in [
            (Some("identity;q=0"), true),
            (Some("*;q=0"), true),
            (Some("deflate, *;q=0"), true),
            (Some("*;q=0, identity"), false),
            (Some("identity;q=0, br;q=0.1"), false),
            (Some("deflate"), false),
            (None, false),
        ] {
            assert_eq!(accepted(value).takes_nothing(), nothing, "{value:?}");
        }
    }
}
