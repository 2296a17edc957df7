//! Lines that are sent by somebody else than who has written them: looked at
//! beforehand, as far as a line itself says whether it can be carried out, and
//! given the key under which they are sent.

use super::{
    line::{Refused, check},
    told::{Outcome, Results},
};
use actix_web::http::StatusCode;
use infra::http::{Line, Problem};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;

/// The longest line that a request takes, in bytes.
const LONGEST: usize = 256 << 10;

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub enum Checked {
    /// Nothing: it has no result.
    Blank,
    /// One that can be sent.
    Valid {
        /// Which command it is.
        op: &'static str,
        /// Its own key.
        key: Option<String>,
        /// What to send, without a break.
        text: Vec<u8>,
    },
    /// One that cannot; its result, with a break.
    Invalid(Vec<u8>),
}

/// Looks at lines, and writes the results of those that are not sent.
#[derive(Debug, Clone)]
pub struct LineCheck {
    /// Told with each of them.
    trace_id: String,
    /// What led to the commands, unless a line says something else.
    causation_id: String,
}

impl LineCheck {
    /// Of lines that are sent because of this, whose problems belong to this
    /// trace.
    pub fn new(trace_id: impl Into<String>, causation_id: impl Into<String>) -> Self {
        Self {
            trace_id: trace_id.into(),
            causation_id: causation_id.into(),
        }
    }

    /// Looks at a line; `sent_as` says under which key it is sent, by its own.
    pub fn check(
        &self,
        (number, line): (u64, Line),
        sent_as: impl FnOnce(Option<&str>) -> String,
    ) -> Checked {
        let refused = |op, key, problem| self.result(number, Refused { op, key, problem });
        let text = match line.text() {
            Ok(text) if text.trim_ascii().is_empty() => return Checked::Blank,
            Ok(text) => text,
            Err(problem) => return Checked::Invalid(refused(None, None, problem)),
        };
        let (op, key) = match check(&text) {
            Ok(checked) => checked,
            Err(refused) => return Checked::Invalid(self.result(number, refused)),
        };
        let sent = self.rewritten(&text, &sent_as(key.as_deref()));
        match sent {
            Ok(text) if text.len() <= LONGEST => Checked::Valid { op, key, text },
            Ok(_) => {
                let problem = Line::TooLong.text().err();
                let problem = problem.unwrap_or_else(|| Problem::unavailable(1));
                Checked::Invalid(refused(Some(op.to_owned()), key, problem))
            }
            Err(error) => {
                let problem = Problem::internal(error);
                Checked::Invalid(refused(Some(op.to_owned()), key, problem))
            }
        }
    }

    /// The result of a line that can be carried out, and is not, as others
    /// cannot.
    pub fn rejected(&self, number: u64, op: &str, key: Option<String>) -> Vec<u8> {
        let problem = Problem::new(
            StatusCode::FAILED_DEPENDENCY,
            "operation_rejected",
            "Nothing was carried out, as some lines are invalid",
        );
        let op = Some(op.to_owned());
        self.result(number, Refused { op, key, problem })
    }

    fn result(&self, number: u64, refused: Refused) -> Vec<u8> {
        let mut results = Results::new(self.trace_id.clone(), false);
        results.line(&Outcome::refused(number, refused));
        results.written
    }

    /// The line under another key. Its body stays as it is, to the byte: that is
    /// what a repeat is known by.
    fn rewritten(&self, text: &[u8], key: &str) -> serde_json::Result<Vec<u8>> {
        let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(text)?;
        members.insert("key".to_owned(), to_raw_value(key)?);
        let causation_id = to_raw_value(&self.causation_id)?;
        let told = members.entry("causation_id".to_owned());
        told.and_modify(|told| {
            if told.get() == "null" {
                told.clone_from(&causation_id);
            }
        })
        .or_insert(causation_id);
        serde_json::to_vec(&members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::web::Bytes;
    use serde_json::Value;

    fn checked(text: &str) -> Checked {
        let line = Line::Whole(Bytes::copy_from_slice(text.as_bytes()));
        let sent_as = |own: Option<&str>| format!("sent-{}", own.unwrap_or("7"));
        LineCheck::new("trace", "cause").check((7, line), sent_as)
    }

    fn result(checked: Checked) -> Value {
        let Checked::Invalid(result) = checked else {
            panic!("{checked:?}");
        };
        assert_eq!(result.last(), Some(&b'\n'));
        serde_json::from_slice(&result).expect("JSON")
    }

    #[test]
    fn a_line_is_sent_under_another_key_with_its_body_to_the_byte() {
        let note = r#"{"op": "add_note", "key": "a\"b", "order_id": "x", "body": {"text":  "x"}}"#;
        let Checked::Valid { op, key, text } = checked(note) else {
            panic!("not valid");
        };
        assert_eq!((op, key.as_deref()), ("add_note", Some("a\"b")));
        let text = String::from_utf8(text).expect("text");
        assert!(text.contains(r#"{"text":  "x"}"#), "{text}");
        let sent: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            (&sent["key"], &sent["causation_id"]),
            (&"sent-a\"b".into(), &"cause".into())
        );
        let own =
            r#"{"op": "add_note", "causation_id": "mine", "order_id": "x", "body": {"text": "x"}}"#;
        let Checked::Valid { key, text, .. } = checked(own) else {
            panic!("not valid");
        };
        let sent: Value = serde_json::from_slice(&text).expect("JSON");
        assert_eq!(
            (key, &sent["key"], &sent["causation_id"]),
            (None, &"sent-7".into(), &"mine".into())
        );
        assert_eq!(checked("  \r"), Checked::Blank);
    }

    #[test]
    fn a_line_that_cannot_be_carried_out_has_its_result() {
        for (text, status, code) in [
            ("{", 400, "invalid_json"),
            (r#"{"op": "fly", "key": "k"}"#, 400, "unknown_op"),
            (
                r#"{"op": "add_note", "key": "k", "order_id": "x", "body": {}}"#,
                400,
                "invalid_body",
            ),
            (
                r#"{"op": "add_note", "key": "k", "body": {"text": "x"}}"#,
                400,
                "invalid_body",
            ),
            (
                r#"{"op": "add_note", "op": "add_note"}"#,
                400,
                "invalid_json",
            ),
        ] {
            let result = result(checked(text));
            assert_eq!(
                (&result["line"], &result["status"]),
                (&7.into(), &status.into()),
                "{text}"
            );
            assert_eq!(result["problem"]["code"], code, "{text}");
            assert_eq!(result["problem"]["trace_id"], "trace");
        }
        // With what it is sent under, it would be too long.
        let filler = " ".repeat(LONGEST - 70);
        let long =
            format!(r#"{{"op": "add_note", "order_id": "x", "body": {{"text": "x"{filler}}}}}"#);
        assert!(long.len() <= LONGEST);
        assert_eq!(result(checked(&long))["status"], 413);
        let rejected = LineCheck::new("trace", "cause").rejected(3, "add_note", None);
        let rejected: Value = serde_json::from_slice(&rejected).expect("JSON");
        assert_eq!(rejected["status"], 424);
    }
}
