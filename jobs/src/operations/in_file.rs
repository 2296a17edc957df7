//! The lines that are made of a file: each is a command, or why there is none, and
//! says where in the file it stands.

use crate::import::Item;
use infra::http::LONGEST_LINE;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// What the orders of a file are imported by.
const OP: &str = "import_order";

/// Where in a file something stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFile {
    /// Number of the invoice, where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<String>,
    /// Its lines, from 1, the header counted.
    pub lines: Vec<u64>,
}

/// Why a part of a file is no order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// A code of the format.
    pub code: String,
    /// The same for people.
    pub detail: String,
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A command.
    Order {
        /// Where the order stands.
        source: InFile,
        /// The command, as bulk requests have it.
        text: Box<RawValue>,
    },
    /// No order.
    None {
        /// Where it stands.
        source: InFile,
        /// Why.
        why: Why,
    },
}

/// The command that an order is.
#[derive(Serialize)]
struct Command<'a> {
    op: &'static str,
    key: &'a str,
    body: &'a RawValue,
}

impl Step {
    /// The line, with its break, that an item of a file is; none of what was not read
    /// to its end.
    ///
    /// # Errors
    /// Never: all of it has a JSON form.
    pub fn line_of(item: Item) -> serde_json::Result<Option<Vec<u8>>> {
        let (invoice, lines, reason) = match item {
            Item::Order {
                invoice,
                lines,
                idempotency_key,
                body,
            } => {
                let source = InFile {
                    invoice: Some(invoice),
                    lines,
                };
                return Self::of_order(source, &idempotency_key, &body).map(Some);
            }
            Item::RefusedInvoice {
                invoice,
                lines,
                reason,
            } => (Some(invoice), lines, reason),
            Item::RefusedLine {
                line,
                invoice,
                reason,
            } => (invoice, vec![line], reason),
            Item::Unfinished { .. } => return Ok(None),
        };
        let step = Self::None {
            source: InFile { invoice, lines },
            why: Why {
                code: reason.code.into_owned(),
                detail: reason.detail,
            },
        };
        step.line().map(Some)
    }

    fn of_order(source: InFile, key: &str, body: &[u8]) -> serde_json::Result<Vec<u8>> {
        let body: &RawValue = serde_json::from_slice(body)?;
        let command = Command { op: OP, key, body };
        let text = to_raw_value(&command)?;
        let order = Self::Order {
            source: source.clone(),
            text,
        };
        let line = order.line()?;
        if line.len() <= LONGEST_LINE {
            return Ok(line);
        }
        let why = Why {
            code: "order_too_large".to_owned(),
            detail: format!("larger than {LONGEST_LINE} bytes as a command"),
        };
        Self::None { source, why }.line()
    }

    fn line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Reason;
    use serde_json::{Value, json};

    fn read(item: Item) -> Value {
        let line = Step::line_of(item).expect("JSON").expect("a line");
        assert_eq!(line.split(|byte| *byte == b'\n').count(), 2);
        serde_json::from_slice(&line).expect("JSON")
    }

    fn order(body: Vec<u8>) -> Item {
        Item::Order {
            invoice: "A-1".into(),
            lines: vec![2, 3],
            idempotency_key: "import:web:A-1".into(),
            body,
        }
    }

    #[test]
    fn an_order_is_a_command_that_knows_where_it_stands() {
        let line = read(order(br#"{"external_id":"A-1","total":1.50}"#.to_vec()));
        let source = json!({"invoice": "A-1", "lines": [2, 3]});
        assert_eq!(line["order"]["source"], source);
        let text = &line["order"]["text"];
        assert_eq!(
            (&text["op"], &text["key"]),
            (&OP.into(), &"import:web:A-1".into())
        );
        assert_eq!(text["body"]["external_id"], "A-1");
    }

    #[test]
    fn what_is_no_order_says_why_and_one_that_is_too_large_is_none() {
        let refused = Item::RefusedLine {
            line: 9,
            invoice: None,
            reason: Reason::new("no_date", "line 9 has no date"),
        };
        let line = read(refused);
        assert_eq!(line["none"]["source"], json!({"lines": [9]}));
        assert_eq!(line["none"]["why"]["code"], "no_date");
        let large = serde_json::to_vec(&json!({"note": "x".repeat(LONGEST_LINE)})).expect("JSON");
        let line = read(order(large));
        assert_eq!(line["none"]["why"]["code"], "order_too_large");
        assert_eq!(line["none"]["source"]["lines"], json!([2, 3]));
        let unfinished = Item::Unfinished {
            invoice: "A-1".into(),
            lines: vec![1],
        };
        assert!(Step::line_of(unfinished).expect("JSON").is_none());
    }

    #[test]
    fn a_line_reads_back() {
        let body = br#"{"external_id":"A-1","total":1.50}"#.to_vec();
        let line = Step::line_of(order(body)).expect("JSON").expect("a line");
        let Step::Order { text, .. } = serde_json::from_slice(&line).expect("a step") else {
            panic!("no order");
        };
        // To the byte: a repeat is known by it.
        assert!(text.get().contains(r#"{"external_id":"A-1","total":1.50}"#));
    }
}
