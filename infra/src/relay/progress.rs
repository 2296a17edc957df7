//! The record that says where the relay continues.

use crate::{epoch::LogIdentity, kafka::TopicId};
use contracts::LogPosition;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::collections::BTreeMap;

/// The value of a record on `orderlog.relay.progress` (JSON; the key is the
/// full name of the events' topic). It is written in the transaction that
/// publishes the events up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The last event that was published; at the very beginning of an epoch
    /// ([`beginning`]) that was announced, but has no event yet.
    #[serde(flatten)]
    pub at: LogPosition,
    /// Kafka's id of the topic it was published to.
    pub topic_id: TopicId,
    /// The log it came from, as it was in that epoch.
    pub log: LogIdentity,
    /// By slug, what was published to platforms' own topics, of those too that are
    /// not published to any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platforms: BTreeMap<String, PlatformProgress>,
}

/// How much of a platform is in its own topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformProgress {
    /// Kafka's id of it.
    pub topic_id: TopicId,
    /// The last epoch that its readers know of.
    pub epoch: i32,
    /// Up to where in the log its events are there; none: as far as all others are
    /// on the topic of the orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<LogPosition>,
}

/// Before every event of `epoch`, after everything older.
pub(super) const fn beginning(epoch: i32) -> LogPosition {
    LogPosition {
        epoch,
        ..LogPosition::START
    }
}

/// Whether the log has an event exactly at `at`.
pub(super) async fn log_has(pool: &PgPool, at: LogPosition) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM events \
          WHERE epoch = $1 AND transaction_id = $2::text::xid8 AND position = $3)",
    )
    .bind(at.epoch)
    .bind(at.xid.to_string())
    .bind(at.position)
    .fetch_one(pool)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The record outlives releases: this text must be readable for ever.
    #[test]
    fn the_record_is_flat_json_and_may_grow() {
        let text = r#"{"epoch":1,"xid":18446744073709551615,"position":7,
            "topic_id":"AAAAAAAAAAAAAAAAAAAAAQ",
            "log":{"system":"7711288615718781468","database":16384},"later":true}"#;
        let read: Progress = serde_json::from_str(text).expect("readable");
        assert_eq!(read.at.xid, u64::MAX);
        assert_eq!(read.topic_id.0[15], 1);
        assert!(read.platforms.is_empty());
        let written = serde_json::to_string(&read).expect("serialisable");
        assert_eq!(
            serde_json::from_str::<Progress>(&written).expect("readable"),
            read
        );
    }

    #[test]
    fn so_is_what_it_says_of_platforms() {
        let text = r#"{"epoch":2,"xid":9,"position":7,"topic_id":"AAAAAAAAAAAAAAAAAAAAAQ",
            "log":{"system":"7711288615718781468","database":16384},
            "platforms":{
                "shop":{"topic_id":"AAAAAAAAAAAAAAAAAAAAAg","epoch":2,"later":true},
                "web":{"topic_id":"AAAAAAAAAAAAAAAAAAAAAw","epoch":1,
                       "behind":{"epoch":1,"xid":18446744073709551615,"position":3}}}}"#;
        let read: Progress = serde_json::from_str(text).expect("readable");
        assert_eq!(read.platforms["shop"].behind, None);
        let behind = read.platforms["web"].behind.expect("it is behind");
        assert_eq!((behind.xid, behind.position), (u64::MAX, 3));
        let written = serde_json::to_string(&read).expect("serialisable");
        assert_eq!(
            serde_json::from_str::<Progress>(&written).expect("readable"),
            read
        );
    }
}
