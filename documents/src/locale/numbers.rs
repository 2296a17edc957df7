//! Numbers and money.

use super::Locale;
use contracts::order::UnitPrice;
use domain::money::Currency;

/// Currencies whose symbol says which one is meant wherever it is read; beside
/// those a place has that of its own. Of all others the code is written: `$` is
/// a dozen currencies, `kr` four and `¥` two.
const SYMBOLS: &[(&str, &str)] = &[("EUR", "€"), ("GBP", "£")];

/// Between a number and what belongs to it: no line ends there.
const NO_BREAK: char = '\u{a0}';

/// Writes amounts of one currency.
#[derive(Debug, Clone)]
pub struct Money {
    locale: Locale,
    code: String,
    exponent: usize,
}

impl Money {
    /// Amounts of the currency with this ISO 4217 code. Of an unknown one
    /// nobody knows the minor unit: amounts are written as they are counted.
    pub fn of(locale: Locale, code: &str) -> Self {
        let exponent = code
            .parse()
            .map_or(0, |currency: Currency| currency.exponent());
        let (code, exponent) = (code.to_owned(), usize::from(exponent));
        Self {
            locale,
            code,
            exponent,
        }
    }

    /// `1,234.50`.
    pub fn amount(&self, minor: i64) -> String {
        let digits = minor.unsigned_abs().to_string();
        let digits = format!("{digits:0>width$}", width = self.exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.exponent);
        let sign = if minor < 0 { "-" } else { "" };
        format!("{sign}{}", self.locale.decimal(whole, fraction))
    }

    /// `£1,234.50`, `1.234,50 €`, `CHF 1,234.50`.
    pub fn with_currency(&self, minor: i64) -> String {
        let amount = self.amount(minor);
        let conventions = self.locale.conventions();
        let mut symbols = SYMBOLS.iter().chain(conventions.own_symbol);
        let symbol = symbols.find(|(code, _)| *code == self.code);
        let first = conventions.symbol_first;
        match (symbol, first) {
            (Some((_, symbol)), true) => match amount.strip_prefix('-') {
                Some(amount) => format!("-{symbol}{amount}"),
                None => format!("{symbol}{amount}"),
            },
            (Some((_, symbol)), false) => format!("{amount}{NO_BREAK}{symbol}"),
            (None, true) => format!("{}{NO_BREAK}{amount}", self.code),
            (None, false) => format!("{amount}{NO_BREAK}{}", self.code),
        }
    }

    /// A price of one, with all the digits that it was given with.
    pub fn unit_price(&self, price: &UnitPrice) -> String {
        let given = match price {
            UnitPrice::Minor(minor) => return self.amount(*minor),
            UnitPrice::Major(given) => given.as_str(),
        };
        let (sign, digits) = match given.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", given),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = format!("{fraction:0<width$}", width = self.exponent);
        format!("{sign}{}", self.locale.decimal(whole, &fraction))
    }

    /// The code, e.g. `EUR`.
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl Locale {
    /// `1,234`.
    pub fn count(self, number: i64) -> String {
        let sign = if number < 0 { "-" } else { "" };
        format!(
            "{sign}{}",
            self.decimal(&number.unsigned_abs().to_string(), "")
        )
    }

    /// `7.5 %` or `7.5%`, of thousandths of a percent.
    pub fn percent(self, thousandths: i64) -> String {
        let (whole, fraction) = (thousandths / 1_000, thousandths % 1_000);
        let fraction = format!("{fraction:0>3}");
        let number = self.decimal(&whole.to_string(), fraction.trim_end_matches('0'));
        if self.conventions().symbol_first {
            format!("{number}%")
        } else {
            format!("{number}{NO_BREAK}%")
        }
    }

    /// Digits of a number, grouped by thousands.
    fn decimal(self, whole: &str, fraction: &str) -> String {
        let conventions = self.conventions();
        let mut written = String::with_capacity(whole.len() * 2 + fraction.len());
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                written.push(conventions.group);
            }
            written.push(digit);
        }
        if !fraction.is_empty() {
            written.push(conventions.decimal);
            written.push_str(fraction);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_the_digits_of_its_currency_and_the_marks_of_its_place() {
        for (locale, code, minor, written) in [
            (Locale::EnGb, "GBP", 123_450, "£1,234.50"),
            (Locale::EnGb, "GBP", -5, "-£0.05"),
            (Locale::EnUs, "USD", 100_000_000, "$1,000,000.00"),
            (Locale::EnGb, "CHF", 99, "CHF\u{a0}0.99"),
            (Locale::EnGb, "USD", 99, "USD\u{a0}0.99"),
            (Locale::EnGb, "JPY", 1_234, "JPY\u{a0}1,234"),
            (Locale::EnGb, "BHD", 1_234, "BHD\u{a0}1.234"),
            (Locale::DeDe, "EUR", 123_450, "1.234,50\u{a0}€"),
            (Locale::DeDe, "EUR", -123_450, "-1.234,50\u{a0}€"),
            (Locale::DeDe, "PLN", 100, "1,00\u{a0}PLN"),
            (Locale::EnGb, "GBP", i64::MIN, "-£92,233,720,368,547,758.08"),
        ] {
            assert_eq!(Money::of(locale, code).with_currency(minor), written);
        }
    }

    #[test]
    fn a_price_keeps_the_digits_that_it_was_given_with() {
        let money = Money::of(Locale::DeDe, "EUR");
        for (price, written) in [
            (UnitPrice::Minor(1_250), "12,50"),
            (UnitPrice::Major("0.125".into()), "0,125"),
            (UnitPrice::Major("-1234.5".into()), "-1.234,50"),
            (UnitPrice::Major("7".into()), "7,00"),
        ] {
            assert_eq!(money.unit_price(&price), written);
        }
    }

    #[test]
    fn a_percentage_has_no_digits_that_say_nothing() {
        assert_eq!(Locale::EnGb.percent(20_000), "20%");
        assert_eq!(Locale::EnUs.percent(8_875), "8.875%");
        assert_eq!(Locale::DeDe.percent(5_500), "5,5\u{a0}%");
    }
}
