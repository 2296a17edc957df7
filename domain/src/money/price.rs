//! Unit prices: exact as given, rounded once, in the line's amount.

use super::{Currency, Overflow};
use contracts::order::UnitPrice;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};
use std::{fmt, str::FromStr};

/// The price of one unit: an integer in minor units, or an exact decimal in
/// major units where the price list has more digits than the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "UnitPrice")]
pub enum Price {
    /// Minor units.
    Minor(i64),
    /// `mantissa` × 10^−`scale` major units.
    Major {
        /// All digits, signed.
        mantissa: i64,
        /// How many of them stand behind the point.
        scale: u8,
    },
}

/// Text that is not a plain decimal of at most 15 digits, 9 of them behind
/// the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a price is an integer in minor units, or a decimal string in major units such as \"12.50\" \
     with at most 15 digits, 9 of them behind the point"
)]
pub struct InvalidPrice;

const MAX_DIGITS: usize = 15;
const MAX_SCALE: usize = 9;

impl Price {
    /// Nothing.
    pub const ZERO: Self = Self::Minor(0);

    /// The amount of `quantity` units in minor units of `currency`: the one
    /// place where money is rounded, half to even.
    pub fn amount(self, quantity: i64, currency: Currency) -> Result<i64, Overflow> {
        let exact = match self {
            Self::Minor(minor) => i128::from(minor) * i128::from(quantity),
            Self::Major { mantissa, scale } => {
                let product = i128::from(mantissa) * i128::from(quantity);
                let exponent = currency.exponent();
                if scale <= exponent {
                    product
                        .checked_mul(power_of_ten(exponent - scale))
                        .ok_or(Overflow)?
                } else {
                    divide_half_even(product, power_of_ten(scale - exponent))
                }
            }
        };
        i64::try_from(exact).map_err(|_| Overflow)
    }

    /// The same price in its one form, by which prices are compared: minor
    /// units where that loses nothing, else without zeros at the end.
    #[must_use]
    pub fn normalised(self, currency: Currency) -> Self {
        let Self::Major {
            mut mantissa,
            mut scale,
        } = self
        else {
            return self;
        };
        let exponent = currency.exponent();
        while scale > exponent && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        if scale > exponent {
            return Self::Major { mantissa, scale };
        }
        i128::from(mantissa)
            .checked_mul(power_of_ten(exponent - scale))
            .and_then(|minor| i64::try_from(minor).ok())
            .map_or(Self::Major { mantissa, scale }, Self::Minor)
    }

    /// Below zero.
    pub const fn is_negative(self) -> bool {
        match self {
            Self::Minor(minor) => minor < 0,
            Self::Major { mantissa, .. } => mantissa < 0,
        }
    }
}

fn power_of_ten(exponent: u8) -> i128 {
    10_i128.pow(u32::from(exponent))
}

/// `value / divisor` (positive), halves to the even neighbour.
pub(super) fn divide_half_even(value: i128, divisor: i128) -> i128 {
    let (quotient, remainder) = (value.div_euclid(divisor), value.rem_euclid(divisor));
    match (remainder * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient.rem_euclid(2),
    }
}

impl FromStr for Price {
    type Err = InvalidPrice;

    /// Reads a decimal in major units.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(InvalidPrice),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || !plain(whole)
            || !plain(fraction)
            || whole.len() + fraction.len() > MAX_DIGITS
            || fraction.len() > MAX_SCALE
        {
            return Err(InvalidPrice);
        }
        let mantissa = format!("{whole}{fraction}")
            .parse::<i64>()
            .map_err(|_| InvalidPrice)?;
        Ok(Self::Major {
            mantissa: sign * mantissa,
            scale: u8::try_from(fraction.len()).map_err(|_| InvalidPrice)?,
        })
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Minor(minor) => write!(f, "{minor}"),
            Self::Major { mantissa, scale } => {
                let scale = usize::from(scale);
                let digits = format!("{:0>1$}", mantissa.unsigned_abs(), scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                let sign = if mantissa < 0 { "-" } else { "" };
                let point = if scale == 0 { "" } else { "." };
                write!(f, "{sign}{whole}{point}{fraction}")
            }
        }
    }
}

/// An integer or a string; anything else is told what a price looks like.
impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl Visitor<'_> for Form {
            type Value = Price;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a price: {InvalidPrice}")
            }

            fn visit_i64<E: de::Error>(self, minor: i64) -> Result<Price, E> {
                Ok(Price::Minor(minor))
            }

            fn visit_u64<E: de::Error>(self, minor: u64) -> Result<Price, E> {
                i64::try_from(minor).map(Price::Minor).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Price, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl From<Price> for UnitPrice {
    fn from(price: Price) -> Self {
        match price {
            Price::Minor(minor) => Self::Minor(minor),
            Price::Major { .. } => Self::Major(price.to_string()),
        }
    }
}

/// A stored price: it was read from such text once.
impl TryFrom<&UnitPrice> for Price {
    type Error = InvalidPrice;

    fn try_from(price: &UnitPrice) -> Result<Self, InvalidPrice> {
        match price {
            UnitPrice::Minor(minor) => Ok(Self::Minor(*minor)),
            UnitPrice::Major(text) => text.parse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gbp() -> Currency {
        "GBP".parse().expect("known")
    }

    fn amount(price: &str, quantity: i64, currency: &str) -> i64 {
        let price: Price = price.parse().expect("valid");
        let currency = currency.parse().expect("known");
        price.amount(quantity, currency).expect("fits")
    }

    #[test]
    fn halves_go_to_the_even_penny() {
        assert_eq!(amount("0.125", 1, "GBP"), 12);
        assert_eq!(amount("0.135", 1, "GBP"), 14);
        assert_eq!(amount("-0.125", 1, "GBP"), -12);
        assert_eq!(amount("0.125", -3, "GBP"), -38);
        assert_eq!(amount("0.001", 4, "GBP"), 0);
    }

    #[test]
    fn the_exponent_of_the_currency_counts() {
        assert_eq!(amount("12.5", 2, "JPY"), 25);
        assert_eq!(amount("12.5", 1, "JPY"), 12);
        assert_eq!(amount("1.5", 1, "BHD"), 1_500);
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
            " 1",
            "0.0000000001",
            "1234567890123456",
        ] {
            assert_eq!(text.parse::<Price>(), Err(InvalidPrice), "{text:?}");
        }
    }

    #[test]
    fn an_amount_beyond_64_bits_is_an_overflow() {
        assert_eq!(Price::Minor(i64::MAX).amount(2, gbp()), Err(Overflow));
    }

    proptest! {
        #[test]
        fn a_price_prints_as_it_was_read(mantissa in -999_999_999_999_i64..999_999_999_999, scale in 0_u8..9) {
            let price = Price::Major { mantissa, scale };
            prop_assert_eq!(price.to_string().parse(), Ok(price));
        }

        #[test]
        fn rounding_is_off_by_half_a_unit_at_most(mantissa in -1_000_000_000_i64..1_000_000_000, scale in 0_u8..9, quantity in -10_000_i64..10_000) {
            let rounded = i128::from(Price::Major { mantissa, scale }.amount(quantity, gbp()).expect("fits"));
            // In units of 10^-11 major: both sides are integers.
            let exact = i128::from(mantissa) * i128::from(quantity) * 10_i128.pow(11 - u32::from(scale));
            let difference = (rounded * 10_i128.pow(9) - exact).abs();
            prop_assert!(difference * 2 <= 10_i128.pow(9));
        }

        #[test]
        fn a_normalised_price_makes_the_same_amounts(mantissa in -1_000_000_000_i64..1_000_000_000, scale in 0_u8..9, quantity in -10_000_i64..10_000) {
            let price = Price::Major { mantissa, scale };
            prop_assert_eq!(price.amount(quantity, gbp()), price.normalised(gbp()).amount(quantity, gbp()));
        }

        #[test]
        fn equal_prices_have_one_form(mantissa in -1_000_000_i64..1_000_000, scale in 0_u8..6, zeros in 0_u8..3) {
            let longer = Price::Major { mantissa: mantissa * 10_i64.pow(u32::from(zeros)), scale: scale + zeros };
            let price = Price::Major { mantissa, scale };
            prop_assert_eq!(price.normalised(gbp()), longer.normalised(gbp()));
        }

        #[test]
        fn a_credit_mirrors_its_sale(mantissa in 0_i64..1_000_000_000, scale in 0_u8..9, quantity in 1_i64..10_000) {
            let price = Price::Major { mantissa, scale };
            let sale = price.amount(quantity, gbp()).expect("fits");
            prop_assert_eq!(price.amount(-quantity, gbp()), Ok(-sale));
        }
    }
}
