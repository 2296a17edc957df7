//! Amounts as people and programs write them. Nothing is rounded, and nothing is
//! guessed: a text that could mean two amounts is none.

use contracts::order::UnitPrice;
use serde::Deserialize;

/// How decimals are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Style {
    /// Before the fraction.
    #[serde(rename = "decimal")]
    pub point: char,
    /// Between thousands, where they are told apart.
    #[serde(rename = "thousands")]
    pub group: Option<char>,
}

impl Default for Style {
    fn default() -> Self {
        Self::PLAIN
    }
}

impl Style {
    /// `-1234.5`.
    pub const PLAIN: Self = Self {
        point: '.',
        group: None,
    };

    /// Whether point and group can be told apart from each other, and from a
    /// number.
    pub fn is_clear(self) -> bool {
        let is_mark = |mark: char| !mark.is_ascii_alphanumeric() && !matches!(mark, '-' | '+');
        is_mark(self.point)
            && self
                .group
                .is_none_or(|group| is_mark(group) && group != self.point)
    }

    /// The text in the plain style: a minus where there is one, digits, and a
    /// fraction where there is one.
    fn plain(self, text: &str) -> Option<String> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        let (whole, fraction) = match digits.split_once(self.point) {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let whole = match self.group {
            Some(group) if whole.contains(group) => ungrouped(whole, group)?,
            _ => whole.to_owned(),
        };
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(&whole) || !fraction.is_none_or(is_number) {
            return None;
        }
        Some(match fraction {
            Some(fraction) => format!("{sign}{whole}.{fraction}"),
            None => format!("{sign}{whole}"),
        })
    }
}

/// `1.234.567` as `1234567`; none where the groups are not of three digits,
/// since then the mark is no mark of groups.
fn ungrouped(whole: &str, group: char) -> Option<String> {
    let mut groups = whole.split(group);
    let first = groups
        .next()
        .filter(|first| (1..=3).contains(&first.len()))?;
    groups.try_fold(first.to_owned(), |mut joined, group| {
        joined.push_str(group);
        (group.len() == 3).then_some(joined)
    })
}

/// An amount in minor units that have `exponent` digits; none where it is none,
/// or has a fraction of a minor unit.
pub(super) fn minor(text: &str, style: Style, exponent: u8) -> Option<i64> {
    match unit_price(text, style, exponent)? {
        UnitPrice::Minor(minor) => Some(minor),
        UnitPrice::Major(_) => None,
    }
}

/// A price: whole minor units where it is that, else the decimal as it stands.
pub(super) fn unit_price(text: &str, style: Style, exponent: u8) -> Option<UnitPrice> {
    let plain = style.plain(text)?;
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, &*plain),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let significant = fraction.trim_end_matches('0');
    let exponent = usize::from(exponent);
    if significant.len() > exponent {
        return Some(UnitPrice::Major(plain));
    }
    let minor: i64 = format!("{whole}{significant:0<exponent$}").parse().ok()?;
    Some(UnitPrice::Minor(sign * minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GERMAN: Style = Style {
        point: ',',
        group: Some('.'),
    };
    const SWISS: Style = Style {
        point: '.',
        group: Some('\''),
    };

    fn pence(text: &str) -> Option<UnitPrice> {
        unit_price(text, Style::PLAIN, 2)
    }

    #[test]
    fn whole_pence_are_integers_and_nothing_is_rounded() {
        for (text, expected) in [
            ("2.55", 255),
            ("2.1", 210),
            ("7", 700),
            ("0.0", 0),
            ("2.500", 250),
            ("-11062.06", -1_106_206),
            ("-0.00", 0),
        ] {
            assert_eq!(pence(text), Some(UnitPrice::Minor(expected)), "{text}");
        }
        for text in ["0.125", "-0.001", "1.0050"] {
            assert_eq!(pence(text), Some(UnitPrice::Major(text.into())));
            assert_eq!(minor(text, Style::PLAIN, 2), None);
        }
        assert_eq!(
            unit_price("0.125", Style::PLAIN, 3),
            Some(UnitPrice::Minor(125))
        );
        assert_eq!(
            unit_price("125", Style::PLAIN, 0),
            Some(UnitPrice::Minor(125))
        );
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
            "--1",
            " 1",
        ] {
            assert_eq!(pence(text), None, "{text:?}");
        }
    }

    #[test]
    fn marks_mean_what_the_style_says_or_nothing() {
        for (text, style, expected) in [
            ("1.234,56", GERMAN, Some(123_456)),
            ("-1.234.567,8", GERMAN, Some(-123_456_780)),
            ("1234,56", GERMAN, Some(123_456)),
            ("12,5", GERMAN, Some(1_250)),
            ("1'234.56", SWISS, Some(123_456)),
            // Points of the other style: a thousandth is not a thousand.
            ("1.5", GERMAN, None),
            ("12.34", GERMAN, None),
            ("1.2345", GERMAN, None),
            (".123", GERMAN, None),
            ("1234.567", GERMAN, None),
            ("1,234.56", GERMAN, None),
            ("1,234.56", Style::PLAIN, None),
        ] {
            assert_eq!(minor(text, style, 2), expected, "{text}");
        }
    }

    /// The amount as the style writes it.
    fn written(amount: i64, style: Style, exponent: u8, grouped: bool) -> String {
        let (sign, digits) = (
            if amount < 0 { "-" } else { "" },
            amount.unsigned_abs().to_string(),
        );
        let exponent = usize::from(exponent);
        let digits = format!("{digits:0>width$}", width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        let mut text = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if let Some(group) = style.group.filter(|_| grouped)
                && at > 0
                && (whole.len() - at).is_multiple_of(3)
            {
                text.push(group);
            }
            text.push(digit);
        }
        if exponent > 0 {
            text.push(style.point);
            text.push_str(fraction);
        }
        format!("{sign}{text}")
    }

    proptest! {
        #[test]
        fn an_amount_is_read_as_it_was_written(
            amount in -i64::MAX..i64::MAX,
            exponent in 0_u8..5,
            grouped: bool,
            style in prop_oneof![Just(Style::PLAIN), Just(GERMAN), Just(SWISS)],
        ) {
            let text = written(amount, style, exponent, grouped);
            prop_assert_eq!(minor(&text, style, exponent), Some(amount), "{}", text);
        }

        #[test]
        fn whatever_is_read_is_what_was_written_but_for_zeros_and_marks(
            text in "[-0-9.,']{0,12}",
            style in prop_oneof![Just(Style::PLAIN), Just(GERMAN), Just(SWISS)],
        ) {
            let digits = |text: &str| {
                let digits = text.replace(|c: char| !c.is_ascii_digit(), "");
                digits.trim_matches('0').to_owned()
            };
            if let Some(amount) = minor(&text, style, 2) {
                prop_assert_eq!(digits(&amount.to_string()), digits(&text));
                prop_assert_eq!(amount < 0, text.starts_with('-') && amount != 0);
            }
        }
    }
}
