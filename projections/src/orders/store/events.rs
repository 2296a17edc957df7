//! `order_events`: each order's history.

use super::table::{Statements, There};
use sqlx::PgConnection;
use std::{collections::BTreeMap, sync::LazyLock};
use uuid::Uuid;

const INSERT: &str = "INSERT INTO order_events (order_id, version, entry) \
     SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[])";
const OR_UPDATE: &str = " ON CONFLICT (order_id, version) DO UPDATE SET entry = EXCLUDED.entry";
static STATEMENTS: LazyLock<Statements> =
    LazyLock::new(|| Statements::new(INSERT.to_owned(), [INSERT, OR_UPDATE].concat()));

/// Inserts entries (JSON), or replaces those of an order that was folded
/// anew.
pub async fn write(
    connection: &mut PgConnection,
    timeline: &BTreeMap<(Uuid, i64), String>,
    there: There,
) -> Result<(), sqlx::Error> {
    sqlx::query(STATEMENTS.of(there))
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
