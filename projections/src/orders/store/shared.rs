//! The tables that orders share: differences, added to what is stored.

use crate::orders::shared::{Differences, Key, Shared};
use sqlx::PgConnection;

/// Rows of one statement; a rebuild brings them all at once.
const CHUNK: usize = 5_000;

/// One row's differences.
type Row<'a, S> = (&'a <S as Shared>::Key, i32, &'a S);

/// Adds differences to the stored sums, and deletes rows in which nothing is
/// left.
pub async fn write<S: Shared>(
    connection: &mut PgConnection,
    differences: &Differences<S>,
) -> Result<(), sqlx::Error> {
    let rows: Vec<Row<'_, S>> = differences.rows().collect();
    for chunk in rows.chunks(CHUNK) {
        add(connection, chunk).await?;
    }
    // Only what something was taken from can have come to nothing.
    let less = |(_, _, sums): &Row<'_, S>| sums.sums().iter().any(|sum| *sum < 0);
    let lessened: Vec<Row<'_, S>> = rows.into_iter().filter(less).collect();
    for chunk in lessened.chunks(CHUNK) {
        delete_empty(connection, chunk).await?;
    }
    Ok(())
}

async fn add<S: Shared>(
    connection: &mut PgConnection,
    rows: &[Row<'_, S>],
) -> Result<(), sqlx::Error> {
    let statement = adding::<S>();
    let mut insert = keys(sqlx::query(&statement), rows);
    let sums: Vec<_> = rows.iter().map(|(_, _, sums)| sums.sums()).collect();
    for column in 0..S::SUMS.len() {
        let sums = sums.iter().map(|sums| sums[column]);
        insert = insert.bind(sums.collect::<Vec<_>>());
    }
    insert.execute(connection).await?;
    Ok(())
}

async fn delete_empty<S: Shared>(
    connection: &mut PgConnection,
    rows: &[Row<'_, S>],
) -> Result<(), sqlx::Error> {
    let statement = deleting::<S>();
    keys(sqlx::query(&statement), rows)
        .execute(connection)
        .await?;
    Ok(())
}

type Statement<'q> = crate::orders::shared::Statement<'q>;

/// Binds the keys, then the partitions.
fn keys<'q, S: Shared>(query: Statement<'q>, rows: &[Row<'q, S>]) -> Statement<'q> {
    let keys: Vec<&S::Key> = rows.iter().map(|(key, _, _)| *key).collect();
    let partitions = rows.iter().map(|(_, partition, _)| *partition);
    S::Key::bind(&keys, query).bind(partitions.collect::<Vec<_>>())
}

/// Names of the columns that [`keys`] binds.
fn key_columns<S: Shared>() -> Vec<&'static str> {
    let columns = S::Key::COLUMNS.iter().map(|(name, _)| *name);
    columns.chain(["\"partition\""]).collect()
}

/// `$1::text[], …` for them.
fn key_arrays<S: Shared>() -> String {
    let types = S::Key::COLUMNS.iter().map(|(_, kind)| *kind);
    let types = (1..).zip(types.chain(["int"]));
    joined(types.map(|(n, kind)| format!("${n}::{kind}[]")))
}

fn adding<S: Shared>() -> String {
    let columns = key_columns::<S>();
    let first = columns.len() + 1;
    let sums = (first..first + S::SUMS.len()).map(|n| format!("${n}::bigint[]"));
    let added = S::SUMS
        .iter()
        .map(|sum| format!("{sum} = s.{sum} + EXCLUDED.{sum}"));
    format!(
        "INSERT INTO {table} AS s ({key}, {names}) \
         SELECT * FROM unnest({keys}, {sums}) ON CONFLICT ({key}) DO UPDATE SET {added}",
        table = S::TABLE,
        key = columns.join(", "),
        names = S::SUMS.join(", "),
        keys = key_arrays::<S>(),
        sums = joined(sums),
        added = joined(added),
    )
}

fn deleting<S: Shared>() -> String {
    let columns = key_columns::<S>();
    let same = columns
        .iter()
        .map(|column| format!("s.{column} = k.{column}"));
    let nothing = S::SUMS.iter().map(|sum| format!("s.{sum} = 0"));
    let conditions: Vec<_> = same.chain(nothing).collect();
    format!(
        "DELETE FROM {table} s USING unnest({keys}) AS k ({key}) WHERE {conditions}",
        table = S::TABLE,
        keys = key_arrays::<S>(),
        key = columns.join(", "),
        conditions = conditions.join(" AND "),
    )
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::shared::funnel::Sums;

    #[test]
    fn statements_name_every_column_once() {
        assert_eq!(
            adding::<Sums>(),
            "INSERT INTO order_funnel AS s (day, platform, step, bucket, \"partition\", orders, seconds) \
             SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::smallint[], $5::int[], \
             $6::bigint[], $7::bigint[]) ON CONFLICT (day, platform, step, bucket, \"partition\") \
             DO UPDATE SET orders = s.orders + EXCLUDED.orders, seconds = s.seconds + EXCLUDED.seconds"
        );
        assert_eq!(
            deleting::<Sums>(),
            "DELETE FROM order_funnel s USING unnest($1::date[], $2::text[], $3::text[], \
             $4::smallint[], $5::int[]) AS k (day, platform, step, bucket, \"partition\") \
             WHERE s.day = k.day AND s.platform = k.platform AND s.step = k.step \
             AND s.bucket = k.bucket AND s.\"partition\" = k.\"partition\" \
             AND s.orders = 0 AND s.seconds = 0"
        );
    }
}
