//! The end of the log, for whoever watches how far others are behind it.

use sqlx::{PgPool, Row as _};
use time::OffsetDateTime;

/// The last event of a log, final or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEnd {
    /// Its epoch.
    pub epoch: i32,
    /// Its position.
    pub position: i64,
    /// When it was recorded.
    pub recorded_at: OffsetDateTime,
}

impl LogEnd {
    /// That of this log, a single step in its index; none where it is empty.
    ///
    /// # Errors
    /// Where the log does not answer.
    pub async fn read(log: &PgPool) -> Result<Option<Self>, sqlx::Error> {
        let row = sqlx::query(
            "SELECT epoch, position, recorded_at FROM events \
              ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1",
        )
        .fetch_optional(log)
        .await?;
        let read = |row: sqlx::postgres::PgRow| {
            Ok(Self {
                epoch: row.try_get("epoch")?,
                position: row.try_get("position")?,
                recorded_at: row.try_get("recorded_at")?,
            })
        };
        row.map(read).transpose()
    }
}
