//! `order_statistics`: daily sums.

use crate::orders::statistics::{Key, Statistics};
use sqlx::PgConnection;

/// Rows of one statement; a rebuild brings them all at once.
const CHUNK: usize = 5_000;

/// Adds differences to the stored sums.
pub async fn write(
    connection: &mut PgConnection,
    statistics: &Statistics,
) -> Result<(), sqlx::Error> {
    let rows: Vec<(&Key, [i64; 8])> = statistics
        .rows()
        .map(|(key, sums)| (key, sums.columns()))
        .collect();
    for chunk in rows.chunks(CHUNK) {
        add(connection, chunk).await?;
    }
    Ok(())
}

async fn add(connection: &mut PgConnection, rows: &[(&Key, [i64; 8])]) -> Result<(), sqlx::Error> {
    let texts = |of: fn(&Key) -> &str| rows.iter().map(|(key, _)| of(key)).collect::<Vec<_>>();
    let insert = sqlx::query(
        "INSERT INTO order_statistics AS s (day, platform, currency, country, kind, \"partition\", \
             orders, cancelled, units, items, discounts, shipping, tax, revenue) \
         SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], \
             $6::int[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], \
             $12::bigint[], $13::bigint[], $14::bigint[]) \
         ON CONFLICT (day, platform, currency, country, kind, \"partition\") DO UPDATE SET \
             orders = s.orders + EXCLUDED.orders, cancelled = s.cancelled + EXCLUDED.cancelled, \
             units = s.units + EXCLUDED.units, items = s.items + EXCLUDED.items, \
             discounts = s.discounts + EXCLUDED.discounts, \
             shipping = s.shipping + EXCLUDED.shipping, tax = s.tax + EXCLUDED.tax, \
             revenue = s.revenue + EXCLUDED.revenue",
    )
    .bind(rows.iter().map(|(key, _)| key.day).collect::<Vec<_>>())
    .bind(texts(|key| &key.platform))
    .bind(texts(|key| &key.currency))
    .bind(texts(|key| &key.country))
    .bind(texts(|key| key.kind.as_str()))
    .bind(
        rows.iter()
            .map(|(key, _)| key.partition)
            .collect::<Vec<_>>(),
    );
    (0..8)
        .fold(insert, |insert, column| {
            insert.bind(
                rows.iter()
                    .map(|(_, sums)| sums[column])
                    .collect::<Vec<_>>(),
            )
        })
        .execute(connection)
        .await?;
    Ok(())
}
