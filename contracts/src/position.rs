//! Where an event stands in the log, and the opaque token made of it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// The place of one event in the whole log. The derived order (epoch, xid,
/// position) is the log's order: it respects each order's own sequence.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct LogPosition {
    /// Incarnation of the log; rises when a log is restored from a backup.
    pub epoch: i32,
    /// Transaction id (`xid8`) of the append.
    pub xid: u64,
    /// Identity within the table: orders the rows of one transaction.
    pub position: i64,
}

impl LogPosition {
    /// Before every event.
    pub const START: Self = Self {
        epoch: 0,
        xid: 0,
        position: 0,
    };

    /// Just before the event at this place: what follows begins with it.
    #[must_use]
    pub const fn before(self) -> Self {
        Self {
            position: self.position - 1,
            ..self
        }
    }
}

/// The opaque, URL-safe `position` of commands and Kafka records: enough to
/// wait until a projection has passed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionToken {
    /// Topic without the deployment's prefix.
    pub topic: String,
    /// Partition of the event's key.
    pub partition: i32,
    /// Place in the log.
    pub at: LogPosition,
}

/// A token that this system did not make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position token")]
pub struct InvalidPosition;

impl fmt::Display for PositionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LogPosition {
            epoch,
            xid,
            position,
        } = self.at;
        let plain = format!("{}|{}|{epoch}|{xid}|{position}", self.topic, self.partition);
        f.write_str(&URL_SAFE_NO_PAD.encode(plain))
    }
}

impl FromStr for PositionToken {
    type Err = InvalidPosition;

    fn from_str(token: &str) -> Result<Self, Self::Err> {
        fn number<T: FromStr>(part: Option<&str>) -> Result<T, InvalidPosition> {
            part.and_then(|p| p.parse().ok()).ok_or(InvalidPosition)
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidPosition)?;
        let plain = String::from_utf8(bytes).map_err(|_| InvalidPosition)?;
        let mut parts = plain.split('|');
        let topic = parts.next().filter(|t| !t.is_empty());
        let token = Self {
            topic: topic.ok_or(InvalidPosition)?.to_owned(),
            partition: number(parts.next())?,
            at: LogPosition {
                epoch: number(parts.next())?,
                xid: number(parts.next())?,
                position: number(parts.next())?,
            },
        };
        match parts.next() {
            None => Ok(token),
            Some(_) => Err(InvalidPosition),
        }
    }
}

impl Serialize for PositionToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PositionToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_anything_else_is_refused() {
        let token = PositionToken {
            topic: "orders.events.v1".into(),
            partition: 7,
            at: LogPosition {
                epoch: 1,
                xid: u64::MAX,
                position: 42,
            },
        };
        assert_eq!(token.to_string().parse(), Ok(token));
        for wrong in ["", "x", "b3JkZXJz", "b3JkZXJzfDF8MXwxfDF8MQ"] {
            assert_eq!(wrong.parse::<PositionToken>(), Err(InvalidPosition));
        }
    }
}
