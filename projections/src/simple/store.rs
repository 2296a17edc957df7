//! The two tables of a simple projection.

use super::{KeptRow, Simple, changes::SumChanges};
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Rows of sums in one statement.
const CHUNK: usize = 5_000;

pub(super) fn tables<S: Simple>() -> String {
    let name = S::NAME;
    let columns = S::KEYS
        .iter()
        .map(|(key, kind)| format!("\"{key}\" {kind} NOT NULL, "));
    let sums = S::SUMS
        .iter()
        .map(|sum| format!("\"{sum}\" bigint NOT NULL, "));
    format!(
        "CREATE TABLE \"{name}_rows\" (id uuid PRIMARY KEY, version bigint NOT NULL, \
             \"partition\" integer NOT NULL, \"row\" text NOT NULL); \
         CREATE TABLE \"{name}\" ({}\"partition\" integer NOT NULL, {}PRIMARY KEY ({}))",
        columns.collect::<String>(),
        sums.collect::<String>(),
        key::<S>(),
    )
}

fn key<S: Simple>() -> String {
    let keys = S::KEYS.iter().map(|(key, _)| format!("\"{key}\", "));
    keys.collect::<String>() + "\"partition\""
}

pub(super) async fn load<S: Simple>(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, KeptRow<S::Row>>, sqlx::Error> {
    let sql = format!(
        "SELECT id, version, \"partition\", \"row\" FROM \"{}_rows\" WHERE id = ANY($1)",
        S::NAME
    );
    let rows = sqlx::query(&sql).bind(ids).fetch_all(connection).await?;
    rows.iter().map(kept::<S>).collect()
}

/// Up to `limit` rows after `after`, in the order of their ids.
pub(super) async fn load_after<S: Simple>(
    connection: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> Result<Vec<(Uuid, KeptRow<S::Row>)>, sqlx::Error> {
    let sql = format!(
        "SELECT id, version, \"partition\", \"row\" FROM \"{}_rows\" \
          WHERE id > $1 ORDER BY id LIMIT $2",
        S::NAME
    );
    let rows = sqlx::query(&sql).bind(after).bind(limit);
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(kept::<S>).collect()
}

fn kept<S: Simple>(row: &PgRow) -> Result<(Uuid, KeptRow<S::Row>), sqlx::Error> {
    let stored: &str = row.try_get("row")?;
    let kept = KeptRow {
        version: row.try_get("version")?,
        partition: row.try_get("partition")?,
        row: serde_json::from_str(stored).map_err(|e| sqlx::Error::Decode(e.into()))?,
    };
    Ok((row.try_get("id")?, kept))
}

pub(super) async fn write_rows<S: Simple>(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, KeptRow<S::Row>>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let stored = rows.values().map(|kept| serde_json::to_string(&kept.row));
    let stored: Vec<String> = stored
        .collect::<Result<_, _>>()
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(&format!(
        "INSERT INTO \"{}_rows\" (id, version, \"partition\", \"row\") \
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[]) \
         ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version, \
             \"partition\" = EXCLUDED.\"partition\", \"row\" = EXCLUDED.\"row\"",
        S::NAME
    ))
    .bind(rows.keys().copied().collect::<Vec<_>>())
    .bind(rows.values().map(|kept| kept.version).collect::<Vec<_>>())
    .bind(rows.values().map(|kept| kept.partition).collect::<Vec<_>>())
    .bind(stored)
    .execute(connection)
    .await?;
    Ok(())
}

/// `keys as text, partition, sums`, each an array, added to what is there.
fn add<S: Simple>(table: &str) -> String {
    let (keys, sums) = (S::KEYS.len(), S::SUMS.len());
    let values = S::KEYS
        .iter()
        .zip(1..)
        .map(|((_, kind), n)| format!("k{n}::{kind}, "));
    let names = (1..=keys).map(|n| format!("k{n}, "));
    let arrays = (1..=keys).map(|n| format!("${n}::text[], "));
    let columns = S::SUMS.iter().map(|sum| format!(", \"{sum}\""));
    let columns: String = columns.collect();
    let numbers = (0..sums).map(|n| format!(", ${}::bigint[]", keys + 2 + n));
    let added = S::SUMS
        .iter()
        .map(|sum| format!("\"{sum}\" = s.\"{sum}\" + EXCLUDED.\"{sum}\""));
    format!(
        "INSERT INTO \"{table}\" AS s ({key}{columns}) SELECT {values}\"partition\"{columns} \
           FROM unnest({arrays}${partition}::int[]{numbers}) AS n ({names}\"partition\"{columns}) \
         ON CONFLICT ({key}) DO UPDATE SET {added}",
        key = key::<S>(),
        values = values.collect::<String>(),
        arrays = arrays.collect::<String>(),
        partition = keys + 1,
        numbers = numbers.collect::<String>(),
        names = names.collect::<String>(),
        added = added.collect::<Vec<_>>().join(", "),
    )
}

pub(super) async fn write_sums<S: Simple>(
    connection: &mut PgConnection,
    table: &str,
    changes: &SumChanges,
) -> Result<(), sqlx::Error> {
    let rows = changes.rows();
    let fits = |(key, sums): &(&(Vec<String>, i32), &[i64])| {
        key.0.len() == S::KEYS.len() && sums.len() == S::SUMS.len()
    };
    if !rows.iter().all(fits) {
        let name = S::NAME;
        let wrong = format!("a contribution to {name} has other keys or sums than its table");
        return Err(sqlx::Error::Encode(wrong.into()));
    }
    let sql = add::<S>(table);
    for chunk in rows.chunks(CHUNK) {
        let mut insert = sqlx::query(&sql);
        for key in 0..S::KEYS.len() {
            let keys = chunk.iter().map(|((keys, _), _)| keys[key].as_str());
            insert = insert.bind(keys.collect::<Vec<_>>());
        }
        insert = insert.bind(chunk.iter().map(|((_, p), _)| *p).collect::<Vec<_>>());
        for sum in 0..S::SUMS.len() {
            let sums = chunk.iter().map(|(_, sums)| sums[sum]);
            insert = insert.bind(sums.collect::<Vec<_>>());
        }
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}
