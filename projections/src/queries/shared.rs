//! The stored sums against sums over the orders.

use super::computed;
use crate::orders::shared::{Key as _, Shared, customers, funnel, products, statistics, statuses};
use sqlx::{PgConnection, Row as _, postgres::PgRow};

/// A table of sums, held against the orders that it counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SharedComparison {
    /// Name of the table.
    pub table: &'static str,
    /// Rows that are stored, or should be.
    pub rows: u64,
    /// Of them, those that are not what the orders add up to.
    pub differing: u64,
    /// The first of these, by key.
    pub differences: Vec<SharedDifference>,
}

/// A row that is not what the orders add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedDifference {
    /// Which row: the values of its key, the partition last.
    pub key: String,
    /// Name of each sum.
    pub sums: &'static [&'static str],
    /// What is stored; all zero where the row is missing.
    pub stored: Vec<i64>,
    /// What the orders add up to.
    pub computed: Vec<i64>,
}

/// Compares every table that orders share with sums over all orders, each in a
/// snapshot of its own; `limit` differences of each are told in full. The
/// database does the work, on disk where it does not fit into its memory.
pub async fn compare_shared(
    views: &mut PgConnection,
    limit: i64,
) -> Result<Vec<SharedComparison>, sqlx::Error> {
    Ok(vec![
        compare::<statistics::Sums>(views, computed::STATISTICS, limit).await?,
        compare::<statuses::Sums>(views, computed::STATUSES, limit).await?,
        compare::<products::Sums>(views, computed::PRODUCTS, limit).await?,
        compare::<customers::Sums>(views, computed::CUSTOMERS, limit).await?,
        compare::<funnel::Sums>(views, computed::FUNNEL, limit).await?,
    ])
}

async fn compare<S: Shared>(
    views: &mut PgConnection,
    computed: &str,
    limit: i64,
) -> Result<SharedComparison, sqlx::Error> {
    let sql = statement::<S>(computed);
    let rows = sqlx::query(&sql).bind(limit).fetch_all(views).await?;
    let mut comparison = SharedComparison {
        table: S::TABLE,
        ..SharedComparison::default()
    };
    for row in &rows {
        comparison.rows = row.try_get::<i64, _>("rows")?.cast_unsigned();
        comparison.differing = row.try_get::<i64, _>("differing")?.cast_unsigned();
        comparison.differences.extend(difference::<S>(row)?);
    }
    Ok(comparison)
}

/// Both sides in one statement, so in one snapshot: the rows of orders and
/// their sums move in the same transaction. A row of nothing is as good as
/// none.
fn statement<S: Shared>(computed: &str) -> String {
    let columns = S::Key::COLUMNS.iter().map(|(name, _)| *name);
    let key: Vec<_> = columns.chain(["\"partition\""]).collect();
    let key = key.join(", ");
    let side = |of: &str| {
        let sums = S::SUMS.iter().map(|sum| format!("coalesce({of}.{sum}, 0)"));
        sums.collect::<Vec<_>>().join(", ")
    };
    format!(
        "WITH computed ({key}, {names}) AS ({computed}), \
         both_sides AS ( \
             SELECT {key}, ARRAY[{stored}] AS stored, ARRAY[{expected}] AS computed \
               FROM {table} s FULL JOIN computed c USING ({key})), \
         counted AS ( \
             SELECT count(*) AS rows, count(*) FILTER (WHERE stored <> computed) AS differing \
               FROM both_sides) \
         SELECT counted.rows, counted.differing, d.* FROM counted LEFT JOIN LATERAL ( \
             SELECT concat_ws(' ', {key}) AS key, stored, computed FROM both_sides \
              WHERE stored <> computed ORDER BY {key} LIMIT $1) d ON true",
        names = S::SUMS.join(", "),
        table = S::TABLE,
        stored = side("s"),
        expected = side("c"),
    )
}

/// None in the one row that is answered where nothing differs.
fn difference<S: Shared>(row: &PgRow) -> Result<Option<SharedDifference>, sqlx::Error> {
    let Some(key) = row.try_get::<Option<String>, _>("key")? else {
        return Ok(None);
    };
    Ok(Some(SharedDifference {
        key,
        sums: S::SUMS,
        stored: row.try_get("stored")?,
        computed: row.try_get("computed")?,
    }))
}
