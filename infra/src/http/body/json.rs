//! JSON text to a value, with the exact place of what is wrong.
//!
//! Two passes: the first decides whether the text is JSON that means one thing
//! only (RFC 8259 leaves repeated keys undefined, so they are refused), the
//! second whether it has the shape that is asked for.

use crate::http::Problem;
use serde::{
    Deserialize,
    de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_path_to_error::Segment;
use std::{borrow::Cow, collections::HashSet, fmt};

/// Longest explanation of a wrong member, in characters; it may quote names of members.
const DETAIL_LENGTH: usize = 300;

/// Reads `bytes` as a `T`.
///
/// # Errors
/// 400 `invalid_json` for what is not JSON, has a repeated key or nests deeper
/// than 127 levels (the limit of `serde_json`); 400 `invalid_body` with a
/// pointer for an unknown or missing member or one of the wrong type.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_json("the text is not UTF-8"))?;
    serde_json::from_str::<Unambiguous>(text).map_err(|error| not_json(&error.to_string()))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| wrong_shape(&error))
}

fn not_json(detail: &str) -> Problem {
    Problem::bad_request("invalid_json", "The body is not valid JSON").detail(shortened(detail))
}

fn wrong_shape(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let message = error.inner().to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    let mut pointer = pointer(error.path());
    // The path of a missing member ends at the object that lacks it.
    if let Some(field) = message.strip_prefix("missing field `") {
        pointer.extend(["/", &escaped(field.trim_end_matches('`'))]);
    }
    let detail = match message {
        m if m.starts_with("missing field") => "is missing".to_owned(),
        m if m.starts_with("unknown field") => unknown_field(m),
        m if m.starts_with("data did not match any variant") => {
            "has none of the accepted forms".to_owned()
        }
        m => shortened(&without_value(m)),
    };
    Problem::bad_request(
        "invalid_body",
        "The body does not have the documented shape",
    )
    .detail(format!("{pointer}: {detail}"))
    .error(pointer, detail)
}

/// A message of serde's, "invalid type: string "x", expected …" and "unknown variant `x`,
/// expected …" without what was sent. Answers to lines of an operation are kept, and a name
/// or an address that stood in a wrong place would be as well, whatever is erased.
pub fn without_value(message: &str) -> String {
    cut(message).unwrap_or_else(|| message.to_owned())
}

fn cut(message: &str) -> Option<String> {
    let (what, found) = message.split_once(' ')?;
    if what == "unknown" {
        let (_, names) = found
            .strip_prefix("variant `")?
            .rsplit_once("`, expected ")?;
        return Some(format!("unknown variant, expected {names}"));
    }
    if what != "invalid" {
        return None;
    }
    let (what, found) = found.split_once(": ")?;
    let (found, expected) = found.rsplit_once(", expected ")?;
    let kind = found.split(['`', '"']).next()?.trim_end();
    Some(format!("invalid {what}: {kind}, expected {expected}"))
}

/// "unknown field `x`, expected one of …" without the name, which the pointer
/// has already.
fn unknown_field(message: &str) -> String {
    let Some((_, names)) = message.rsplit_once("`, expected ") else {
        return "is not known here".to_owned();
    };
    let names = names.strip_prefix("one of ").unwrap_or(names);
    shortened(&format!("is not known here; known are {names}"))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.extend(["/", &index.to_string()]),
            Segment::Map { key } => pointer.extend(["/", &escaped(key)]),
            // Not members of the text.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// RFC 6901 §3.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(DETAIL_LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Any JSON in which no object has the same key twice.
struct Unambiguous;

/// Borrowed from the text where nothing in it is escaped.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = members.next_key::<Key<'de>>()? {
            if keys.contains(&key) {
                members.next_value::<IgnoredAny>()?;
                let message = format!("the key {:?} is there twice", key.0);
                return Err(A::Error::custom(message));
            }
            keys.insert(key);
            members.next_value::<Self>()?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code, reason = "only read")]
        currency: String,
        #[expect(dead_code, reason = "only read")]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "only read")]
        quantity: i64,
    }

    fn refused(text: &str) -> (String, String, String) {
        let problem = parse::<Order>(text.as_bytes()).expect_err("it is wrong");
        let document = problem.document(None, None);
        let error = document.errors.first().cloned().unwrap_or_default();
        (
            document.code,
            error.pointer.unwrap_or_default(),
            error.detail,
        )
    }

    #[test]
    fn a_wrong_member_is_pointed_at() {
        for (text, pointer, detail) in [
            (r#"{"lines": []}"#, "/currency", "is missing"),
            (
                r#"{"currency": "GBP", "lines": [{}]}"#,
                "/lines/0/quantity",
                "is missing",
            ),
            (
                r#"{"currency": 1, "lines": []}"#,
                "/currency",
                "invalid type: integer, expected a string",
            ),
            (
                r#"{"currency": "GBP", "lines": [{"quantity": 1}, {"a/b~c": 1}]}"#,
                "/lines/1/a~1b~0c",
                "is not known here; known are `quantity`",
            ),
            (
                r#"{"x": 1, "currency": "GBP", "lines": []}"#,
                "/x",
                "is not known here; known are `currency` or `lines`",
            ),
            ("[1, 2, 3]", "", "invalid type: integer, expected a string"),
        ] {
            let (code, at, why) = refused(text);
            assert_eq!(code, "invalid_body", "{text}");
            if !pointer.is_empty() {
                assert_eq!((at.as_str(), why.as_str()), (pointer, detail), "{text}");
            }
        }
    }

    #[test]
    fn what_was_sent_is_not_told_again() {
        #[derive(Debug, Deserialize)]
        enum Reason {
            Broken,
            Late,
        }
        for (text, expected) in [
            (
                r#"{"currency": "GBP", "lines": "Ada, expected \"here\" `at` 7"}"#,
                "invalid type: string, expected a sequence",
            ),
            (
                r#"{"currency": null, "lines": []}"#,
                "invalid type: null, expected a string",
            ),
            (
                r#"{"currency": "GBP", "lines": [{"quantity": 447700900123.5}]}"#,
                "invalid type: floating point, expected i64",
            ),
            (
                r#"{"currency": "GBP", "lines": [{"quantity": 9223372036854775808}]}"#,
                "invalid value: integer, expected i64",
            ),
        ] {
            assert_eq!(refused(text).2, expected, "{text}");
        }
        let problem = parse::<Reason>(br#""Ada""#).expect_err("it is none");
        let document = problem.document(None, None);
        assert_eq!(
            document.errors.first().map(|error| error.detail.as_str()),
            Some("unknown variant, expected `Broken` or `Late`")
        );
        assert!(matches!(parse(br#""Late""#), Ok(Reason::Late)));
        assert!(matches!(parse(br#""Broken""#), Ok(Reason::Broken)));
    }

    #[test]
    fn what_is_not_json_is_refused_as_such() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for text in [
            "",
            "{",
            "nul",
            "{} {}",
            r#"{"currency": "GBP", "currency": "EUR"}"#,
            r#"{"lines": [{"quantity": 1, "\u0071uantity": 2}]}"#,
            &deep,
        ] {
            assert_eq!(refused(text).0, "invalid_json", "{text}");
        }
        let bytes = parse::<Order>(b"{\"currency\": \"\xff\"}").expect_err("not UTF-8");
        assert_eq!(bytes.code(), "invalid_json");
    }
}
