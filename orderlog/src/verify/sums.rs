//! The tables of sums against sums over the rows they count.

use super::{
    Options,
    error::VerifyError,
    report::{Difference, Report},
};
use projections::{
    Sources,
    engine::verify::{self, SumsDifference},
    registry::{self, Registered},
};
use sqlx::PgConnection;

/// Compares those of every projection; repairs them where that is asked for and
/// the rows that they count are sound.
pub(super) async fn compare(
    sources: &Sources,
    options: Options,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let views = verify::connect(&sources.config).await;
    let mut views = views.map_err(VerifyError::Views)?;
    for projection in registry::ALL {
        let (name, sound) = (
            projection.name(),
            report.projection(projection.name()).rows_agree(),
        );
        if options.repair && sound {
            let compared = projection.compare_sums(&mut views, 0).await;
            let differing: u64 = compared
                .map_err(VerifyError::Views)?
                .iter()
                .map(|table| table.differing)
                .sum();
            if differing > 0 {
                let repaired = projection.repair_sums(sources, &mut views).await;
                let repaired = repaired.map_err(VerifyError::Views)?;
                report.projection(name).sums_repaired += repaired.unwrap_or(0);
            }
        }
        compare_one(*projection, &mut views, report).await?;
    }
    Ok(())
}

async fn compare_one(
    projection: &'static dyn Registered,
    views: &mut PgConnection,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let limit = i64::try_from(report.room()).unwrap_or(i64::MAX);
    let compared = match projection.compare_sums(views, limit).await {
        Ok(compared) => compared,
        // A row that cannot be read is a difference, and told as one.
        Err(_) if !report.projection(projection.name()).rows_agree() => return Ok(()),
        Err(error) => return Err(VerifyError::Views(error)),
    };
    for table in compared {
        let of = report.projection(projection.name());
        of.sums += table.rows;
        of.sums_differing += table.differing;
        for difference in &table.differences {
            let what = told(table.table, difference);
            report.tell(Difference::general(what));
        }
    }
    Ok(())
}

fn told(table: &str, difference: &SumsDifference) -> String {
    let SumsDifference { key, sums, .. } = difference;
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
        let difference = SumsDifference {
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
