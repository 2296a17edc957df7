//! How long what was measured in an open loop took, whole distributions.

use super::chart::{Axis, Chart, Line, Scale};
use crate::history::Kept;

/// The row of a mix that looks like a shop's.
const SHOP: &str = "shop";
/// Rows of what happens after an answer.
const READERS: [&str; 2] = ["latency", "webhooks"];

/// Of single kinds of requests.
pub fn of_requests<'a>(figures: impl Iterator<Item = &'a Kept>) -> Option<Chart> {
    let figures = figures.filter(|figure| figure.row != SHOP && !READERS.contains(&&*figure.row));
    chart("Latency of requests at a fixed rate", figures)
}

/// Of a shop at shares of its peak.
pub fn of_shop<'a>(figures: impl Iterator<Item = &'a Kept>) -> Option<Chart> {
    let figures = figures.filter(|figure| figure.row == SHOP);
    chart("Latency of a shop, at shares of its peak", figures)
}

/// Until an order that is placed can be read, is in Kafka, was told of.
pub fn of_readers<'a>(figures: impl Iterator<Item = &'a Kept>) -> Option<Chart> {
    let figures = figures.filter(|figure| READERS.contains(&&*figure.row));
    chart("From placing an order to those who want to know", figures)
}

fn chart<'a>(title: &str, figures: impl Iterator<Item = &'a Kept>) -> Option<Chart> {
    let with_points = figures.filter(|figure| figure.unit == "ms" && !figure.points.is_empty());
    let lines = with_points.map(|figure| Line {
        name: name(&figure.row, &figure.case),
        points: figure.points.clone(),
    });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| Chart {
        title: title.to_owned(),
        x: Axis::new("share of all that took no longer", Scale::Nines),
        y: Axis::new("ms since it was due", Scale::Log),
        lines,
        level: None,
    })
}

/// Without the percentile at which the curve is kept.
fn name(row: &str, case: &str) -> String {
    let mut case = case.to_owned();
    for named in [": p50", ", p50", "p50 of ", "p50 "] {
        case = case.replace(named, "");
    }
    format!("{row}: {case}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Figure;

    #[test]
    fn each_distribution_is_a_line_and_the_shop_has_a_chart_of_its_own() {
        let figure = |row, case: &str| {
            let figure = Figure::time(row, case.to_owned(), 2.0);
            Kept::from(&figure.with_points(vec![(0.0, 1.0), (0.5, 2.0)]))
        };
        let without = Kept::from(&Figure::time("http", "p99".to_owned(), 9.0));
        let figures = [
            figure("http", "p50 at half of peak"),
            without,
            figure("shop", "at 25 %, p50"),
            figure("latency", "append to Kafka, p50 at 500 events/s"),
        ];
        let names = |chart: Option<Chart>| {
            let lines = chart.map(|chart| chart.lines).unwrap_or_default();
            lines.into_iter().map(|line| line.name).collect::<Vec<_>>()
        };
        assert_eq!(
            names(of_requests(figures.iter())),
            ["http: at half of peak"]
        );
        assert_eq!(names(of_shop(figures.iter())).len(), 1);
        assert_eq!(names(of_readers(figures.iter())).len(), 1);
    }
}
