//! `UnitPrice` as the import wants it.

use contracts::order::UnitPrice;

/// Digits behind the point that pence have.
const EXPONENT: usize = 2;

/// A decimal in pounds as whole pence where it is that, else as it stands:
/// nothing is rounded here. None for what is not a plain decimal.
pub(super) fn parse(text: &str) -> Option<UnitPrice> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (digits, ""),
    };
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    let significant = fraction.trim_end_matches('0');
    if significant.len() > EXPONENT {
        return Some(UnitPrice::Major(text.to_owned()));
    }
    let pence: i64 = format!("{whole}{significant:0<EXPONENT$}").parse().ok()?;
    let negative = text.starts_with('-');
    Some(UnitPrice::Minor(if negative { -pence } else { pence }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pence_are_integers_and_nothing_is_rounded() {
        for (text, pence) in [
            ("2.55", 255),
            ("2.1", 210),
            ("7", 700),
            ("0.0", 0),
            ("2.500", 250),
            ("-11062.06", -1_106_206),
            ("-0.00", 0),
        ] {
            assert_eq!(parse(text), Some(UnitPrice::Minor(pence)), "{text}");
        }
        for text in ["0.125", "-0.001", "1.0050"] {
            assert_eq!(parse(text), Some(UnitPrice::Major(text.into())));
        }
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in [
            "",
            "-",
            ".5",
            "5.",
            "1e3",
            "+1",
            "1,5",
            "£2",
            "99999999999999999999",
            "NaN",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
