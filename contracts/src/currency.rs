//! ISO 4217 currencies and the exponent of their minor unit.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An ISO 4217 currency that this system knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// Text that is not a currency of ISO 4217 (upper case, three letters). What does
/// not look like one is not told: it may be somebody's name, in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown currency{}: an ISO 4217 code such as \"EUR\" is expected", quoted(*.0))]
pub struct UnknownCurrency(Option<[u8; 3]>);

/// A space and the code, in quotation marks, where there is one.
fn quoted(code: Option<[u8; 3]>) -> String {
    let quote = |code: [u8; 3]| format!(" {:?}", String::from_utf8_lossy(&code));
    code.map(quote).unwrap_or_default()
}

/// Currencies by the exponent of their minor unit (ISO 4217 table A.1;
/// funds codes and metals are not money that orders are paid in).
const BY_EXPONENT: [(u8, &str); 4] = [
    (
        0,
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    ),
    (
        2,
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN \
         BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS \
         GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR \
         LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD \
         PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN \
         SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR \
         ZMW ZWG",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

impl Currency {
    /// ISO 4217's code for no currency at all: what an unreadable stored code
    /// is taken for.
    pub const NONE: Self = Self {
        code: *b"XXX",
        exponent: 0,
    };

    /// The code, e.g. `EUR`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// Digits of the minor unit: JPY 0, EUR 2, BHD 3.
    pub const fn exponent(&self) -> u8 {
        self.exponent
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code: Option<[u8; 3]> = text.as_bytes().try_into().ok();
        let letters = code.filter(|code| code.iter().all(u8::is_ascii_uppercase));
        let unknown = || UnknownCurrency(letters);
        let code = letters.ok_or_else(unknown)?;
        let exponent = BY_EXPONENT
            .iter()
            .find(|(_, codes)| codes.split_whitespace().any(|c| c == text))
            .map(|(exponent, _)| *exponent)
            .ok_or_else(unknown)?;
        Ok(Self { code, exponent })
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_those_of_iso_4217() {
        for (code, exponent) in [("JPY", 0), ("EUR", 2), ("BHD", 3), ("CLF", 4)] {
            let currency: Currency = code.parse().expect("known");
            assert_eq!((currency.code(), currency.exponent()), (code, exponent));
        }
    }

    #[test]
    fn anything_else_is_unknown() {
        for text in ["", "eur", "EURO", "XXX", "ÄÖ", "E R"] {
            assert!(text.parse::<Currency>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_what_looks_like_a_code_is_told_of() {
        for (text, told) in [("XXX", true), ("Ada", false), ("ADA LOVELACE", false)] {
            let error = text.parse::<Currency>().expect_err("unknown");
            assert_eq!(error.to_string().contains(text), told, "{error}");
        }
    }
}
