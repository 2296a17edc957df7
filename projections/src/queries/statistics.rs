//! The stored sums against a sum over the orders.

use crate::orders::statistics::{Key, Sums};
use contracts::order::Kind;
use sqlx::{PgExecutor, Row as _, postgres::PgRow};

/// A row of the statistics that is not what the orders add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticsDifference {
    /// Which row.
    pub key: Key,
    /// What is stored; all zero where the row is missing.
    pub stored: Sums,
    /// What the orders add up to.
    pub computed: Sums,
}

/// Rows of the statistics that differ from a sum over all orders, at most
/// `limit`, all in one statement and so in one snapshot. Reads every order's
/// summary: a matter of seconds per million.
pub async fn statistics_differences(
    views: impl PgExecutor<'_>,
    limit: i64,
) -> Result<Vec<StatisticsDifference>, sqlx::Error> {
    let rows = sqlx::query(
        "WITH computed AS ( \
             SELECT (placed_at AT TIME ZONE 'UTC')::date AS day, platform, currency, country, \
                    kind, \"partition\", count(*) AS orders, \
                    count(*) FILTER (WHERE status = 'cancelled') AS cancelled, \
                    sum(units)::bigint AS units, \
                    sum((t ->> 'items')::bigint)::bigint AS items, \
                    sum((t ->> 'discounts')::bigint)::bigint AS discounts, \
                    sum((t ->> 'shipping')::bigint)::bigint AS shipping, \
                    sum((t ->> 'tax')::bigint)::bigint AS tax, sum(total)::bigint AS revenue \
               FROM orders, LATERAL (SELECT summary::json -> 'totals') AS totals (t) \
              GROUP BY 1, 2, 3, 4, 5, 6), \
         both_sides AS ( \
             SELECT day, platform, currency, country, kind, \"partition\", \
                    ARRAY[coalesce(s.orders, 0), coalesce(s.cancelled, 0), \
                          coalesce(s.units, 0), coalesce(s.items, 0), coalesce(s.discounts, 0), \
                          coalesce(s.shipping, 0), coalesce(s.tax, 0), coalesce(s.revenue, 0)] \
                        AS stored, \
                    ARRAY[coalesce(c.orders, 0), coalesce(c.cancelled, 0), \
                          coalesce(c.units, 0), coalesce(c.items, 0), coalesce(c.discounts, 0), \
                          coalesce(c.shipping, 0), coalesce(c.tax, 0), coalesce(c.revenue, 0)] \
                        AS computed \
               FROM order_statistics s FULL JOIN computed c \
                    USING (day, platform, currency, country, kind, \"partition\")) \
         SELECT * FROM both_sides WHERE stored <> computed ORDER BY 1, 2, 3, 4, 5, 6 LIMIT $1",
    )
    .bind(limit)
    .fetch_all(views)
    .await?;
    rows.iter().map(difference).collect()
}

fn difference(row: &PgRow) -> Result<StatisticsDifference, sqlx::Error> {
    let kind: &str = row.try_get("kind")?;
    Ok(StatisticsDifference {
        key: Key {
            day: row.try_get("day")?,
            platform: row.try_get("platform")?,
            currency: row.try_get("currency")?,
            country: row.try_get("country")?,
            kind: kind
                .parse::<Kind>()
                .map_err(|()| sqlx::Error::Decode(format!("unknown kind {kind:?}").into()))?,
            partition: row.try_get("partition")?,
        },
        stored: sums(row, "stored")?,
        computed: sums(row, "computed")?,
    })
}

fn sums(row: &PgRow, column: &str) -> Result<Sums, sqlx::Error> {
    let sums: Vec<i64> = row.try_get(column)?;
    let [
        orders,
        cancelled,
        units,
        items,
        discounts,
        shipping,
        tax,
        revenue,
    ] = sums[..]
    else {
        return Err(sqlx::Error::Decode("eight sums were asked for".into()));
    };
    Ok(Sums {
        orders,
        cancelled,
        units,
        items,
        discounts,
        shipping,
        tax,
        revenue,
    })
}
