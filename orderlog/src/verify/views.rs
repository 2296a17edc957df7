//! The read models: whether they have come as far as Kafka, and each order's
//! row.

use super::error::VerifyError;
use super::report::{Difference, Report};
use super::store::{self, ViewedOrder};
use super::versions::Versions;
use sqlx::PgConnection;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;

/// Orders a page.
const PAGE: i64 = 5_000;
/// Between two looks at the offsets.
const POLL: Duration = Duration::from_millis(200);

/// Waits until every projection has applied the records before `next`.
pub(super) async fn reach(
    views: &mut PgConnection,
    next: &BTreeMap<i32, i64>,
    deadline: Instant,
) -> Result<(), VerifyError> {
    loop {
        let offsets = store::offsets(views).await.map_err(VerifyError::Views)?;
        let Some(behind) = behind(&offsets, next) else {
            return Ok(());
        };
        if Instant::now() >= deadline {
            return Err(behind);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The projection that is furthest behind, as an error.
fn behind(offsets: &[(String, i32, i64)], next: &BTreeMap<i32, i64>) -> Option<VerifyError> {
    if next.is_empty() {
        return None;
    }
    let mut projections: BTreeMap<&str, BTreeMap<i32, i64>> = BTreeMap::new();
    for (name, partition, offset) in offsets {
        projections
            .entry(name)
            .or_default()
            .insert(*partition, *offset);
    }
    if projections.is_empty() {
        return Some(VerifyError::NoViews);
    }
    let lag = |stored: &BTreeMap<i32, i64>| -> Vec<i64> {
        let missing = next
            .iter()
            .map(|(partition, next)| next - stored.get(partition).copied().unwrap_or_default());
        missing.filter(|records| *records > 0).collect()
    };
    let lags = projections
        .iter()
        .map(|(name, stored)| (*name, lag(stored)));
    let (projection, lag) = lags.max_by_key(|(_, lag)| lag.iter().sum::<i64>())?;
    (!lag.is_empty()).then(|| VerifyError::ViewsBehind {
        projection: projection.to_owned(),
        records: lag.iter().sum(),
        partitions: lag.len(),
    })
}

/// Reads every order of the views.
pub(super) async fn read(
    views: &mut PgConnection,
    versions: &mut Versions,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let mut after = None;
    loop {
        let page = store::viewed_orders(views, after, PAGE).await;
        let page = page.map_err(VerifyError::Views)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for order in &page {
            report.views_orders += 1;
            report.views_events += order.history.cast_unsigned();
            if let Some(what) = incomplete(order) {
                report.views_incomplete += 1;
                versions.tell(report, Difference::of_order(order.id, what));
            }
            versions.in_views(order.id, order.version);
        }
    }
}

fn incomplete(order: &ViewedOrder) -> Option<String> {
    let ViewedOrder {
        version,
        history,
        lines,
        line_count,
        ..
    } = order;
    if history != version {
        return Some(format!(
            "its view is at version {version} with a history of {history}"
        ));
    }
    (lines != line_count).then(|| format!("its view has {lines} lines of {line_count}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(list: &[(&str, i32, i64)]) -> Vec<(String, i32, i64)> {
        list.iter()
            .map(|(n, p, o)| ((*n).to_owned(), *p, *o))
            .collect()
    }

    #[test]
    fn the_projection_that_is_furthest_behind_is_named() {
        let next = BTreeMap::from([(0, 10), (1, 5)]);
        let stored = offsets(&[("a", 0, 10), ("a", 1, 5), ("b", 0, 7), ("b", 1, 9)]);
        let error = behind(&stored, &next);
        assert!(
            matches!(&error, Some(VerifyError::ViewsBehind { projection, records: 3, partitions: 1 })
                if projection == "b"),
            "{error:?}"
        );
        assert!(behind(&stored[..2], &next).is_none());
        assert!(matches!(behind(&[], &next), Some(VerifyError::NoViews)));
        assert!(
            behind(&[], &BTreeMap::new()).is_none(),
            "nothing to wait for"
        );
    }
}
