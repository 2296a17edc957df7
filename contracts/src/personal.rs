//! Personal data in events: sealed wherever it is kept for ever, readable only
//! where it can be rewritten.
//!
//! An event that holds personal data has it in one member, `personal`. In the
//! log and on Kafka that member is a [`Sealed`]: ciphertext under the key of
//! its subject. Whoever has the subject's key opens it; once that key is
//! deleted, it reads [`ERASED`] everywhere.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;
use uuid::Uuid;

/// What stands where personal data was erased.
pub const ERASED: &str = "[erased]";

/// The member of an event that holds its personal data.
pub const MEMBER: &str = "personal";

/// Whether JSON may have the member, at a glance: most events have none, and need not
/// be parsed for it. Its name may be written with escapes.
#[must_use]
pub fn may_be_in(json: &str) -> bool {
    json.contains("\"personal\"") || json.contains('\\')
}

/// Ciphertext under the key of a subject: a customer, else an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Sealed {
    /// Whose key it is.
    pub subject: Uuid,
    /// Base64 of the sealed JSON; authenticated with the event it belongs to.
    pub sealed: String,
}

/// The mark of personal data whose key is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct ErasedMark {
    /// Always true.
    pub erased: bool,
}

/// Personal data in one of the states that it can be met in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Personal<T> {
    /// Ciphertext: in the log and on Kafka.
    Sealed(Sealed),
    /// Its key is gone.
    Erased(ErasedMark),
    /// Readable: in commands, and wherever it was opened.
    Open(T),
}

/// What a reader sees where the data is gone.
pub trait Erasable: Clone {
    /// The same shape, with [`ERASED`] in it.
    fn erased() -> Self;
}

impl<T> Personal<T> {
    /// Personal data whose key is gone.
    pub const ERASED: Self = Self::Erased(ErasedMark { erased: true });

    /// The data, if it is readable.
    pub const fn open(&self) -> Option<&T> {
        match self {
            Self::Open(data) => Some(data),
            Self::Sealed(_) | Self::Erased(_) => None,
        }
    }
}

impl<T: Erasable> Personal<T> {
    /// The data, or what stands in its place.
    pub fn readable(self) -> T {
        match self {
            Self::Open(data) => data,
            Self::Sealed(_) | Self::Erased(_) => T::erased(),
        }
    }
}

/// The published form: sealed; or erased, where an event repeats what had been
/// erased before.
impl<T> JsonSchema for Personal<T> {
    fn schema_name() -> Cow<'static, str> {
        "Personal".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let sealed = generator.subschema_for::<Sealed>();
        let erased = generator.subschema_for::<ErasedMark>();
        json_schema!({
            "description": "Personal data: sealed, or the mark that it was erased.",
            "anyOf": [sealed, erased],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    struct Note {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    }

    fn read(json: &str) -> Personal<Note> {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn each_state_reads_back() {
        let open = Personal::Open(Note {
            text: Some("a".into()),
        });
        assert_eq!(read(r#"{"text":"a"}"#), open);
        assert_eq!(read("{}"), Personal::Open(Note::default()));
        assert_eq!(read(r#"{"erased":true}"#), Personal::ERASED);
        let sealed = read(r#"{"subject":"00000000-0000-0000-0000-000000000001","sealed":"AAAA"}"#);
        assert!(matches!(&sealed, Personal::Sealed(s) if s.sealed == "AAAA"));
        for state in [open, Personal::ERASED, sealed] {
            let json = serde_json::to_string(&state).expect("JSON");
            assert_eq!(read(&json), state);
        }
    }

    #[test]
    fn whatever_has_the_member_is_seen_at_a_glance() {
        for text in [
            r#"{"a":1,"personal":{"n":1}}"#,
            r#"{"personal" : null}"#,
            r#"{"person\u0061l":{"n":1}}"#,
            r#"{"\u0070ersonal":{"n":1}}"#,
        ] {
            assert!(may_be_in(text), "{text}");
        }
        assert!(!may_be_in(r#"{"note":"a personal one","after":{}}"#));
    }
}
