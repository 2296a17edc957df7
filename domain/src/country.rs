//! Countries: ISO 3166-1 alpha-2, `ZZ` where unknown.

use serde::{Deserialize, Serialize};

/// A country code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(String);

/// Text that has not the shape of a country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a country is an ISO 3166-1 alpha-2 code such as \"GB\"")]
pub struct InvalidCountry;

/// The code of an unknown country (user-assigned in ISO 3166-1).
pub const UNKNOWN: &str = "ZZ";

/// Officially assigned codes, and `XK` for Kosovo as most systems use it.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL \
    BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE \
    DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ \
    GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM \
    KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN \
    PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY \
    SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF \
    WS XK YE YT ZA ZM ZW";

impl Country {
    /// The code, upper case.
    pub fn code(&self) -> &str {
        &self.0
    }

    /// Whether it is one of ISO 3166-1, and not [`UNKNOWN`].
    pub fn is_known(&self) -> bool {
        self.0 != UNKNOWN
    }
}

impl TryFrom<String> for Country {
    type Error = InvalidCountry;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() != 2 || !text.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(InvalidCountry);
        }
        let code = text.to_ascii_uppercase();
        let known = CODES.split_whitespace().any(|c| c == code);
        Ok(Self(if known { code } else { UNKNOWN.to_owned() }))
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<String> {
        Country::try_from(text.to_owned()).ok().map(String::from)
    }

    #[test]
    fn unknown_codes_become_zz_and_other_text_is_refused() {
        assert_eq!(code("gb").as_deref(), Some("GB"));
        assert_eq!(code("QQ").as_deref(), Some("ZZ"));
        assert_eq!(code("Germany"), None);
    }
}
