//! The tables `parked_orders`, `parked_events` and `redrives`.

use super::batch::Parking;
use crate::engine::{event::RawRecord, rebuild::quoted, verify::OwnTable};
use sqlx::{PgConnection, PgExecutor, Row as _, postgres::PgRow};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Which of these orders are parked, and at which versions of their rows.
pub async fn waiting(
    connection: &mut PgConnection,
    projection: &str,
    orders: &[Uuid],
) -> Result<HashMap<String, i64>, sqlx::Error> {
    let ids: Vec<String> = orders.iter().map(Uuid::to_string).collect();
    let rows =
        sqlx::query("SELECT id, version FROM parked_orders WHERE projection = $1 AND id = ANY($2)")
            .bind(projection)
            .bind(ids)
            .fetch_all(connection)
            .await?;
    let parked = rows
        .iter()
        .map(|row| Ok((row.try_get("id")?, row.try_get("version")?)));
    parked.collect()
}

/// Stores what a batch adds. What is there already stays as it is: it was
/// delivered before.
pub async fn keep(
    connection: &mut PgConnection,
    projection: &str,
    build: i64,
    parking: &Parking,
) -> Result<(), sqlx::Error> {
    for parked in parking.parked.values() {
        sqlx::query(
            "INSERT INTO parked_orders (projection, id, \"partition\", version, reason) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (projection, id) DO NOTHING",
        )
        .bind(projection)
        .bind(&parked.id)
        .bind(parked.partition)
        .bind(parked.version)
        .bind(&parked.reason)
        .execute(&mut *connection)
        .await?;
    }
    for waiting in &parking.waiting {
        let RawRecord {
            partition,
            offset,
            key,
            headers,
            value,
        } = &waiting.record;
        let (names, values): (Vec<&str>, Vec<Option<&[u8]>>) = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
            .unzip();
        sqlx::query(
            "INSERT INTO parked_events (projection, build, \"partition\", \"offset\", id, version, \
                                        key, header_names, header_values, value) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        )
        .bind(projection)
        .bind(build)
        .bind(partition)
        .bind(offset)
        .bind(&waiting.id)
        .bind(waiting.version)
        .bind(key)
        .bind(names)
        .bind(values)
        .bind(value)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Something that is to be driven again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub id: String,
    pub partition: i32,
}

/// The oldest `limit` marks in these partitions.
pub async fn marks(
    executor: impl PgExecutor<'_>,
    projection: &str,
    partitions: &[i32],
    limit: i64,
) -> Result<Vec<Mark>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, \"partition\" FROM redrives \
          WHERE projection = $1 AND \"partition\" = ANY($2) ORDER BY requested_at, id LIMIT $3",
    )
    .bind(projection)
    .bind(partitions)
    .bind(limit)
    .fetch_all(executor)
    .await?;
    let marks = rows.iter().map(|row| {
        Ok(Mark {
            id: row.try_get("id")?,
            partition: row.try_get("partition")?,
        })
    });
    marks.collect()
}

/// Takes a mark away; false: it is gone already.
pub async fn take_mark(
    connection: &mut PgConnection,
    projection: &str,
    id: &str,
) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query("DELETE FROM redrives WHERE projection = $1 AND id = $2")
        .bind(projection)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(taken.rows_affected() > 0)
}

/// The last version that is known of what waits with `id`: none where nothing
/// waits, 1 where no record says.
pub async fn last_version(
    connection: &mut PgConnection,
    projection: &str,
    id: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT max(coalesce(version, 1)) FROM parked_events WHERE projection = $1 AND id = $2",
    )
    .bind(projection)
    .bind(id)
    .fetch_one(connection)
    .await
}

/// The records that wait with `id`, in their order.
pub async fn records(
    connection: &mut PgConnection,
    projection: &str,
    id: &str,
) -> Result<Vec<RawRecord>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT \"partition\", \"offset\", key, header_names, header_values, value \
           FROM parked_events WHERE projection = $1 AND id = $2 ORDER BY build, \"offset\"",
    )
    .bind(projection)
    .bind(id)
    .fetch_all(connection)
    .await?;
    rows.iter().map(record).collect()
}

fn record(row: &PgRow) -> Result<RawRecord, sqlx::Error> {
    let names: Vec<String> = row.try_get("header_names")?;
    let values: Vec<Option<Vec<u8>>> = row.try_get("header_values")?;
    Ok(RawRecord {
        partition: row.try_get("partition")?,
        offset: row.try_get("offset")?,
        key: row.try_get("key")?,
        headers: names.into_iter().zip(values).collect(),
        value: row.try_get("value")?,
    })
}

/// Lets what is parked under `id` go, with all that waits; whether there was
/// anything.
pub async fn release(
    connection: &mut PgConnection,
    projection: &str,
    id: &str,
) -> Result<bool, sqlx::Error> {
    let released = sqlx::query("DELETE FROM parked_orders WHERE projection = $1 AND id = $2")
        .bind(projection)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(released.rows_affected() > 0)
}

/// Notes an attempt in vain. What was not parked until now is from now on.
pub async fn attempted(
    connection: &mut PgConnection,
    projection: &str,
    mark: &Mark,
    version: i64,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO parked_orders AS p \
             (projection, id, \"partition\", version, reason, attempts, attempted_at) \
         VALUES ($1, $2, $3, $4, $5, 1, now()) \
         ON CONFLICT (projection, id) DO UPDATE SET reason = EXCLUDED.reason, \
             attempts = p.attempts + 1, attempted_at = now()",
    )
    .bind(projection)
    .bind(&mark.id)
    .bind(mark.partition)
    .bind(version)
    .bind(reason)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes what a table has of an aggregate.
pub async fn delete(
    connection: &mut PgConnection,
    owned: &OwnTable,
    id: Uuid,
) -> Result<(), sqlx::Error> {
    let (table, column) = (quoted(&owned.table), quoted(owned.id));
    sqlx::query(&format!("DELETE FROM {table} WHERE {column} = $1"))
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many are parked, by partition.
pub async fn counts(
    executor: impl PgExecutor<'_>,
    projection: &str,
) -> Result<BTreeMap<i32, i64>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT \"partition\", count(*) AS parked FROM parked_orders \
          WHERE projection = $1 GROUP BY \"partition\"",
    )
    .bind(projection)
    .fetch_all(executor)
    .await?;
    let counts = rows
        .iter()
        .map(|row| Ok((row.try_get("partition")?, row.try_get("parked")?)));
    counts.collect()
}

/// Forgets the parked orders that a new build has folded, and parks those that
/// it could not; how many. Records that name no order are in no build, and
/// stay.
pub async fn take_over(
    connection: &mut PgConnection,
    projection: &str,
    build: i64,
) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "DELETE FROM parked_orders p WHERE projection = $1 AND id NOT LIKE 'record-%' \
            AND NOT EXISTS (SELECT FROM projection_build_parked b \
                 WHERE b.projection = $1 AND b.build = $2 AND b.id = p.id)",
    )
    .bind(projection)
    .bind(build)
    .execute(&mut *connection)
    .await?;
    let parked = sqlx::query(
        "WITH parked AS (DELETE FROM projection_build_parked \
              WHERE projection = $1 AND build = $2 RETURNING id, \"partition\", version, reason) \
         INSERT INTO parked_orders (projection, id, \"partition\", version, reason) \
         SELECT $1, id, \"partition\", version, reason FROM parked ORDER BY id \
         ON CONFLICT (projection, id) DO UPDATE \
            SET version = EXCLUDED.version, reason = EXCLUDED.reason",
    )
    .bind(projection)
    .bind(build)
    .execute(connection)
    .await?;
    Ok(parked.rows_affected())
}
