//! Numbers and money, as the viewer's language writes them (Unicode CLDR).

use actix_web::{HttpRequest, http::header::ACCEPT_LANGUAGE};
use contracts::{currency::Currency, order::UnitPrice};
use fixed_decimal::Decimal;
use icu_decimal::{DecimalFormatter, options::DecimalFormatterOptions};

/// Between a number and what belongs to it: no line ends there.
const NO_BREAK: char = '\u{a0}';
/// Languages of a request that are looked at.
const MOST_LANGUAGES: usize = 10;

/// How a viewer writes numbers. Words are English.
pub struct Locale {
    numbers: Option<DecimalFormatter>,
}

impl Locale {
    /// That of the language which the viewer likes best.
    pub fn of(request: &HttpRequest) -> Self {
        let accepted = request.headers().get(ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        Self::preferring(accepted.unwrap_or_default())
    }

    /// That of an `Accept-Language` (RFC 9110 §12.5.4).
    fn preferring(accepted: &str) -> Self {
        let locale: icu_locale_core::Locale = preferred(accepted)
            .find_map(|tag| tag.parse().ok())
            .unwrap_or(icu_locale_core::Locale::UNKNOWN);
        let options = DecimalFormatterOptions::default();
        Self {
            numbers: DecimalFormatter::try_new((&locale).into(), options).ok(),
        }
    }

    /// A count: `1,234`.
    pub fn count(&self, number: i64) -> String {
        self.written(&Decimal::from(number))
    }

    /// An amount in minor units of a currency, without saying which: `1,234.50`.
    pub fn amount(&self, minor: i64, currency: &str) -> String {
        let places = places(currency);
        let mut amount = Decimal::from(minor);
        amount.multiply_pow10(-places);
        amount.pad_end(-places);
        self.written(&amount)
    }

    /// The same with the currency's code: `1,234.50 EUR`.
    pub fn money(&self, minor: i64, currency: &str) -> String {
        format!("{}{NO_BREAK}{currency}", self.amount(minor, currency))
    }

    /// A price of one, with all the digits that it was given with.
    pub fn unit_price(&self, price: &UnitPrice, currency: &str) -> String {
        match price {
            UnitPrice::Minor(minor) => self.amount(*minor, currency),
            UnitPrice::Major(given) => match Decimal::try_from_str(given) {
                Ok(mut price) => {
                    price.pad_end(-places(currency));
                    self.written(&price)
                }
                Err(_) => given.clone(),
            },
        }
    }

    /// The same with the currency's code: `0.125 EUR`.
    pub fn price_of_one(&self, price: &UnitPrice, currency: &str) -> String {
        format!("{}{NO_BREAK}{currency}", self.unit_price(price, currency))
    }

    /// A share of one, in percent with one digit behind the mark: `12.5%`.
    pub fn percent(&self, thousandths: i64) -> String {
        let mut percent = Decimal::from(thousandths);
        percent.multiply_pow10(-1);
        percent.pad_end(-1);
        format!("{}%", self.written(&percent))
    }

    fn written(&self, number: &Decimal) -> String {
        match &self.numbers {
            Some(numbers) => numbers.format(number).to_string(),
            None => number.to_string(),
        }
    }
}

/// Digits of the minor unit; of an unknown currency amounts are written as they are
/// counted.
fn places(currency: &str) -> i16 {
    let currency = currency.parse();
    currency.map_or(0, |currency: Currency| i16::from(currency.exponent()))
}

/// What people type for an amount of a currency, in its minor units: `12`, `12.5` and
/// `12,50` of EUR are 1200, 1250 and 1250. None where it is no amount, or could be two
/// of them, such as `1,234`.
pub fn typed_amount(text: &str, currency: &str) -> Option<i64> {
    let places = usize::try_from(places(currency)).ok()?;
    let text = text.trim();
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = digits(whole) && digits(fraction) && fraction.len() <= places;
    if !fits || whole.is_empty() || (text.len() > whole.len() && fraction.is_empty()) {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

/// An amount as a form holds it before anybody types: `1234.50`.
pub fn plain_amount(minor: i64, currency: &str) -> String {
    let places = places(currency);
    let mut amount = Decimal::from(minor);
    amount.multiply_pow10(-places);
    amount.pad_end(-places);
    amount.to_string()
}

/// The languages of an `Accept-Language`, the best one first.
fn preferred(accepted: &str) -> impl Iterator<Item = &str> {
    let mut tags: Vec<(u16, &str)> = accepted
        .split(',')
        .take(MOST_LANGUAGES)
        .filter_map(|entry| {
            let (tag, weight) = entry.split_once(';').unwrap_or((entry, ""));
            let quality = match weight.trim().strip_prefix("q=") {
                Some(quality) => thousandths(quality)?,
                None => 1_000,
            };
            let tag = tag.trim();
            (quality > 0 && tag != "*" && !tag.is_empty()).then_some((quality, tag))
        })
        .collect();
    // Stable: of equals the first one.
    tags.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    tags.into_iter().map(|(_, tag)| tag)
}

/// `0.8` is 800.
fn thousandths(quality: &str) -> Option<u16> {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let digits = fraction.get(..3).unwrap_or(fraction);
    let whole: u16 = whole.parse().ok().filter(|whole| *whole <= 1)?;
    let fraction: u16 = format!("{digits:0<3}").parse().ok()?;
    Some(whole * 1_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency_and_the_marks_of_the_viewer() {
        for (language, currency, minor, written) in [
            ("en-GB", "GBP", 123_450, "1,234.50\u{a0}GBP"),
            ("de-DE", "EUR", 123_450, "1.234,50\u{a0}EUR"),
            ("", "JPY", 1_234, "1,234\u{a0}JPY"),
            ("en", "BHD", 1_234, "1.234\u{a0}BHD"),
            ("en", "EUR", 5, "0.05\u{a0}EUR"),
            ("en", "EUR", 0, "0.00\u{a0}EUR"),
            ("en", "EUR", -5, "-0.05\u{a0}EUR"),
            ("en-IN", "INR", 12_345_678, "1,23,456.78\u{a0}INR"),
        ] {
            let locale = Locale::preferring(language);
            assert_eq!(locale.money(minor, currency), written, "{language}");
        }
        let price = UnitPrice::Major("0.125".into());
        let german = Locale::preferring("de");
        assert_eq!(german.unit_price(&price, "EUR"), "0,125");
        assert_eq!(german.percent(125), "12,5%");
    }

    #[test]
    fn the_language_that_is_liked_best_counts() {
        let best = |accepted| preferred(accepted).next();
        assert_eq!(best("fr;q=0.5, de-CH, en;q=0.9"), Some("de-CH"));
        assert_eq!(best("*, en;q=0"), None);
        assert_eq!(best("en;q=0.123456"), Some("en"));
        assert_eq!(best("en;q=x, de;q=0.1"), Some("de"));
    }

    #[test]
    fn an_amount_that_could_be_two_is_none() {
        for (text, currency, minor) in [
            ("12", "EUR", Some(1_200)),
            (" 12.5 ", "EUR", Some(1_250)),
            ("12,50", "EUR", Some(1_250)),
            ("1,234", "EUR", None),
            ("1,234", "BHD", Some(1_234)),
            ("1.5", "JPY", None),
            ("-1", "EUR", None),
            ("1.", "EUR", None),
            ("", "EUR", None),
            ("99999999999999999999", "EUR", None),
        ] {
            assert_eq!(typed_amount(text, currency), minor, "{text} {currency}");
        }
        assert_eq!(plain_amount(123_450, "EUR"), "1234.50");
    }
}
