//! The announcement that the log was restored from a backup, and goes on as a
//! new epoch: the one record on `orders.events.v1` that is about no order.

use crate::{
    cloudevents::{CONTENT_TYPE, SOURCE, event_id},
    position::PositionToken,
};
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// `ce_type` of the announcement.
pub const EPOCH_BEGAN: &str = "log.epoch_began";

/// The log was restored from a backup and goes on as a new epoch. Comes once on
/// every partition, without a key, before any event of the new epoch. Events
/// that were published before, and whose position is beyond `last_position`, are
/// no longer true: a reader that keeps something derived from them makes it anew
/// from the read API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EpochBegan {
    /// Number of the epoch that begins; it rises.
    pub epoch: i32,
    /// Number of the epoch before.
    pub previous_epoch: i32,
    /// Position, as in `ce_position`, of the last event of the older epochs that
    /// the log still has; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_position: Option<String>,
    /// When that event was recorded, as in its `ce_time`: orders with later
    /// events before this record may have changed.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_event_at: Option<OffsetDateTime>,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub began_at: OffsetDateTime,
    /// Why, in an operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl EpochBegan {
    /// The record headers: a `CloudEvent` without subject and sequence. `at` is
    /// the beginning of the epoch, on the record's partition.
    pub fn headers(&self, at: &PositionToken) -> Vec<(&'static str, String)> {
        let time = self.began_at.format(&Rfc3339).unwrap_or_default();
        vec![
            ("ce_specversion", "1.0".to_owned()),
            (
                "ce_id",
                event_id(self.epoch, Uuid::nil(), i64::from(at.partition)).to_string(),
            ),
            ("ce_source", SOURCE.to_owned()),
            ("ce_type", EPOCH_BEGAN.to_owned()),
            ("ce_time", time),
            ("ce_position", at.to_string()),
            ("content-type", CONTENT_TYPE.to_owned()),
        ]
    }
}

/// What a record is, as far as its type tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// An event of an order, or one whose type is missing.
    Order,
    /// The announcement of an epoch.
    EpochBegan(i32),
    /// Something that this release does not know and that is about no order.
    Unknown,
}

/// What a record is. Types that do not begin with `order.` may be added at any
/// time; who does not know them passes over them.
///
/// # Errors
/// When an announcement cannot be read.
pub fn kind_of<'a>(
    headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    data: &[u8],
) -> Result<Kind, serde_json::Error> {
    let mut headers = headers.into_iter();
    let found = headers.find_map(|(name, value)| (name == "ce_type").then_some(value));
    match found {
        Some(name) if name == EPOCH_BEGAN.as_bytes() => {
            let began: EpochBegan = serde_json::from_slice(data)?;
            Ok(Kind::EpochBegan(began.epoch))
        }
        Some(name) if !name.starts_with(b"order.") => Ok(Kind::Unknown),
        _ => Ok(Kind::Order),
    }
}

/// Name and schema of the announcement's data.
pub fn schema() -> (String, Schema) {
    let name = format!("{EPOCH_BEGAN}.v1");
    let mut schema = schema_for!(EpochBegan);
    schema.insert("title".to_owned(), name.clone().into());
    (name, schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::LogPosition;

    #[test]
    fn an_announcement_is_told_from_an_event_of_an_order() {
        let began = EpochBegan {
            epoch: 2,
            previous_epoch: 1,
            last_position: None,
            last_event_at: None,
            began_at: OffsetDateTime::UNIX_EPOCH,
            reason: None,
        };
        let at = PositionToken {
            topic: crate::topics::ORDER_EVENTS.into(),
            partition: 3,
            at: LogPosition::START,
        };
        let data = serde_json::to_vec(&began).expect("serialisable");
        let headers = began.headers(&at);
        let read = || headers.iter().map(|(n, v)| (*n, v.as_bytes()));
        assert_eq!(
            kind_of(read(), &data).expect("readable"),
            Kind::EpochBegan(2)
        );
        assert!(kind_of(read(), b"{}").is_err());
        let of = |name: &'static str| kind_of([("ce_type", name.as_bytes())], b"{}");
        assert_eq!(of("order.placed").expect("readable"), Kind::Order);
        assert_eq!(of("log.something").expect("readable"), Kind::Unknown);
    }
}
