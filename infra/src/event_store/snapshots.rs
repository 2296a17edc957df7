//! Kept states of long aggregates.

use sqlx::PgPool;

/// An aggregate's state at some version. What the text is, the executor knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Version of the aggregate that it is the state of.
    pub version: i64,
    /// The state.
    pub state: String,
}

/// A release that writes a newer schema replaces what an older one wrote, and
/// not the other way round.
const KEEP: &str = "INSERT INTO aggregate_snapshots AS kept \
       (aggregate_type, aggregate_id, schema_version, version, state) \
     VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE \
       SET schema_version = excluded.schema_version, version = excluded.version, \
           state = excluded.state, recorded_at = now() \
       WHERE (kept.schema_version, kept.version) < (excluded.schema_version, excluded.version)";

pub(super) async fn keep(
    pool: &PgPool,
    (aggregate_type, aggregate_id): (&str, &str),
    schema_version: i32,
    snapshot: &Snapshot,
) -> Result<(), sqlx::Error> {
    sqlx::query(KEEP)
        .bind(aggregate_type)
        .bind(aggregate_id)
        .bind(schema_version)
        .bind(snapshot.version)
        .bind(&snapshot.state)
        .execute(pool)
        .await?;
    Ok(())
}
