//! The command that archives an order, as it was looked at.

use super::order::Looked;
use crate::bulk::{Answer, Attempt, BulkLine};
use serde_json::json;
use uuid::Uuid;

/// A line to send.
pub struct ToArchive {
    key: String,
    text: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is archived.
    Archived,
    /// It was before: somebody was killed who had sent the line.
    Repeated,
    /// It was changed since it was looked at.
    Changed,
    /// It is not, for this reason.
    Refused(String),
}

impl ToArchive {
    /// Of an order, for a job.
    pub fn of(order: &Looked, job: Uuid) -> Self {
        let Looked { id, version, .. } = order;
        // One for each version: an order that was brought back is archived again by
        // another command, and what was sent before is a repeat.
        let key = format!("orders-archive:{id}:{version}");
        let line = json!({
            "op": "archive_order", "key": key, "order_id": id, "if_match": version,
            "causation_id": job,
        });
        Self {
            key,
            text: line.to_string(),
        }
    }
}

impl BulkLine for ToArchive {
    fn key(&self) -> &str {
        &self.key
    }

    fn write(&self, lines: &mut Vec<u8>) {
        lines.extend_from_slice(self.text.as_bytes());
        lines.push(b'\n');
    }
}

/// What an answer says of its order, where that is certain.
pub fn told(_: usize, answer: Answer, _: &[u8]) -> Attempt<Told> {
    if let Some((last, asked)) = answer.again() {
        return Attempt::Again(last, asked);
    }
    let status = answer.status();
    let detail = |answer: Answer| {
        let problem = answer.problem.unwrap_or_default();
        problem.told(status)
    };
    match status.as_u16() {
        _ if answer.succeeded() && answer.replayed => Attempt::Done(Told::Repeated),
        _ if answer.succeeded() => Attempt::Done(Told::Archived),
        412 => Attempt::Done(Told::Changed),
        // The key was revoked meanwhile: no order is at fault.
        401 | 403 => Attempt::Unexpected(status.as_u16(), detail(answer)),
        _ => Attempt::Done(Told::Refused(detail(answer))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn of(answer: &str) -> Attempt<Told> {
        told(0, Answer::read(answer.as_bytes()).expect("an answer"), b"")
    }

    #[test]
    fn an_answer_says_what_became_of_the_order() {
        for (answer, expected) in [
            (r#"{"line":1,"status":200}"#, Told::Archived),
            (r#"{"line":1,"status":200,"replayed":true}"#, Told::Repeated),
            (
                r#"{"line":1,"status":412,"problem":{"code":"precondition_failed"}}"#,
                Told::Changed,
            ),
            (
                r#"{"line":1,"status":409,"problem":{"code":"order_is_draft","title":"A draft"}}"#,
                Told::Refused("A draft".into()),
            ),
        ] {
            assert!(
                matches!(of(answer), Attempt::Done(told) if told == expected),
                "{answer}"
            );
        }
        let again = r#"{"line":1,"status":409,"problem":{"code":"contended"}}"#;
        assert!(matches!(of(again), Attempt::Again(..)));
        let revoked = r#"{"line":1,"status":401,"problem":{"code":"unauthorized"}}"#;
        assert!(matches!(of(revoked), Attempt::Unexpected(401, _)));
    }

    #[test]
    fn a_version_has_one_key_whichever_job_sends_it() {
        let order = |version: i64| -> Looked {
            let order = serde_json::json!({
                "id": Uuid::nil(), "version": version, "platform": "web", "kind": "order",
                "status": "placed", "fulfillment_status": "fulfilled", "return_status": "none",
                "archived": false, "totals": {"balance_due": 0}, "payments": [], "refunds": [],
                "fulfillments": [], "holds": [], "updated_at": "2026-02-01T00:00:00Z",
            });
            serde_json::from_value(order).expect("an order")
        };
        let [one, other] = [1, 2].map(Uuid::from_u128);
        let line = ToArchive::of(&order(7), one);
        assert_eq!(line.key(), ToArchive::of(&order(7), other).key());
        assert_ne!(line.key(), ToArchive::of(&order(9), one).key());
        let mut written = Vec::new();
        line.write(&mut written);
        assert_eq!(written.pop(), Some(b'\n'));
        let written: Value = serde_json::from_slice(&written).expect("JSON");
        assert_eq!(written["if_match"], 7);
        assert_eq!(written["causation_id"], one.to_string());
    }
}
