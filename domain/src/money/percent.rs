//! Percentages of discounts, charges and taxes.

use serde::{Deserialize, Deserializer, de};
use std::{fmt, str::FromStr};

/// More than 0 and at most 100, with at most four digits behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent {
    /// In 1/10,000 of a percent.
    parts: u32,
}

const SCALE: usize = 4;
const UNIT: u32 = 10_000;

/// Text that is not such a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a percentage is a decimal above 0 and up to 100, such as \"12.5\", with at most 4 digits behind the point"
)]
pub struct InvalidPercent;

impl Percent {
    /// This share of `amount`, rounded half to even.
    ///
    /// # Errors
    /// [`super::Overflow`] never in practice: the share is not larger than
    /// the amount.
    pub fn of(self, amount: i64) -> Result<i64, super::Overflow> {
        super::prorate(amount, i64::from(self.parts), i64::from(100 * UNIT))
    }

    /// What of `gross` this share of the rest is (a tax in a price that
    /// includes it), rounded half to even.
    ///
    /// # Errors
    /// [`super::Overflow`] never in practice: the part is not larger than the
    /// whole.
    pub fn within(self, gross: i64) -> Result<i64, super::Overflow> {
        super::prorate(
            gross,
            i64::from(self.parts),
            i64::from(100 * UNIT + self.parts),
        )
    }
}

impl FromStr for Percent {
    type Err = InvalidPercent;

    fn from_str(text: &str) -> Result<Self, InvalidPercent> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(InvalidPercent),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 3
            || fraction.len() > SCALE
            || !digits(whole)
            || !digits(fraction)
        {
            return Err(InvalidPercent);
        }
        let parts = format!("{whole}{fraction:0<SCALE$}").parse::<u32>();
        let parts = parts.map_err(|_| InvalidPercent)?;
        if parts == 0 || parts > 100 * UNIT {
            return Err(InvalidPercent);
        }
        Ok(Self { parts })
    }
}

/// Without zeros at the end.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.parts / UNIT, self.parts % UNIT);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:0>SCALE$}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl de::Visitor<'_> for Form {
            type Value = Percent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{InvalidPercent}")
            }

            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Percent, E> {
                whole.to_string().parse().map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Percent, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_prints_in_its_shortest_form() {
        for (text, printed) in [("12.50", "12.5"), ("100", "100"), ("0.0001", "0.0001")] {
            let percent: Percent = text.parse().expect("valid");
            assert_eq!(percent.to_string(), printed);
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in [
            "0", "0.00000", "100.0001", "-1", "", ".5", "5.", "1e1", "1,5",
        ] {
            assert_eq!(text.parse::<Percent>(), Err(InvalidPercent), "{text:?}");
        }
    }

    #[test]
    fn a_share_is_rounded_once() {
        let share = |text: &str, amount| text.parse::<Percent>().expect("valid").of(amount);
        assert_eq!(share("12.5", 1_000), Ok(125));
        assert_eq!(share("50", 5), Ok(2));
        assert_eq!(share("100", i64::MAX), Ok(i64::MAX));
    }

    #[test]
    fn a_part_and_its_share_make_up_the_whole() {
        let part = |text: &str, gross| text.parse::<Percent>().expect("valid").within(gross);
        assert_eq!(part("19", 1_190), Ok(190));
        assert_eq!(part("20", 3), Ok(0));
        assert_eq!(part("20", 9), Ok(2));
        assert_eq!(part("100", i64::MAX), Ok(i64::MAX / 2 + 1));
    }
}
