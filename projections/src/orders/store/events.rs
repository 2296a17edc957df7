//! `order_events`: each order's history.

use super::table::{Statements, There};
use sqlx::PgConnection;
use std::{collections::BTreeMap, sync::LazyLock};
use uuid::Uuid;

const COPY: &str = "COPY order_events (order_id, version, entry) FROM STDIN";
const UPSERT: &str = "INSERT INTO order_events (order_id, version, entry) \
     SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::text[]) \
     ON CONFLICT (order_id, version) DO UPDATE SET entry = EXCLUDED.entry";
static STATEMENTS: LazyLock<Statements> =
    LazyLock::new(|| Statements::new(COPY.to_owned(), UPSERT.to_owned()));

/// Inserts entries (JSON), or replaces those of an order that was folded
/// anew.
pub async fn write(
    connection: &mut PgConnection,
    timeline: &BTreeMap<(Uuid, i64), String>,
    there: There,
) -> Result<(), sqlx::Error> {
    STATEMENTS
        .begin(there)
        .bind(timeline.keys().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(
            timeline
                .keys()
                .map(|(_, version)| *version)
                .collect::<Vec<_>>(),
        )
        .bind(timeline.values().map(String::as_str).collect::<Vec<_>>())
        .execute(connection)
        .await
}
