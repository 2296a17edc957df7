//! The record that says where the relay continues.

use crate::kafka::TopicId;
use contracts::LogPosition;
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Row as _};
use std::fmt;

/// The value of a record on `orderlog.relay.progress` (JSON; the key is the
/// full name of the events' topic). It is written in the transaction that
/// publishes the events up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The last event that was published.
    #[serde(flatten)]
    pub at: LogPosition,
    /// Kafka's id of the topic it was published to.
    pub topic_id: TopicId,
    /// The log it came from.
    pub log: LogIdentity,
}

/// Which database a log is. A physical copy (a replica that was promoted) is
/// the same; one that was dumped and loaded is another, because transaction
/// ids, and with them every position, do not survive that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIdentity {
    /// `system_identifier` of the cluster.
    pub system: String,
    /// Object id of the database in it.
    pub database: u32,
}

impl fmt::Display for LogIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database {} of cluster {}", self.database, self.system)
    }
}

impl LogIdentity {
    /// The identity of the log behind `pool`.
    pub async fn read(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let row = sqlx::query(
            "SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system, \
                    (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) \
                        AS database",
        )
        .fetch_one(pool)
        .await?;
        let database: i64 = row.try_get("database")?;
        Ok(Self {
            system: row.try_get("system")?,
            // An oid has 32 bits.
            database: u32::try_from(database).unwrap_or(u32::MAX),
        })
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
        let written = serde_json::to_string(&read).expect("serialisable");
        assert_eq!(
            serde_json::from_str::<Progress>(&written).expect("readable"),
            read
        );
    }
}
