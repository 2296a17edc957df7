//! Codes as people write them, and what rules make of them.

use super::*;
use proptest::prelude::*;

fn country(code: &str) -> Country {
    Country::try_from(code.to_owned()).expect("valid")
}

fn key_of(code: &str, text: &str) -> Option<String> {
    key(&country(code), text)
}

/// A rule as `GB SW1A` or `DE 80331..81929`.
fn rule(text: &str) -> Result<PostalRange, ShippingRejection> {
    let (code, codes) = text.split_once(' ').expect("a country");
    let country = country(code);
    match codes.split_once("..") {
        Some((from, to)) => PostalRange::range("/p", &country, from, to),
        None => PostalRange::beginning("/p", &country, codes),
    }
}

fn matches(rule_text: &str, code: &str) -> bool {
    let rule = rule(rule_text).expect("valid");
    let key = key(rule.country(), code);
    key.is_some_and(|key| rule.codes_around(&key).is_some())
}

#[test]
fn case_and_separators_do_not_count() {
    for (country, written, compared) in [
        ("CA", "k1a 0b6", Some("K1A0B6")),
        ("PL", "00-950", Some("00950")),
        ("US", " 90210-1234 ", Some("902101234")),
        ("JP", "100\u{2013}0001", Some("1000001")),
        ("JP", "\u{ff11}00-0001", None),
        ("DE", "", None),
        ("DE", " - ", None),
        ("DE", "12345678901234567", None),
        ("GB", "sw1a1aa", Some("SW01A1AA")),
        ("GB", "SW1A 1AA", Some("SW01A1AA")),
        ("GB", "SW 1A 1AA", Some("SW01A1AA")),
        ("GB", "N1 1AA", Some("N 01 1AA")),
        ("GB", "N11AA", Some("N 01 1AA")),
        ("GB", "n111aa", Some("N 11 1AA")),
        ("GB", "N11", Some("N 11")),
        ("GB", "N1 1", Some("N 01 1")),
        ("GB", "SW1A1", Some("SW01A1")),
        ("GB", "N", Some("N ")),
        ("JE", "JE2 3XX", Some("JE02 3XX")),
        ("GB", "80331", None),
        ("GB", "N 1AA X", None),
        ("GB", "ABC1 1AA", None),
        ("GB", "N1 AAA", None),
        ("GB", "N1A1 1AA", None),
    ] {
        let read = key_of(country, written);
        assert_eq!(read.as_deref(), compared, "{country} {written:?}");
    }
}

#[test]
fn rules_are_about_these_codes_and_not_about_those() {
    for (rule, inside, outside) in [
        ("DE 80", "80331", "08033"),
        ("FR 01000..01999", "01500", "1500"),
        ("FR 01..05", "05999", "06000"),
        ("US 90210..90299", "90210-1234", "90300"),
        ("CA K1A", "K1A 0B6", "K1B 0B6"),
        ("CA K1A..K2P", "k1z9z9", "K2R 1A1"),
        // A district of another shape, though its text lies in between.
        ("IE D01..D99", "D08 X285", "D6W X285"),
        // District 1, not 10 to 19.
        ("GB N1", "N1 1AA", "N11 1AA"),
        ("GB N11", "N11 1AA", "N1 1AA"),
        // The area S, not SW.
        ("GB S", "S1 2HE", "SW1A 1AA"),
        ("GB SW1", "SW1A 1AA", "SW11 2AB"),
        ("GB N1", "N1C 4AB", "N10 1AA"),
        ("GB N1 2", "N1 2AB", "N1 3AB"),
        ("GB N1 2", "N12AB", "N12 2AB"),
        // Districts count: 3 is not between 20 and 49.
        ("GB PA20..PA49", "PA34 4AB", "PA3 4AB"),
        ("GB IV1..IV28", "IV3 8AB", "IV30 1AB"),
        ("GB SW1A..SW1H", "SW1E 5AB", "SW1V 1AB"),
        ("GB AB1..DG5", "BT1 1AA", "DG6 4AB"),
        ("DE 80331", "80331", "8033"),
    ] {
        assert!(matches(rule, inside), "{rule:?} is about {inside:?}");
        assert!(!matches(rule, outside), "{rule:?} is about {outside:?}");
    }
}

#[test]
fn the_narrower_rule_has_fewer_codes() {
    for (code, rules) in [
        ("80331", ["DE 80331", "DE 80330..80339", "DE 80"].as_slice()),
        ("80000", &["DE 79999..80000", "DE 80", "DE 10000..99999"]),
        (
            "SW1A 1AA",
            &["GB SW1A 1AA", "GB SW1A 1", "GB SW1A", "GB SW1", "GB SW"],
        ),
        ("PA34 4AB", &["GB PA34", "GB PA20..PA49", "GB PA"]),
        ("K1A 0B6", &["CA K1A 0", "CA K1A", "CA K1A..K2P", "CA K"]),
    ] {
        let count = |text: &&str| {
            let rule = rule(text).expect("valid");
            let key = key(rule.country(), code).expect("a code");
            rule.codes_around(&key).expect("about the code")
        };
        let counts: Vec<u128> = rules.iter().map(count).collect();
        assert!(counts.is_sorted_by(|a, b| a < b), "{code}: {counts:?}");
    }
    let count = |text| rule(text).expect("valid").codes_around("80331");
    assert_eq!(count("DE 80"), Some(1_000));
    assert_eq!(count("DE 80000..80999"), Some(1_000));
}

#[test]
fn what_is_no_rule_is_told_where() {
    let refused = |text| rule(text).expect_err("refused");
    let told = |text| (refused(text).code(), refused(text).pointer());
    let at = |member: &str| Some(format!("/p/{member}"));
    assert_eq!(told("DE -"), ("postal_code_malformed", at("prefix")));
    assert_eq!(told("GB 1..SW1"), ("postal_code_malformed", at("from")));
    assert_eq!(told("DE 1000..01999"), ("postal_range_uneven", at("to")));
    assert_eq!(told("CA K1A..K22"), ("postal_range_uneven", at("to")));
    assert_eq!(told("GB PA2..PA3 4"), ("postal_range_uneven", at("to")));
    assert_eq!(told("DE 81929..80331"), ("postal_range_reversed", at("to")));
}

#[test]
fn a_range_of_one_beginning_is_a_prefix() {
    assert_eq!(rule("DE 80331..80331"), rule("DE 80331"));
    let prefix = rule("GB sw1a1").expect("valid").published();
    let country = "GB".to_owned();
    let expected = "SW1A 1".to_owned();
    assert_eq!(
        prefix,
        PostalCodes::Beginning {
            country,
            prefix: expected
        }
    );
}

proptest! {
    #[test]
    fn a_key_is_read_as_it_is_written(
        code in "GB|JE|DE|CA", text in "[A-Z]{1,2}[0-9]{0,2}[A-Z]?( [0-9][A-Z]{0,2})?",
    ) {
        let country = country(&code);
        if let Some(read) = key(&country, &text) {
            let again = key(&country, &written(&country, &read));
            prop_assert_eq!(again, Some(read));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(code in "GB|DE", text in any::<String>(), other in "\\PC{0,20}") {
        let country = country(&code);
        let read = key(&country, &text);
        let rule = PostalRange::range("/p", &country, &text, &other);
        if let (Some(read), Ok(rule)) = (read, rule) {
            prop_assert!(rule.codes_around(&read).is_some());
        }
    }

    #[test]
    fn a_longer_prefix_has_fewer_codes(
        code in "GB|DE|CA", text in "[A-Z]{1,2}[0-9]{1,2}[A-Z]? [0-9][A-Z]{2}", cut: usize,
    ) {
        let country = country(&code);
        let whole = key(&country, &text).expect("a code");
        let cut = 1 + cut % (whole.len() - 1);
        let (shorter, longer) = (&whole[..cut], &whole[..=cut]);
        let codes = |prefix: &str| {
            let (from, to) = (prefix.to_owned(), prefix.to_owned());
            PostalRange { country: country.clone(), from, to }.codes_around(&whole)
        };
        prop_assert!(codes(longer) < codes(shorter));
        prop_assert!(codes(longer).is_some());
    }
}
