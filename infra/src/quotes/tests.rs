use super::*;
use crate::clock;
use proptest::prelude::*;

const SECRET: [u8; SECRET_LEN] = [7; SECRET_LEN];

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).expect("a time")
}

fn signed(promise: &str) -> String {
    sign(&SECRET, &promise, at(100)).expect("JSON")
}

fn read(text: &str, now: i64) -> Result<String, PromiseError> {
    verify(&SECRET, text, at(now))
}

#[test]
fn a_promise_holds_until_its_time_is_over() {
    let text = signed("5 EUR");
    assert_eq!(read(&text, 99), Ok("5 EUR".to_owned()));
    let over = Err(PromiseError::Expired { at: at(100) });
    assert_eq!(read(&text, 100), over);
    let other = verify::<String>(&[8; SECRET_LEN], &text, at(100));
    assert_eq!(other, Err(PromiseError::Forged), "not that it is over");
}

#[test]
fn what_has_not_the_form_is_told_apart() {
    let short = URL_SAFE_NO_PAD.encode([0; TAG - 1]);
    let nothing = URL_SAFE_NO_PAD.encode([0; TAG]);
    let long = "A".repeat(MAX_LENGTH + 4);
    let padded = format!("{}=", signed("5 EUR"));
    for malformed in ["", "!", &short, &long, &padded] {
        assert_eq!(
            read(malformed, 0),
            Err(PromiseError::Malformed),
            "{malformed}"
        );
    }
    assert_eq!(read(&nothing, 0), Err(PromiseError::Forged));
    // Of a release that promises something else.
    let other = sign(&SECRET, &[1, 2], at(100)).expect("JSON");
    assert_eq!(read(&other, 0), Err(PromiseError::Malformed));
}

#[tokio::test]
async fn a_promise_holds_as_long_as_configured_within_limits() {
    for (seconds, holds) in [(1_800, 1_800), (0, 60), (u32::MAX, 86_400)] {
        let config = Config {
            quote_valid_seconds: seconds,
            ..Config::default()
        };
        let ops = crate::postgres::pool(&config.ops_url, 1).expect("a URL");
        let now = clock::now();
        let expires = Promises::new(&config, ops).expires(now);
        let expected = now.truncate_to_second() + time::Duration::seconds(holds);
        assert_eq!(expires, expected);
    }
}

proptest! {
    #[test]
    fn any_bit_that_is_changed_is_noticed(promise in "[a-z0-9 ]{0,200}", at: prop::sample::Index) {
        let text = signed(&promise);
        prop_assert_eq!(read(&text, 0), Ok(promise));
        let mut bytes = URL_SAFE_NO_PAD.decode(&text).expect("base64");
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let changed = URL_SAFE_NO_PAD.encode(bytes);
        prop_assert_eq!(read(&changed, 0), Err(PromiseError::Forged));
        // And of the text itself, whatever becomes of it.
        let mut letters = text.into_bytes();
        let bit = at.index(letters.len() * 7);
        letters[bit / 7] ^= 1 << (bit % 7);
        let changed = String::from_utf8(letters).expect("ASCII");
        prop_assert!(read(&changed, 0).is_err(), "{}", changed);
    }

    #[test]
    fn any_other_text_is_refused(text in ".{0,300}") {
        prop_assert!(read(&text, 0).is_err());
    }
}
