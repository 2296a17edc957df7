//! The country names of the data set as ISO 3166-1 alpha-2.

/// Stands for names that are no single country (ISO 3166-1 leaves it to users).
pub(super) const UNKNOWN: &str = "ZZ";

/// Every name in the file, in the order of its letters. The Channel Islands
/// are two codes (GG, JE), so neither is right for them.
const COUNTRIES: &[(&str, &str)] = &[
    ("Australia", "AU"),
    ("Austria", "AT"),
    ("Bahrain", "BH"),
    ("Belgium", "BE"),
    ("Brazil", "BR"),
    ("Canada", "CA"),
    ("Channel Islands", UNKNOWN),
    ("Cyprus", "CY"),
    ("Czech Republic", "CZ"),
    ("Denmark", "DK"),
    ("EIRE", "IE"),
    ("European Community", UNKNOWN),
    ("Finland", "FI"),
    ("France", "FR"),
    ("Germany", "DE"),
    ("Greece", "GR"),
    ("Hong Kong", "HK"),
    ("Iceland", "IS"),
    ("Israel", "IL"),
    ("Italy", "IT"),
    ("Japan", "JP"),
    ("Lebanon", "LB"),
    ("Lithuania", "LT"),
    ("Malta", "MT"),
    ("Netherlands", "NL"),
    ("Norway", "NO"),
    ("Poland", "PL"),
    ("Portugal", "PT"),
    ("RSA", "ZA"),
    ("Saudi Arabia", "SA"),
    ("Singapore", "SG"),
    ("Spain", "ES"),
    ("Sweden", "SE"),
    ("Switzerland", "CH"),
    ("USA", "US"),
    ("United Arab Emirates", "AE"),
    ("United Kingdom", "GB"),
    ("Unspecified", UNKNOWN),
];

/// The code of a name; [`UNKNOWN`] for a name that is not in the table.
pub(super) fn code(name: &str) -> &'static str {
    COUNTRIES
        .binary_search_by_key(&name, |(known, _)| known)
        .map_or(UNKNOWN, |at| COUNTRIES[at].1)
}

/// Whether the table has the name.
#[cfg(test)]
pub(super) fn is_known(name: &str) -> bool {
    COUNTRIES.iter().any(|(known, _)| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_sorted() {
        assert_eq!(COUNTRIES.len(), 38);
        assert!(COUNTRIES.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn old_and_short_names_have_their_codes_and_no_country_has_none() {
        for (name, expected) in [
            ("EIRE", "IE"),
            ("RSA", "ZA"),
            ("USA", "US"),
            ("United Kingdom", "GB"),
            ("Unspecified", "ZZ"),
            ("European Community", "ZZ"),
            ("Channel Islands", "ZZ"),
            ("Atlantis", "ZZ"),
            ("", "ZZ"),
        ] {
            assert_eq!(code(name), expected, "{name}");
        }
    }
}
