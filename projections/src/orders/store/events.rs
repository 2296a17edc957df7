//! `order_events`: each order's history.

use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Inserts entries (JSON), or replaces those of an order that was folded
/// anew.
pub async fn write(
    connection: &mut PgConnection,
    timeline: &BTreeMap<(Uuid, i64), String>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO order_events (order_id, version, entry) \
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[]) \
         ON CONFLICT (order_id, version) DO UPDATE SET entry = EXCLUDED.entry",
    )
    .bind(timeline.keys().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(
        timeline
            .keys()
            .map(|(_, version)| *version)
            .collect::<Vec<_>>(),
    )
    .bind(timeline.values().map(String::as_str).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
