//! The stream of one aggregate, a page at a time.
//!
//! No horizon here. Versions of one aggregate are committed in their order: an
//! append holds the version that it was decided after, and finds its place
//! taken where that is not the last one. So what is visible of a stream is a
//! beginning of it, and no version that was seen ever becomes another event.

use super::{
    event::StoredEvent,
    pager::PageSize,
    reader::{COLUMNS, LogReader, stored_event},
};

impl LogReader {
    /// The version of an aggregate; none of one without events.
    pub async fn newest_version(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
    ) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT sequence FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 \
              ORDER BY sequence DESC LIMIT 1",
        )
        .bind(aggregate_type)
        .bind(aggregate_id)
        .fetch_optional(&self.pool)
        .await
    }

    /// The events of one aggregate after version `after`, up to version `last`,
    /// as many as a page holds. Empty: there are none.
    pub async fn read_stream_page(
        &self,
        (aggregate_type, aggregate_id): (&str, &str),
        (after, last): (i64, i64),
        size: PageSize,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        // The size of a payload out of line is read without fetching it.
        let sql = format!(
            "SELECT {COLUMNS} FROM ( \
                 SELECT *, sum(pg_column_size(payload)) OVER ( \
                     ORDER BY sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before \
                 FROM (SELECT * FROM events \
                        WHERE aggregate_type = $1 AND aggregate_id = $2 \
                          AND sequence > $3 AND sequence <= $4 \
                        ORDER BY sequence LIMIT $5) page) sized \
              WHERE before IS NULL OR before + pg_column_size(payload) <= $6 ORDER BY sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(aggregate_type)
            .bind(aggregate_id)
            .bind(after)
            .bind(last)
            .bind(size.events)
            .bind(size.bytes)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(stored_event).collect()
    }
}
