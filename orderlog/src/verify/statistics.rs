//! The statistics against a sum over the orders they count.

use super::error::VerifyError;
use super::report::{Difference, Report};
use projections::{
    orders::statistics::Sums,
    queries::{StatisticsDifference, compare_statistics},
};
use sqlx::PgConnection;

/// Counts the groups, and those that are not the sum over their orders.
pub(super) async fn compare(
    views: &mut PgConnection,
    examples: usize,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let limit = i64::try_from(examples).unwrap_or(i64::MAX);
    let compared = compare_statistics(views, limit).await;
    let compared = compared.map_err(VerifyError::Views)?;
    report.statistics_groups = compared.rows;
    report.statistics_differing = compared.differing;
    for difference in &compared.differences {
        report.tell(examples, Difference::general(told(difference)));
    }
    Ok(())
}

fn told(difference: &StatisticsDifference) -> String {
    let key = &difference.key;
    let differing = differing(&difference.computed, &difference.stored);
    format!(
        "statistics of {} {} {} {} {} in partition {}: {}",
        key.day,
        key.platform,
        key.currency,
        key.country,
        key.kind.as_str(),
        key.partition,
        differing.join(", ")
    )
}

fn differing(expected: &Sums, found: &Sums) -> Vec<String> {
    let (expected, found) = (expected.columns(), found.columns());
    let figures = Sums::NAMES.iter().zip(expected.iter().zip(&found));
    figures
        .filter(|(_, (expected, found))| expected != found)
        .map(|(name, (expected, found))| format!("{name} {found} instead of {expected}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_figures_that_differ_are_told() {
        let expected = Sums {
            orders: 2,
            units: 3,
            captured: 500,
            ..Sums::default()
        };
        assert!(differing(&expected, &expected).is_empty());
        assert_eq!(
            differing(&expected, &Sums::default()),
            [
                "orders 0 instead of 2",
                "units 0 instead of 3",
                "captured 0 instead of 500"
            ]
        );
    }
}
