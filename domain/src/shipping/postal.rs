//! Postal codes: as they are written, as they are compared, and how many of
//! them a rule is about.
//!
//! Case and separators do not count. Codes of the United Kingdom and of the
//! Crown Dependencies have parts of different lengths, so that letters alone
//! would take `N1 1AA` for a code of the district N11, and S for the beginning
//! of SW. They are compared part by part: area (S, SW), district (1, 11),
//! its letter (1A), sector, unit.

use super::rejection::ShippingRejection;
use crate::country::Country;
use contracts::shipping::zone::PostalCodes;
use std::cmp::Ordering;

/// Longest postal code, or beginning of one: letters and digits.
pub const MAX_POSTAL_CODE: usize = 16;

/// Countries whose codes are built like those of the United Kingdom.
const BRITISH: [&str; 4] = ["GB", "GG", "IM", "JE"];

fn is_british(country: &Country) -> bool {
    BRITISH.contains(&country.code())
}

/// A code, or the beginning of one, as it is compared with others of
/// `country`: digits and upper-case letters, in British codes with every part
/// at a place of its own. None where it is no such thing.
pub fn key(country: &Country, text: &str) -> Option<String> {
    if text.chars().any(|c| c.is_alphanumeric() && !c.is_ascii()) {
        return None;
    }
    let text = text.to_ascii_uppercase();
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    let whole = parts.concat();
    if !(1..=MAX_POSTAL_CODE).contains(&whole.len()) {
        return None;
    }
    if !is_british(country) {
        return Some(whole);
    }
    match parts.as_slice() {
        [outward, inward] if outward.contains(|c: char| c.is_ascii_digit()) => {
            british(outward, inward)
        }
        _ => {
            let (outward, inward) = halves(&whole);
            british(outward, inward)
        }
    }
}

/// A whole code without its space ends with a digit and two letters, and
/// nothing else does.
fn halves(whole: &str) -> (&str, &str) {
    let cut = whole.len().saturating_sub(3);
    match whole.as_bytes() {
        [_, _, .., digit, a, b]
            if digit.is_ascii_digit() && a.is_ascii_alphabetic() && b.is_ascii_alphabetic() =>
        {
            whole.split_at_checked(cut).unwrap_or((whole, ""))
        }
        _ => (whole, ""),
    }
}

/// Two places for the area, two for the number of the district, one for its
/// letter, one for the sector, two for the unit: `N1 2AB` is `N 01 2AB`.
fn british(outward: &str, inward: &str) -> Option<String> {
    let (area, rest) = taken(outward, 2, |b| b.is_ascii_alphabetic());
    let (number, rest) = taken(rest, 2, |b| b.is_ascii_digit());
    let (letter, rest) = taken(rest, 1, |b| b.is_ascii_alphabetic() && !number.is_empty());
    // Without a space the outward half is what can be one.
    let inward = match (rest, inward) {
        ("", inward) => inward,
        (rest, "") => rest,
        _ => return None,
    };
    let (sector, rest) = taken(inward, 1, |b| b.is_ascii_digit());
    let (unit, rest) = taken(rest, 2, |b| b.is_ascii_alphabetic() && !sector.is_empty());
    let gap = number.is_empty() && !sector.is_empty();
    if area.is_empty() || gap || !rest.is_empty() {
        return None;
    }
    let number = match number.len() {
        1 => format!("0{number}"),
        _ => number.to_owned(),
    };
    let letter = match sector {
        "" => letter.to_owned(),
        _ => format!("{letter:1}"),
    };
    Some(format!("{area:2}{number}{letter}{sector}{unit}"))
}

/// The first bytes of `text`, at most `most`, that are of a kind; and the rest.
fn taken(text: &str, most: usize, of_kind: impl Fn(u8) -> bool) -> (&str, &str) {
    let kind = text.bytes().take(most).take_while(|b| of_kind(*b));
    text.split_at_checked(kind.count()).unwrap_or((text, ""))
}

/// A key as it is written; read again, it is the same key.
fn written(country: &Country, key: &str) -> String {
    if !is_british(country) {
        return key.to_owned();
    }
    let places = |from: usize, to: usize| key.get(from..key.len().min(to)).unwrap_or_default();
    let number = match places(2, 4) {
        number if number.starts_with('0') => places(3, 4),
        number => number,
    };
    let (area, letter, inward) = (places(0, 2), places(4, 5), places(5, 8));
    let outward = [area.trim_end(), number, letter.trim_end()].concat();
    if inward.is_empty() {
        outward
    } else {
        format!("{outward} {inward}")
    }
}

/// The codes of one country whose beginnings lie between two keys of one
/// shape, both included; a prefix is both ends at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PostalRange {
    country: Country,
    from: String,
    to: String,
}

impl PostalRange {
    /// All codes that begin with `prefix`. `at` is where the command names
    /// them.
    pub fn beginning(at: &str, country: &Country, prefix: &str) -> Result<Self, ShippingRejection> {
        Self::between((at, "prefix", prefix), (at, "prefix", prefix), country)
    }

    /// All codes from those that begin with `from` to those that begin with
    /// `to`.
    pub fn range(
        at: &str,
        country: &Country,
        from: &str,
        to: &str,
    ) -> Result<Self, ShippingRejection> {
        Self::between((at, "from", from), (at, "to", to), country)
    }

    fn between(
        from: (&str, &str, &str),
        to: (&str, &str, &str),
        country: &Country,
    ) -> Result<Self, ShippingRejection> {
        let place = |(at, member, _): (&str, &str, &str)| format!("{at}/{member}");
        let read = |end: (&str, &str, &str)| {
            let malformed = || ShippingRejection::PostalCodeMalformed { at: place(end) };
            key(country, end.2).ok_or_else(malformed)
        };
        let range = Self {
            country: country.clone(),
            from: read(from)?,
            to: read(to)?,
        };
        if !same_shape(range.from.as_bytes(), range.to.as_bytes()) {
            return Err(ShippingRejection::PostalRangeUneven { at: place(to) });
        }
        match range.from.cmp(&range.to) {
            Ordering::Greater => Err(ShippingRejection::PostalRangeReversed { at: place(to) }),
            Ordering::Less | Ordering::Equal => Ok(range),
        }
    }

    /// Where it is.
    pub const fn country(&self) -> &Country {
        &self.country
    }

    /// If the code `key` of its country is in it: how many codes like that one
    /// are, counted by places, ten for a digit and 27 for a letter or none. So
    /// of two rules about a code, one inside the other, the inner has fewer.
    pub fn codes_around(&self, key: &str) -> Option<u128> {
        let (beginning, rest) = key.as_bytes().split_at_checked(self.from.len())?;
        let (from, to) = (self.from.as_bytes(), self.to.as_bytes());
        if !same_shape(beginning, from) || beginning < from || to < beginning {
            return None;
        }
        let beginnings = number(to) - number(from) + 1;
        Some(beginnings * rest.iter().map(|b| radix(*b)).product::<u128>())
    }

    /// As it is published and stored.
    pub fn published(&self) -> PostalCodes {
        let country = self.country.code().to_owned();
        let from = written(&self.country, &self.from);
        if self.from == self.to {
            let prefix = from;
            return PostalCodes::Beginning { country, prefix };
        }
        let to = written(&self.country, &self.to);
        PostalCodes::Range { country, from, to }
    }
}

/// Letters (or a letter's empty place) and digits at the same places.
fn same_shape(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| radix(*a) == radix(*b))
}

const fn radix(byte: u8) -> u128 {
    if byte.is_ascii_digit() { 10 } else { 27 }
}

/// The place of a key among those of its shape; at most 27¹⁶.
fn number(key: &[u8]) -> u128 {
    key.iter().fold(0, |number, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 1,
            _ => 0,
        };
        number * radix(*byte) + u128::from(digit)
    })
}

#[cfg(test)]
mod tests;
