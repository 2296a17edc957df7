//! `after` of an event's data, read for itself.

use super::After;
use serde::Deserialize;

const NAME: &[u8] = b"\"after\":";

/// Reads it from data that was read as JSON before.
pub(super) fn read(data: &[u8]) -> Result<After, serde_json::Error> {
    #[derive(Deserialize)]
    struct OnlyAfter {
        after: After,
    }
    match last(data) {
        Some(after) => Ok(after),
        None => Ok(serde_json::from_slice::<OnlyAfter>(data)?.after),
    }
}

/// The same where it is the last member, as it is in what we publish: the others are
/// not gone through once more. Whatever stands between its name and the brace that
/// ends the data is its value, if it is one.
fn last(data: &[u8]) -> Option<After> {
    let fields = data.strip_suffix(b"}")?;
    let at = fields.windows(NAME.len()).rposition(|part| part == NAME)?;
    let (before, value) = fields.split_at(at);
    // Else it may be the end of a longer name.
    if !matches!(before.last(), Some(b',' | b'{')) {
        return None;
    }
    serde_json::from_slice(&value[NAME.len()..]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{
        FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus, document::Totals,
    };

    fn after(version: i64) -> After {
        After {
            version,
            status: OrderStatus::Placed,
            payment_status: PaymentStatus::None,
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            return_status: ReturnStatus::None,
            totals: Totals::default(),
        }
    }

    fn text(version: i64) -> String {
        serde_json::to_string(&after(version)).expect("JSON")
    }

    #[test]
    fn it_is_found_wherever_it_stands() {
        let one = text(1);
        for (data, is_seen) in [
            (format!(r#"{{"tag":"x","after":{one}}}"#), true),
            (format!(r#"{{"after":{one}}}"#), true),
            (format!(r#"{{"after":{one},"tag":"x"}}"#), false),
            (format!(r#"{{ "after" : {one} }}"#), false),
            (format!(r#"{{"tag":"x","after":{one}}} "#), false),
        ] {
            assert_eq!(last(data.as_bytes()).is_some(), is_seen, "{data}");
            assert_eq!(read(data.as_bytes()).expect("data"), after(1), "{data}");
        }
    }

    #[test]
    fn what_has_its_name_is_not_taken_for_it() {
        let (one, two) = (text(1), text(2));
        for data in [
            format!(r#"{{"after":{one},"before":{{"after":{two}}}}}"#),
            format!(r#"{{"after":{one},"x\"after":{two}}}"#),
            format!(r#"{{"after":{one},"note":"\"after\":{{}}"}}"#),
        ] {
            assert_eq!(read(data.as_bytes()).expect("data"), after(1), "{data}");
        }
        for data in [
            r#"{"tag":"x"}"#,
            r#"{"before":{"after":{}}}"#,
            r#"{"after":{}}"#,
        ] {
            assert!(read(data.as_bytes()).is_err(), "{data}");
        }
    }
}
