//! The statements of a comparison.

use super::OwnTable;
use crate::engine::rebuild::{SERVED, quoted};
use sqlx::{Executor as _, PgConnection, Row as _, postgres::PgRow};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// The tables of a projection, as the served build has them.
pub async fn tables(
    connection: &mut PgConnection,
    projection: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT unnest(tables) FROM projections WHERE name = $1 ORDER BY 1")
        .bind(projection)
        .fetch_all(connection)
        .await
}

/// Makes an empty twin of a table, with the keys that are written by. It is
/// emptied at the end of each transaction.
pub async fn make_twin(connection: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    let keys: Vec<String> = sqlx::query_scalar(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint \
          WHERE conrelid = $1::regclass AND contype IN ('p', 'u')",
    )
    .bind(served(table))
    .fetch_all(&mut *connection)
    .await?;
    let (twin, served) = (quoted(table), served(table));
    let keys = keys
        .iter()
        .map(|key| format!("ALTER TABLE pg_temp.{twin} ADD {key}; "));
    let script = format!(
        "DROP TABLE IF EXISTS pg_temp.{twin}; \
         CREATE TEMPORARY TABLE {twin} (LIKE {served} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS; {}",
        keys.collect::<String>()
    );
    connection.execute(script.as_str()).await?;
    Ok(())
}

/// Keeps a build from taking the place of these tables until the transaction
/// ends. Before its snapshot: a new build that came after it would be read as
/// it was before it was complete.
pub async fn hold(connection: &mut PgConnection, tables: &[String]) -> Result<(), sqlx::Error> {
    if tables.is_empty() {
        return Ok(());
    }
    let tables: Vec<_> = tables.iter().map(|table| served(table)).collect();
    let sql = format!("LOCK TABLE {} IN ACCESS SHARE MODE", tables.join(", "));
    connection.execute(sql.as_str()).await?;
    Ok(())
}

/// The versions of these aggregates' rows.
pub async fn versions(
    connection: &mut PgConnection,
    rows: &OwnTable,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, i64>, sqlx::Error> {
    let sql = format!(
        "SELECT {id} AS id, version FROM {table} WHERE {id} = ANY($1)",
        id = quoted(rows.id),
        table = served(&rows.table),
    );
    let rows = sqlx::query(&sql).bind(ids).fetch_all(connection).await?;
    let versions = rows
        .iter()
        .map(|row| Ok((row.try_get("id")?, row.try_get("version")?)));
    versions.collect()
}

/// How the rows of these aggregates differ from what is in the twin.
pub async fn differing(
    connection: &mut PgConnection,
    owned: &OwnTable,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, String>, sqlx::Error> {
    let columns = columns(connection, &owned.table).await?;
    let sql = differences(owned, &columns);
    let rows = sqlx::query(&sql).bind(ids).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("id")?, told(&owned.table, row)?)))
        .collect()
}

/// Its columns, and which of them are its key.
async fn columns(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Vec<(String, bool)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT attname::text, coalesce(attnum = ANY(indkey), false) \
           FROM pg_attribute LEFT JOIN pg_index ON indrelid = attrelid AND indisprimary \
          WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    )
    .bind(served(table))
    .fetch_all(connection)
    .await
}

fn differences(owned: &OwnTable, columns: &[(String, bool)]) -> String {
    let compared = columns
        .iter()
        .filter(|(name, _)| !owned.ignored.contains(&name.as_str()));
    let compared: Vec<_> = compared.map(|(name, _)| quoted(name)).collect();
    let other: Vec<_> = compared
        .iter()
        .map(|name| {
            format!(
                "CASE WHEN bool_or(e.{name} IS DISTINCT FROM s.{name}) \
                     FILTER (WHERE e.{id} = s.{id}) THEN '{text}' END",
                id = quoted(owned.id),
                text = name.trim_matches('"').replace('\'', "''"),
            )
        })
        .collect();
    let key = columns.iter().filter(|(_, key)| *key);
    let key: Vec<_> = key.map(|(name, _)| quoted(name)).collect();
    let same: Vec<_> = key
        .iter()
        .map(|name| format!("e.{name} = s.{name}"))
        .collect();
    let side = |of: &str| {
        let values = compared.iter().map(|name| format!("{of}.{name}"));
        values.collect::<Vec<_>>().join(", ")
    };
    format!(
        "SELECT coalesce(e.{id}, s.{id}) AS id, \
                count(*) FILTER (WHERE s.{id} IS NULL) AS missing, \
                count(*) FILTER (WHERE e.{id} IS NULL) AS extra, \
                array_remove(ARRAY[{other}]::text[], NULL) AS other \
           FROM (SELECT * FROM pg_temp.{table} WHERE {id} = ANY($1)) e \
           FULL JOIN (SELECT * FROM {served} WHERE {id} = ANY($1)) s ON {same} \
          WHERE e.{id} IS NULL OR s.{id} IS NULL OR ({expected}) IS DISTINCT FROM ({stored}) \
          GROUP BY 1",
        id = quoted(owned.id),
        other = other.join(", "),
        table = quoted(&owned.table),
        served = served(&owned.table),
        same = same.join(" AND "),
        expected = side("e"),
        stored = side("s"),
    )
}

fn told(table: &str, row: &PgRow) -> Result<String, sqlx::Error> {
    let (missing, extra): (i64, i64) = (row.try_get("missing")?, row.try_get("extra")?);
    let other: Vec<String> = row.try_get("other")?;
    let mut parts = Vec::new();
    if missing > 0 {
        parts.push(format!("{missing} missing"));
    }
    if extra > 0 {
        parts.push(format!("{extra} too many"));
    }
    if !other.is_empty() {
        parts.push(format!("another {}", other.join(", ")));
    }
    Ok(format!("{table}: {}", parts.join(", ")))
}

/// See [`super::Compared::others`].
pub async fn others(
    connection: &mut PgConnection,
    owned: &[OwnTable],
    (after, last): (Uuid, Uuid),
    known: &[Uuid],
    limit: i64,
) -> Result<BTreeSet<Uuid>, sqlx::Error> {
    let mut others = BTreeSet::new();
    for table in owned {
        let sql = format!(
            "SELECT DISTINCT {id} FROM {table} \
              WHERE {id} > $1 AND {id} <= $2 AND NOT {id} = ANY($3) ORDER BY {id} LIMIT $4",
            id = quoted(table.id),
            table = served(&table.table),
        );
        let found: Vec<Uuid> = sqlx::query_scalar(&sql)
            .bind(after)
            .bind(last)
            .bind(known)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await?;
        others.extend(found);
    }
    // Beyond the first `limit` another table's may be missing.
    Ok(others
        .into_iter()
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .collect())
}

/// Its full name: on a connection with twins its name alone is the twin's.
pub fn served(table: &str) -> String {
    format!("{SERVED}.{}", quoted(table))
}
