//! Which database a log is.

use serde::{Deserialize, Serialize};
use sqlx::{Row as _, postgres::PgRow};
use std::fmt;

/// Which database a log is. A restart keeps it. Recovery to a point in time and
/// the promotion of a replica change the timeline; loading a dump changes at
/// least the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIdentity {
    /// `system_identifier` of the cluster.
    pub system: String,
    /// Timeline of its write-ahead log; none where an older release wrote it
    /// down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<u32>,
    /// Object id of the database in it.
    pub database: u32,
}

/// The present identity, as the columns that [`LogIdentity::of`] reads. The
/// name of the write-ahead log's file begins with the timeline, in eight hex
/// digits; it is current right after a promotion, when the control file's
/// checkpoint is not yet.
pub(super) const PRESENT: &str = "SELECT \
     (SELECT system_identifier::text FROM pg_control_system()) AS system, \
     CASE WHEN pg_is_in_recovery() \
          THEN (SELECT timeline_id::bigint FROM pg_control_checkpoint()) \
          ELSE ('x' || lpad(left(pg_walfile_name(pg_current_wal_lsn()), 8), 16, '0')) \
               ::bit(64)::bigint END AS timeline, \
     (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database";

impl LogIdentity {
    /// Reads the three columns of [`PRESENT`] under these names.
    pub(super) fn of(row: &PgRow, names: [&str; 3]) -> Result<Self, sqlx::Error> {
        let (timeline, database): (i64, i64) = (row.try_get(names[1])?, row.try_get(names[2])?);
        Ok(Self {
            system: row.try_get(names[0])?,
            // Both have 32 bits.
            timeline: Some(u32::try_from(timeline).unwrap_or(u32::MAX)),
            database: u32::try_from(database).unwrap_or(u32::MAX),
        })
    }

    /// Whether both are the same, as far as both are known.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        let timelines = self.timeline.zip(other.timeline);
        self.system == other.system
            && self.database == other.database
            && timelines.is_none_or(|(ours, theirs)| ours == theirs)
    }
}

impl fmt::Display for LogIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database {} of cluster {}", self.database, self.system)?;
        match self.timeline {
            Some(timeline) => write!(f, ", timeline {timeline}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(timeline: Option<u32>) -> LogIdentity {
        LogIdentity {
            system: "7".into(),
            timeline,
            database: 5,
        }
    }

    #[test]
    fn a_timeline_that_nobody_wrote_down_contradicts_nothing() {
        assert!(identity(Some(1)).agrees(&identity(Some(1))));
        assert!(identity(Some(2)).agrees(&identity(None)));
        assert!(!identity(Some(2)).agrees(&identity(Some(1))));
        let other = LogIdentity {
            database: 6,
            ..identity(None)
        };
        assert!(!identity(None).agrees(&other));
    }
}
