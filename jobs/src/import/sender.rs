//! Orders over HTTP: lines of bulk requests that import them.

use super::answer::attempt;
use super::item::Verdict;
use super::{ImportError, Settings};
use crate::bulk::{BulkClient, BulkError, BulkLine, How};
use infra::tls::Authorities;
use tokio_util::sync::CancellationToken;

/// An order to send.
pub(super) struct ToSend {
    /// Its number.
    pub invoice: String,
    /// The same in every import.
    pub key: String,
    /// JSON on one line.
    pub body: Vec<u8>,
}

impl BulkLine for ToSend {
    fn key(&self) -> &str {
        &self.key
    }

    fn write(&self, lines: &mut Vec<u8>) {
        // A key is visible ASCII: what it has to be escaped for is these two.
        let key = self.key.replace('\\', "\\\\").replace('"', "\\\"");
        lines.extend_from_slice(br#"{"op":"import_order","key":""#);
        lines.extend_from_slice(key.as_bytes());
        lines.extend_from_slice(br#"","body":"#);
        lines.extend_from_slice(&self.body);
        lines.extend_from_slice(b"}\n");
    }
}

/// What became of an order; an error ends the import.
pub(super) type Sent = Result<Verdict, ImportError>;

/// Sends orders to one system.
pub(super) struct Sender(BulkClient);

impl Sender {
    /// A sender with a pool of kept-alive connections.
    pub fn new(settings: &Settings) -> Result<Self, ImportError> {
        let system = (&*settings.url, &*settings.api_key);
        let how = How {
            dry_run: settings.dry_run,
            create_platforms: settings.create_platforms,
        };
        let trusted = Authorities::default();
        let client = BulkClient::new(system, how, "orderlog-import", settings.retry, &trusted);
        client.map(Self).map_err(ImportError::System)
    }

    /// How many requests had to be repeated until now, as a whole or in part.
    pub fn retries(&self) -> u64 {
        self.0.retries()
    }

    /// Sends orders until each is stored or refused; what became of them, in
    /// their order. Once `halt` is cancelled no further attempt begins.
    pub async fn send(&self, orders: &[ToSend], halt: &CancellationToken) -> Vec<Sent> {
        let sent = self.0.send(orders, |_, answer, _| attempt(answer), halt);
        let sent = sent.await;
        let not_sent = |verdict: Option<Verdict>| Ok(verdict.unwrap_or(Verdict::NotSent));
        let mut told: Vec<Sent> = sent.told.into_iter().map(not_sent).collect();
        if let Some((at, error)) = sent.failed {
            told[at] = Err(failed(error, &orders[at].invoice));
        }
        told
    }
}

fn failed(error: BulkError, invoice: &str) -> ImportError {
    match error {
        BulkError::Unreachable {
            last,
            attempts,
            elapsed,
        } => ImportError::Unreachable {
            invoice: invoice.to_owned(),
            last,
            attempts,
            elapsed,
        },
        other => ImportError::System(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_key_the_line_is_json() {
        let order = ToSend {
            invoice: String::new(),
            key: r#"import:p:a\"b"#.into(),
            body: b"{}".to_vec(),
        };
        let mut line = Vec::new();
        order.write(&mut line);
        let line: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
        assert_eq!(line["key"], order.key);
        assert_eq!(line["op"], "import_order");
    }
}
