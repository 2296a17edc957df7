//! The stored sums against a sum over the orders.

use crate::orders::statistics::{Key, Sums};
use contracts::order::Kind;
use sqlx::{PgExecutor, Row as _, postgres::PgRow};
use std::sync::LazyLock;

/// The statistics, held against the orders that they count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatisticsComparison {
    /// Rows that are stored, or should be.
    pub rows: u64,
    /// Of them, those that are not what the orders add up to.
    pub differing: u64,
    /// The first of these, by key.
    pub differences: Vec<StatisticsDifference>,
}

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

/// What a sum is over the rows of `orders`; `t` is the member `totals` of the
/// summary.
fn computed(name: &str) -> String {
    match name {
        "orders" => "count(*)".to_owned(),
        "cancelled" => "count(*) FILTER (WHERE status = 'cancelled')".to_owned(),
        "units" => "sum(units)::bigint".to_owned(),
        "revenue" => "sum(total)::bigint".to_owned(),
        total => format!("sum((t ->> '{total}')::bigint)::bigint"),
    }
}

/// Both sides in one statement, so in one snapshot: the rows of orders and
/// their statistics move in the same transaction. A row of nothing is as good
/// as none.
static COMPARED: LazyLock<String> = LazyLock::new(|| {
    let key = "day, platform, currency, country, kind, \"partition\"";
    let side = |of: &str| {
        let sums = Sums::NAMES.iter().map(|c| format!("coalesce({of}.{c}, 0)"));
        sums.collect::<Vec<_>>().join(", ")
    };
    let sums = Sums::NAMES
        .iter()
        .map(|c| format!("{} AS {c}", computed(c)));
    format!(
        "WITH computed AS ( \
             SELECT (placed_at AT TIME ZONE 'UTC')::date AS day, platform, currency, country, \
                    kind, \"partition\", {sums} \
               FROM orders, LATERAL (SELECT summary::json -> 'totals') AS totals (t) \
              WHERE placed GROUP BY 1, 2, 3, 4, 5, 6), \
         both_sides AS ( \
             SELECT {key}, ARRAY[{stored}] AS stored, ARRAY[{computed}] AS computed \
               FROM order_statistics s FULL JOIN computed c USING ({key})), \
         counted AS ( \
             SELECT count(*) AS rows, count(*) FILTER (WHERE stored <> computed) AS differing \
               FROM both_sides) \
         SELECT counted.rows, counted.differing, d.* FROM counted LEFT JOIN LATERAL ( \
             SELECT * FROM both_sides WHERE stored <> computed ORDER BY {key} LIMIT $1) d ON true",
        sums = sums.collect::<Vec<_>>().join(", "),
        stored = side("s"),
        computed = side("c"),
    )
});

/// Compares the statistics with a sum over all orders; `limit` of the
/// differences are told in full. Reads every order's summary: a matter of
/// seconds per million.
pub async fn compare_statistics(
    views: impl PgExecutor<'_>,
    limit: i64,
) -> Result<StatisticsComparison, sqlx::Error> {
    let rows = sqlx::query(&COMPARED).bind(limit).fetch_all(views).await?;
    let mut comparison = StatisticsComparison::default();
    for row in &rows {
        comparison.rows = row.try_get::<i64, _>("rows")?.cast_unsigned();
        comparison.differing = row.try_get::<i64, _>("differing")?.cast_unsigned();
        comparison.differences.extend(difference(row)?);
    }
    Ok(comparison)
}

/// None in the one row that is answered where nothing differs.
fn difference(row: &PgRow) -> Result<Option<StatisticsDifference>, sqlx::Error> {
    let Some(kind) = row.try_get::<Option<&str>, _>("kind")? else {
        return Ok(None);
    };
    let key = Key {
        day: row.try_get("day")?,
        platform: row.try_get("platform")?,
        currency: row.try_get("currency")?,
        country: row.try_get("country")?,
        kind: kind
            .parse::<Kind>()
            .map_err(|()| sqlx::Error::Decode(format!("unknown kind {kind:?}").into()))?,
        partition: row.try_get("partition")?,
    };
    Ok(Some(StatisticsDifference {
        key,
        stored: sums(row, "stored")?,
        computed: sums(row, "computed")?,
    }))
}

fn sums(row: &PgRow, column: &str) -> Result<Sums, sqlx::Error> {
    let sums: Vec<i64> = row.try_get(column)?;
    let sums = sums.try_into().map(Sums::from_columns);
    sums.map_err(|_| sqlx::Error::Decode("another number of sums was asked for".into()))
}
