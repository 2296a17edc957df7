//! The sums against what the rows add up to, and setting right what differs.
//!
//! A sum that is off stays off by the same: whatever happens to an order
//! changes both sides alike. So what one snapshot shows can be taken away later
//! in a transaction of its own, which begins with the right to write, as any
//! other: the offsets, locked, of the build that was looked at. Of a set, what
//! differed is looked at once more then: what an order has may be another order's
//! by that time.

use super::{Content, SumTable, store};
use crate::engine::{
    projection::Projection,
    rebuild::quoted,
    store::{self as checkpoints, lock_checkpoints},
};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, postgres::PgRow};

/// A table of sums, held against the rows that it counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums {
    /// Name of the table.
    pub table: &'static str,
    /// Rows that are stored, or should be.
    pub rows: u64,
    /// Of them, those that are not what the rows add up to.
    pub differing: u64,
    /// The first of these, by key.
    pub differences: Vec<SumsDifference>,
}

/// A row that is not what it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumsDifference {
    /// Which: the values of its key, the partition last.
    pub key: String,
    /// Name of each sum; of a set, that of the count of rows.
    pub sums: &'static [&'static str],
    /// What is stored; all zero where the row is missing.
    pub stored: Vec<i64>,
    /// What the rows add up to.
    pub computed: Vec<i64>,
}

/// Compares every table in one snapshot: rows and sums move in the same
/// transaction. The database does the work, on disk where it does not fit into
/// its memory, and keeps what differs in temporary tables.
pub async fn compare<P: Projection>(
    views: &mut PgConnection,
    limit: i64,
) -> Result<Vec<Sums>, sqlx::Error> {
    let tables = store::tables(views, P::NAME).await?;
    let mut snapshot = views
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ")
        .await?;
    store::hold(&mut snapshot, &tables).await?;
    let mut compared = Vec::new();
    P::add_up(&mut snapshot).await?;
    for summed in P::summed() {
        snapshot.execute(prepared(&summed).as_str()).await?;
        let row = sqlx::query(&collected(&summed))
            .fetch_one(&mut *snapshot)
            .await?;
        compared.push(Sums {
            table: summed.table,
            rows: row.try_get::<i64, _>("rows")?.cast_unsigned(),
            differing: row.try_get::<i64, _>("differing")?.cast_unsigned(),
            differences: examples(&mut snapshot, &summed, limit).await?,
        });
    }
    let build = checkpoints::held(&mut *snapshot, P::NAME).await?.build;
    let remember = format!(
        "DROP TABLE IF EXISTS pg_temp.compared_build; \
         CREATE TEMPORARY TABLE compared_build AS SELECT {build}::bigint AS build"
    );
    snapshot.execute(remember.as_str()).await?;
    snapshot.commit().await?;
    Ok(compared)
}

/// Takes what they are off by away. None: another build is served by now.
pub async fn repair<P: Projection>(views: &mut PgConnection) -> Result<Option<u64>, sqlx::Error> {
    let mut transaction = views.begin().await?;
    lock_checkpoints(&mut transaction, P::NAME).await?;
    // What is computed from the sums is outdated by it.
    let ours = sqlx::query(
        "UPDATE projection_offsets SET redriven = redriven + 1, updated_at = now() \
          WHERE projection = $1 AND build = (SELECT build FROM pg_temp.compared_build)",
    )
    .bind(P::NAME)
    .execute(&mut *transaction)
    .await?;
    if ours.rows_affected() == 0 {
        return Ok(None);
    }
    let mut repaired = 0;
    for summed in P::summed() {
        let [put, taken] = match &summed.content {
            Content::Sums(sums) => [corrected(&summed, sums), emptied(&summed, sums)],
            Content::Presence { condition } => {
                [completed(&summed, condition), reduced(&summed, condition)]
            }
        };
        let put = sqlx::query(&put).execute(&mut *transaction).await?;
        let taken = sqlx::query(&taken).execute(&mut *transaction).await?;
        repaired += put.rows_affected();
        // A sum that has come to nothing was put right first.
        if matches!(summed.content, Content::Presence { .. }) {
            repaired += taken.rows_affected();
        }
    }
    transaction.commit().await?;
    Ok(Some(repaired))
}

impl Content {
    /// What its differences are told as.
    const fn names(&self) -> &'static [&'static str] {
        match self {
            Self::Sums(sums) => sums,
            Self::Presence { .. } => &["rows"],
        }
    }
}

/// Where the differences of a table are kept.
fn kept(summed: &SumTable) -> String {
    format!("pg_temp.{}", quoted(&format!("{}_off", summed.table)))
}

fn key(summed: &SumTable) -> Vec<String> {
    summed.key.iter().map(|column| quoted(column)).collect()
}

fn prepared(summed: &SumTable) -> String {
    format!(
        "DROP TABLE IF EXISTS {kept}; \
         CREATE TEMPORARY TABLE {name} AS \
         SELECT {key}, NULL::bigint[] AS stored, NULL::bigint[] AS computed FROM {table} WITH NO DATA",
        kept = kept(summed),
        name = quoted(&format!("{}_off", summed.table)),
        key = key(summed).join(", "),
        table = store::served(summed.table),
    )
}

/// Keeps what differs, and counts. A row of nothing is as good as none.
fn collected(summed: &SumTable) -> String {
    let key = key(summed);
    let columns = match &summed.content {
        Content::Sums(sums) => sums.iter().map(|sum| quoted(sum)).collect(),
        Content::Presence { .. } => Vec::new(),
    };
    let side = |of: &str| match &summed.content {
        Content::Sums(_) => {
            let sums = columns.iter().map(|sum| format!("coalesce({of}.{sum}, 0)"));
            sums.collect::<Vec<_>>().join(", ")
        }
        Content::Presence { .. } => format!("({of}.{} IS NOT NULL)::int::bigint", key[0]),
    };
    let names: Vec<_> = key.iter().chain(&columns).map(String::as_str).collect();
    format!(
        "WITH computed ({names}) AS ({computed}), \
         both_sides AS MATERIALIZED ( \
             SELECT {key}, ARRAY[{stored}] AS stored, ARRAY[{expected}] AS computed \
               FROM {table} s FULL JOIN computed c USING ({key})), \
         kept AS (INSERT INTO {kept} SELECT * FROM both_sides WHERE stored <> computed RETURNING 1) \
         SELECT (SELECT count(*) FROM both_sides) AS rows, (SELECT count(*) FROM kept) AS differing",
        names = names.join(", "),
        key = key.join(", "),
        computed = summed.computed,
        stored = side("s"),
        expected = side("c"),
        table = store::served(summed.table),
        kept = kept(summed),
    )
}

async fn examples(
    snapshot: &mut PgConnection,
    summed: &SumTable,
    limit: i64,
) -> Result<Vec<SumsDifference>, sqlx::Error> {
    let key = key(summed).join(", ");
    let kept = kept(summed);
    let sql = format!(
        "SELECT concat_ws(' ', {key}) AS key, stored, computed FROM {kept} ORDER BY {key} LIMIT $1"
    );
    let rows = sqlx::query(&sql).bind(limit).fetch_all(snapshot).await?;
    rows.iter().map(|row| difference(row, summed)).collect()
}

fn difference(row: &PgRow, summed: &SumTable) -> Result<SumsDifference, sqlx::Error> {
    Ok(SumsDifference {
        key: row.try_get("key")?,
        sums: summed.content.names(),
        stored: row.try_get("stored")?,
        computed: row.try_get("computed")?,
    })
}

/// Adds what is missing, in the order of the keys, as projectors do.
fn corrected(summed: &SumTable, sums: &[&str]) -> String {
    let key = key(summed).join(", ");
    let names: Vec<_> = sums.iter().map(|sum| quoted(sum)).collect();
    let missing = (1..=names.len()).map(|n| format!("computed[{n}] - stored[{n}]"));
    let added = names
        .iter()
        .map(|sum| format!("{sum} = s.{sum} + EXCLUDED.{sum}"));
    format!(
        "INSERT INTO {table} AS s ({key}, {names}) SELECT {key}, {missing} FROM {kept} \
          ORDER BY {key} ON CONFLICT ({key}) DO UPDATE SET {added}",
        table = store::served(summed.table),
        missing = missing.collect::<Vec<_>>().join(", "),
        kept = kept(summed),
        added = added.collect::<Vec<_>>().join(", "),
        names = names.join(", "),
    )
}

fn emptied(summed: &SumTable, sums: &[&str]) -> String {
    let nothing = sums.iter().map(|sum| format!("s.{} = 0", quoted(sum)));
    let nothing = nothing.collect::<Vec<_>>().join(" AND ");
    taken(summed, &nothing)
}

/// Puts what one has and the set lacks.
fn completed(summed: &SumTable, condition: &str) -> String {
    format!(
        "INSERT INTO {table} ({key}) SELECT {key} FROM {kept} k WHERE {condition} \
          ORDER BY {key} ON CONFLICT DO NOTHING",
        table = store::served(summed.table),
        key = key(summed).join(", "),
        kept = kept(summed),
    )
}

fn reduced(summed: &SumTable, condition: &str) -> String {
    taken(summed, &format!("NOT ({condition})"))
}

/// Takes those rows away, of the ones that differed, that this is true of.
fn taken(summed: &SumTable, condition: &str) -> String {
    let same = key(summed)
        .into_iter()
        .map(|column| format!("s.{column} = k.{column}"));
    format!(
        "DELETE FROM {table} s USING {kept} k WHERE {same} AND {condition}",
        table = store::served(summed.table),
        same = same.collect::<Vec<_>>().join(" AND "),
        kept = kept(summed),
    )
}
