//! NDJSON: each line is an order, as the body of `POST /v1/orders/import`.
//!
//! The line is sent as it stands: what the API says of its body, it says of the
//! line. Only which order it is has to be understood before.

use crate::import::{
    Counts, ImportError,
    body::idempotency_key,
    item::{Item, Reason, Source},
    lines::{Line, Lines, MAX_LINE},
    open::Reader,
};
use infra::http::without_value;
use serde::Deserialize;

/// A file of this format.
pub struct Ndjson {
    lines: Lines<Reader>,
    read: Counts,
}

/// Which order a line is.
#[derive(Deserialize)]
struct Named {
    platform: String,
    external_id: String,
}

impl Ndjson {
    /// From its first line on.
    pub const fn new(reader: Reader) -> Self {
        Self {
            lines: Lines::new(reader),
            read: Counts {
                invoices: 0,
                lines: 0,
            },
        }
    }
}

impl Source for Ndjson {
    async fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            let before = self.lines.number();
            let line = self.lines.next().await;
            let line = line.map_err(|source| ImportError::Read {
                line: before,
                source,
            })?;
            let number = before + 1;
            let item = match line {
                None => return Ok(None),
                Some(Line::Whole(text)) if text.trim_ascii().is_empty() => continue,
                Some(Line::Whole(text)) => order(number, text.trim_ascii()),
                Some(Line::TooLong) => refused(
                    number,
                    Reason::new("line_too_long", format!("longer than {MAX_LINE} bytes")),
                ),
            };
            self.read.lines += 1;
            self.read.invoices += u64::from(matches!(item, Item::Order { .. }));
            return Ok(Some(item));
        }
    }

    fn abandon(&mut self) -> Vec<Item> {
        Vec::new()
    }

    fn read(&self) -> Counts {
        self.read
    }

    fn line(&self) -> u64 {
        self.lines.number()
    }
}

fn order(line: u64, text: &[u8]) -> Item {
    match serde_json::from_slice::<Named>(text) {
        Ok(Named {
            platform,
            external_id,
        }) => Item::Order {
            idempotency_key: idempotency_key(&platform, &external_id),
            invoice: external_id,
            lines: vec![line],
            body: text.to_vec(),
        },
        Err(error) if error.is_data() => refused(
            line,
            Reason::new("invalid_body", without_value(&error.to_string())),
        ),
        Err(error) => refused(line, Reason::new("invalid_json", error.to_string())),
    }
}

fn refused(line: u64, reason: Reason) -> Item {
    Item::RefusedLine {
        line,
        invoice: None,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_line_is_an_order_as_it_stands() {
        let text = concat!(
            "{\"platform\":\"web\", \"external_id\":\"é 1\", \"anything\": [1.50]}\r\n\n",
            "{\"platform\":\"web\"}\n{\"platform\"",
        );
        let mut file = Ndjson::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
        let mut items = Vec::new();
        while let Some(item) = file.next().await.expect("readable") {
            items.push(item);
        }
        let expected = Item::Order {
            invoice: "é 1".into(),
            lines: vec![1],
            idempotency_key: "import:web:%C3%A9%201".into(),
            body: "{\"platform\":\"web\", \"external_id\":\"é 1\", \"anything\": [1.50]}".into(),
        };
        assert_eq!(items[0], expected);
        let codes: Vec<_> = items[1..]
            .iter()
            .map(|item| match item {
                Item::RefusedLine { line, reason, .. } => (*line, &*reason.code),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(codes, [(3, "invalid_body"), (4, "invalid_json")]);
        let read = Counts {
            invoices: 1,
            lines: 3,
        };
        assert_eq!((file.read(), file.line()), (read, 4));
    }

    #[test]
    fn a_reason_does_not_quote_what_was_sent() {
        for text in ["\"Ada Lovelace\"", "{\"platform\": [\"Ada Lovelace\"]}"] {
            let Item::RefusedLine { reason, .. } = order(1, text.as_bytes()) else {
                panic!("{text}");
            };
            assert!(!reason.detail.contains("Ada"), "{}", reason.detail);
        }
    }
}
