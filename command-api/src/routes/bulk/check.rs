//! Lines that are sent by somebody else than who has written them: looked at
//! beforehand, as far as a line itself says whether it can be carried out, and
//! given the key under which they are sent.

use super::{
    line::{Refused, check},
    told::{Outcome, Results},
};
use actix_web::http::StatusCode;
use infra::{
    http::{Line, Problem, access::scope_missing, body::too_large},
    operations::{Checked, LineCheck, SentFor},
};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;

/// What is sent under the worker's key that not every key may send.
const RECORDS_ERASURES: &str = "record_erasure";
/// What a file of orders is made of.
const IMPORTS: &str = "import_order";
/// What it needs.
const ERASE: &str = "customers:erase";
/// The longest line that a request takes, in bytes.
const LONGEST: usize = 256 << 10;

/// What lines of a bulk request have to look like.
#[derive(Debug, Clone, Copy)]
pub struct BulkLines;

impl LineCheck for BulkLines {
    fn check(
        &self,
        sent_for: &SentFor,
        (number, line): (u64, Line),
        sent_as: &mut dyn FnMut(Option<&str>) -> String,
    ) -> Checked {
        let refused = |op: Option<&str>, key, problem| {
            let op = op.map(str::to_owned);
            Checked::Invalid(result(sent_for, number, Refused { op, key, problem }))
        };
        let text = match line.text() {
            Ok(text) if text.trim_ascii().is_empty() => return Checked::Blank,
            Ok(text) => text,
            Err(problem) => return refused(None, None, problem),
        };
        let (op, key) = match check(&text) {
            Ok(checked) => checked,
            Err(refused) => return Checked::Invalid(result(sent_for, number, refused)),
        };
        if op == RECORDS_ERASURES && !sent_for.erasure {
            return refused(Some(op), key, scope_missing(ERASE));
        }
        match rewritten(&text, &sent_as(key.as_deref()), &sent_for.causation_id) {
            Ok(text) if text.len() <= LONGEST => Checked::Valid { op, key, text },
            Ok(_) => refused(Some(op), key, too_large(LONGEST)),
            Err(error) => refused(Some(op), key, Problem::internal(error)),
        }
    }

    fn rejected(&self, sent_for: &SentFor, number: u64, op: &str, key: Option<String>) -> Vec<u8> {
        let problem = Problem::new(
            StatusCode::FAILED_DEPENDENCY,
            "operation_rejected",
            "Nothing was carried out, as some lines are invalid",
        );
        let op = Some(op.to_owned());
        result(sent_for, number, Refused { op, key, problem })
    }

    fn no_order(&self, sent_for: &SentFor, number: u64, (code, detail): (&str, &str)) -> Vec<u8> {
        let problem = Problem::unprocessable("no_order", "No order can be made of it");
        let refused = Refused {
            op: Some(IMPORTS.to_owned()),
            key: None,
            problem: problem.detail(detail).with("reason", code.into()),
        };
        result(sent_for, number, refused)
    }
}

fn result(sent_for: &SentFor, number: u64, refused: Refused) -> Vec<u8> {
    let mut results = Results::new(sent_for.trace_id.clone(), false);
    results.line(&Outcome::refused(number, refused));
    results.written
}

/// The line under another key. Its body stays as it is, to the byte: that is
/// what a repeat is known by.
fn rewritten(text: &[u8], key: &str, causation_id: &str) -> serde_json::Result<Vec<u8>> {
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(text)?;
    members.insert("key".to_owned(), to_raw_value(key)?);
    let told = members.get("causation_id");
    if told.is_none_or(|told| told.get() == "null") {
        members.insert("causation_id".to_owned(), to_raw_value(causation_id)?);
    }
    serde_json::to_vec(&members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::web::Bytes;
    use serde_json::Value;

    fn checked(text: &str) -> Checked {
        let line = Line::Whole(Bytes::copy_from_slice(text.as_bytes()));
        let mut sent_as = |own: Option<&str>| format!("sent-{}", own.unwrap_or("7"));
        BulkLines.check(&sent_for(), (7, line), &mut sent_as)
    }

    fn sent_for() -> SentFor {
        SentFor {
            trace_id: "trace".to_owned(),
            causation_id: "cause".to_owned(),
            erasure: false,
        }
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
        let rejected = BulkLines.rejected(&sent_for(), 3, "add_note", None);
        let rejected: Value = serde_json::from_slice(&rejected).expect("JSON");
        assert_eq!(rejected["status"], 424);
        let none = BulkLines.no_order(&sent_for(), 4, ("no_date", "line 4 has no date"));
        let none: Value = serde_json::from_slice(&none).expect("JSON");
        assert_eq!((&none["line"], &none["status"]), (&4.into(), &422.into()));
        assert_eq!(none["problem"]["code"], "no_order");
        assert_eq!(none["problem"]["reason"], "no_date");
    }
}
