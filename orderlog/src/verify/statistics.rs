//! The statistics against a sum over the orders they count.

use super::error::VerifyError;
use super::report::{Difference, Report};
use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, Row as _, postgres::PgRow};

/// Figures of a group, in the order of their columns.
const FIGURES: [&str; 8] = [
    "orders",
    "cancelled",
    "units",
    "items",
    "discounts",
    "shipping",
    "tax",
    "revenue",
];

/// Both sides in one statement, so in one snapshot: the rows of orders and
/// their statistics move in the same transaction. A group without any figure
/// is as good as none.
const GROUPS: &str = "\
WITH expected AS ( \
  SELECT (placed_at AT TIME ZONE 'UTC')::date AS day, platform, currency, country, kind, \
         count(*) AS orders, \
         count(*) FILTER (WHERE status = 'cancelled') AS cancelled, \
         sum(units)::bigint AS units, \
         sum((totals ->> 'items')::bigint)::bigint AS items, \
         sum((totals ->> 'discounts')::bigint)::bigint AS discounts, \
         sum((totals ->> 'shipping')::bigint)::bigint AS shipping, \
         sum((totals ->> 'tax')::bigint)::bigint AS tax, \
         sum(total)::bigint AS revenue \
    FROM (SELECT *, summary::json -> 'totals' AS totals FROM orders) AS o \
   GROUP BY 1, 2, 3, 4, 5), \
found AS ( \
  SELECT day, platform, currency, country, kind, \
         sum(orders)::bigint AS orders, sum(cancelled)::bigint AS cancelled, \
         sum(units)::bigint AS units, sum(items)::bigint AS items, \
         sum(discounts)::bigint AS discounts, sum(shipping)::bigint AS shipping, \
         sum(tax)::bigint AS tax, sum(revenue)::bigint AS revenue \
    FROM order_statistics GROUP BY 1, 2, 3, 4, 5) \
SELECT concat_ws(' ', day, platform, currency, country, kind) AS name, \
       array_remove(ARRAY[e.orders, e.cancelled, e.units, e.items, e.discounts, e.shipping, \
                          e.tax, e.revenue], NULL) AS expected, \
       array_remove(ARRAY[f.orders, f.cancelled, f.units, f.items, f.discounts, f.shipping, \
                          f.tax, f.revenue], NULL) AS found \
  FROM expected e FULL JOIN found f USING (day, platform, currency, country, kind)";

/// Counts the groups, and those that are not the sum over their orders.
pub(super) async fn compare(
    views: &mut PgConnection,
    examples: usize,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let mut groups = sqlx::query(GROUPS).fetch(views);
    while let Some(row) = groups.try_next().await.map_err(VerifyError::Views)? {
        report.statistics_groups += 1;
        if let Some(what) = difference(&row).map_err(VerifyError::Views)? {
            report.statistics_differing += 1;
            report.tell(examples, Difference::general(what));
        }
    }
    Ok(())
}

fn difference(row: &PgRow) -> Result<Option<String>, sqlx::Error> {
    let expected = figures(row.try_get("expected")?);
    let found = figures(row.try_get("found")?);
    let differing = differing(&expected, &found);
    if differing.is_empty() {
        return Ok(None);
    }
    let name: String = row.try_get("name")?;
    Ok(Some(format!(
        "statistics of {name}: {}",
        differing.join(", ")
    )))
}

/// A missing side has nothing of anything.
fn figures(mut side: Vec<i64>) -> Vec<i64> {
    side.resize(FIGURES.len(), 0);
    side
}

fn differing(expected: &[i64], found: &[i64]) -> Vec<String> {
    let sides = expected.iter().zip(found);
    let figures = FIGURES.iter().zip(sides).filter(|(_, (a, b))| a != b);
    figures
        .map(|(name, (expected, found))| format!("{name} {found} instead of {expected}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_figures_that_differ_are_told() {
        let expected = figures(vec![2, 0, 3, 500, 0, 0, 0, 500]);
        assert!(differing(&expected, &expected).is_empty());
        assert_eq!(
            differing(&expected, &figures(Vec::new())),
            [
                "orders 0 instead of 2",
                "units 0 instead of 3",
                "items 0 instead of 500",
                "revenue 0 instead of 500"
            ]
        );
    }
}
