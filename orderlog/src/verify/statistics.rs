//! The tables of sums against sums over the orders they count.

use super::error::VerifyError;
use super::report::{Difference, Report};
use projections::queries::{SharedDifference, compare_shared};
use sqlx::PgConnection;

/// Counts the rows, and those that are not the sum over their orders.
pub(super) async fn compare(
    views: &mut PgConnection,
    examples: usize,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let limit = i64::try_from(examples).unwrap_or(i64::MAX);
    let compared = compare_shared(views, limit).await;
    for table in compared.map_err(VerifyError::Views)? {
        report.statistics_groups += table.rows;
        report.statistics_differing += table.differing;
        for difference in &table.differences {
            let what = told(table.table, difference);
            report.tell(examples, Difference::general(what));
        }
    }
    Ok(())
}

fn told(table: &str, difference: &SharedDifference) -> String {
    let SharedDifference { key, sums, .. } = difference;
    let figures = difference.computed.iter().zip(&difference.stored);
    let differing = sums
        .iter()
        .zip(figures)
        .filter(|(_, (expected, found))| expected != found)
        .map(|(name, (expected, found))| format!("{name} {found} instead of {expected}"));
    let differing: Vec<_> = differing.collect();
    format!("{table} of {key}: {}", differing.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_figures_that_differ_are_told() {
        let difference = SharedDifference {
            key: "2026-01-01 web 7".into(),
            sums: &["orders", "units", "captured"],
            stored: vec![2, 0, 0],
            computed: vec![2, 3, 500],
        };
        assert_eq!(
            told("order_statistics", &difference),
            "order_statistics of 2026-01-01 web 7: units 0 instead of 3, captured 0 instead of 500"
        );
    }
}
