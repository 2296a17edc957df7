//! The member `personal` of an event's JSON text: found and replaced, with
//! everything else left as it stands, byte for byte.

use super::event::Form;
use contracts::personal::{ErasedMark, Sealed};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{fmt, ops::Range};

/// The member, where there is one that is not null.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// Where its value stands in the text.
    pub range: Range<usize>,
    /// What it is.
    pub state: State<'a>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum State<'a> {
    Sealed(Sealed),
    Erased,
    /// Readable JSON.
    Open(&'a str),
}

/// Finds it. An error where the text has not the form.
pub(super) fn find(form: Form, text: &str) -> Result<Option<Found<'_>>, serde_json::Error> {
    let fields = match form {
        Form::Published => text,
        Form::Stored => match fields_of_variant(text)? {
            Some(fields) => fields,
            None => return Ok(None),
        },
    };
    let member = member(fields)?;
    Ok(member.map(|value| Found {
        range: range_within(text, value),
        state: state(value),
    }))
}

/// The text with another value at `range`.
pub(super) fn replaced(text: &str, range: &Range<usize>, value: &str) -> String {
    [&text[..range.start], value, &text[range.end..]].concat()
}

/// None where the variant has no fields.
fn fields_of_variant(text: &str) -> Result<Option<&str>, serde_json::Error> {
    // A variant without fields is its name.
    if text.trim_start().starts_with('"') {
        return Ok(None);
    }
    let Variant(fields) = serde_json::from_str(text)?;
    Ok(fields.get().starts_with('{').then_some(fields.get()))
}

fn member(fields: &str) -> Result<Option<&str>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        personal: Option<&'a RawValue>,
    }
    // A struct may be read from an array too, by position.
    if !fields.trim_start().starts_with('{') {
        return Err(serde_json::Error::custom("not an object"));
    }
    let Fields { personal } = serde_json::from_str(fields)?;
    Ok(personal.map(RawValue::get))
}

fn state(value: &str) -> State<'_> {
    // The marks are objects; a struct would be read from an array too.
    if !value.starts_with('{') {
        return State::Open(value);
    }
    if let Ok(sealed) = serde_json::from_str(value) {
        return State::Sealed(sealed);
    }
    match serde_json::from_str(value) {
        Ok(ErasedMark { erased: true }) => State::Erased,
        _ => State::Open(value),
    }
}

/// Where `part`, a slice of `text`, stands in it.
fn range_within(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

/// The value of an object that has exactly one member.
struct Variant<'a>(&'a RawValue);

impl<'de> Deserialize<'de> for Variant<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneMember;
        impl<'de> Visitor<'de> for OneMember {
            type Value = Variant<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with one member")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let first = map.next_entry::<IgnoredAny, &RawValue>()?;
                let second = map.next_key::<IgnoredAny>()?;
                match (first, second) {
                    (Some((_, fields)), None) => Ok(Variant(fields)),
                    (None, _) => Err(M::Error::invalid_length(0, &self)),
                    (Some(_), Some(_)) => Err(M::Error::invalid_length(2, &self)),
                }
            }
        }
        deserializer.deserialize_map(OneMember)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(form: Form, text: &str) -> Option<&str> {
        let found = find(form, text).expect("the form");
        found.map(|found| &text[found.range])
    }

    #[test]
    fn the_member_is_found_at_its_place_only() {
        let stored = r#" { "Placed" : {"a": {"personal": 1}, "personal" : {"n": "x"} ,"b":[]} } "#;
        assert_eq!(found(Form::Stored, stored), Some(r#"{"n": "x"}"#));
        let published = r#"{"a":{"personal":1},"personal":{"n":"x"},"after":{}}"#;
        assert_eq!(found(Form::Published, published), Some(r#"{"n":"x"}"#));
        for without in [
            r#"{"Placed":{"a":{"personal":1}}}"#,
            r#"{"Placed":{"personal":null}}"#,
            r#"{"Counted":3}"#,
            r#"{"Moved":["personal",1]}"#,
            r#""Archived""#,
        ] {
            assert_eq!(found(Form::Stored, without), None, "{without}");
        }
    }

    #[test]
    fn a_name_that_is_written_with_escapes_is_the_same_name() {
        let text = r#"{"person\u0061l":{"n":1}}"#;
        assert_eq!(found(Form::Published, text), Some(r#"{"n":1}"#));
    }

    #[test]
    fn only_the_value_is_replaced() {
        let text = r#"{"z": 1.50, "personal": {"n":1}, "a": "\u00e9"}"#;
        let range = find(Form::Published, text).expect("JSON").expect("there");
        assert_eq!(
            replaced(text, &range.range, "[]"),
            r#"{"z": 1.50, "personal": [], "a": "\u00e9"}"#
        );
    }

    #[test]
    fn what_leaves_room_for_doubt_has_not_the_form() {
        for (form, text) in [
            (Form::Stored, r#"{"A":{"personal":1},"B":{}}"#),
            (Form::Stored, "{}"),
            (Form::Stored, "[]"),
            (Form::Stored, "{"),
            (Form::Published, r#"{"personal":1,"personal":2}"#),
            (Form::Published, r#"["personal"]"#),
        ] {
            assert!(find(form, text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_three_states_are_told_apart() {
        let sealed = Sealed {
            subject: uuid::Uuid::from_u128(1),
            sealed: "AAAA".into(),
        };
        let text = serde_json::to_string(&sealed).expect("JSON");
        assert_eq!(state(&text), State::Sealed(sealed));
        assert_eq!(state(r#"{"erased":true}"#), State::Erased);
        for open in [
            r#"{"erased":false}"#,
            r#"{"subject":"Re: x"}"#,
            "[true]",
            "{}",
        ] {
            assert_eq!(state(open), State::Open(open));
        }
    }
}
