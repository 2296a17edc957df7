//! `order_statistics`: daily sums.

use crate::orders::statistics::{Key, Statistics, Sums};
use sqlx::PgConnection;
use std::sync::LazyLock;

/// Rows of one statement; a rebuild brings them all at once.
const CHUNK: usize = 5_000;

/// Columns of the key, which are bound before the sums.
const KEY: &str = "day, platform, currency, country, kind, \"partition\"";
static ADD: LazyLock<String> = LazyLock::new(|| {
    let names = Sums::NAMES.join(", ");
    let arrays = (7..7 + Sums::COUNT).map(|n| format!("${n}::bigint[]"));
    let added = Sums::NAMES
        .iter()
        .map(|c| format!("{c} = s.{c} + EXCLUDED.{c}"));
    format!(
        "INSERT INTO order_statistics AS s ({KEY}, {names}) \
         SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], \
             $6::int[], {arrays}) ON CONFLICT ({KEY}) DO UPDATE SET {added}",
        arrays = arrays.collect::<Vec<_>>().join(", "),
        added = added.collect::<Vec<_>>().join(", "),
    )
});

/// Adds differences to the stored sums.
pub async fn write(
    connection: &mut PgConnection,
    statistics: &Statistics,
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = statistics
        .rows()
        .map(|(key, sums)| (key, sums.columns()))
        .collect();
    for chunk in rows.chunks(CHUNK) {
        add(connection, chunk).await?;
    }
    Ok(())
}

async fn add(
    connection: &mut PgConnection,
    rows: &[(&Key, [i64; Sums::COUNT])],
) -> Result<(), sqlx::Error> {
    let texts = |of: fn(&Key) -> &str| rows.iter().map(|(key, _)| of(key)).collect::<Vec<_>>();
    let partitions = rows.iter().map(|(key, _)| key.partition);
    let mut insert = sqlx::query(&ADD)
        .bind(rows.iter().map(|(key, _)| key.day).collect::<Vec<_>>())
        .bind(texts(|key| &key.platform))
        .bind(texts(|key| &key.currency))
        .bind(texts(|key| &key.country))
        .bind(texts(|key| key.kind.as_str()))
        .bind(partitions.collect::<Vec<_>>());
    for column in 0..Sums::COUNT {
        let sums = rows.iter().map(|(_, sums)| sums[column]);
        insert = insert.bind(sums.collect::<Vec<_>>());
    }
    insert.execute(connection).await?;
    Ok(())
}
