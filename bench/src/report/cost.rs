//! What one of something costs as the orders grow, beside what it costs at the
//! fewest: 1 is flat.

use super::chart::{Axis, Chart, Line, Scale};
use crate::{history::Kept, row::Point};
use std::collections::BTreeMap;

const WORD: &str = " at ";

/// A line for each case that says `… at N orders`.
pub fn chart<'a>(figures: impl Iterator<Item = &'a Kept>) -> Option<Chart> {
    let mut lines: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for figure in figures {
        let Some((what, orders)) = orders(&figure.case) else {
            continue;
        };
        // Of a rate, what one of them takes.
        let cost = if figure.unit.ends_with("/s") {
            1.0 / figure.ours
        } else {
            figure.ours
        };
        let points = lines.entry(what).or_default();
        if cost.is_finite() && cost > 0.0 && points.iter().all(|(at, _)| (at - orders).abs() > 0.5)
        {
            points.push((orders, cost));
        }
    }
    let lines = lines.into_iter().filter(|(_, points)| points.len() > 1);
    let lines = lines.map(|(name, mut points)| {
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        let first = points[0].1;
        let points = points.into_iter().map(|(at, cost)| (at, cost / first));
        Line {
            name,
            points: points.collect(),
        }
    });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| Chart {
        title: "Cost as the orders grow".to_owned(),
        x: Axis::new("orders", Scale::Log),
        y: Axis::new("cost of one, beside that at the fewest orders", Scale::Log),
        lines,
        level: Some(1.0),
    })
}

/// The case without its number of orders, and the number, which may have commas.
fn orders(case: &str) -> Option<(String, f64)> {
    for (at, _) in case.match_indices(WORD) {
        let rest = &case[at + WORD.len()..];
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != ',')?;
        let (number, after) = rest.split_at(length);
        let after = after.strip_prefix(" orders");
        // `orders/s` are another thing.
        let Some(after) =
            after.filter(|after| after.is_empty() || after.starts_with([',', ':', ' ']))
        else {
            continue;
        };
        if let Ok(orders) = number.replace(',', "").parse() {
            return Some((format!("{}{after}", &case[..at]), orders));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Figure;

    #[test]
    fn a_case_names_its_orders_anywhere() {
        let found = |case| orders(case).map(|(what, orders)| (what, orders.to_bits()));
        let thousand = 1_000.0_f64.to_bits();
        let expected = Some(("append".to_owned(), thousand));
        assert_eq!(found("append at 1000 orders"), expected);
        let expected = Some(("page 1, web".to_owned(), thousand));
        assert_eq!(found("page 1 at 1,000 orders, web"), expected);
        assert_eq!(found("p50 at half of peak"), None);
        assert_eq!(
            found("p50 at 500 orders/s")
                .map(|(what, _)| what)
                .as_deref(),
            None
        );
    }

    #[test]
    fn half_the_rate_is_twice_the_cost() {
        let figure = |case: &str, rate| {
            let figure = Figure::alone("curve", case.to_owned(), "pages/s", rate);
            Kept::from(&figure)
        };
        let figures = [
            figure("page at 100000 orders", 50.0),
            figure("page at 10000 orders", 100.0),
        ];
        let chart = chart(figures.iter()).expect("two sizes");
        assert_eq!(chart.lines[0].points, [(10_000.0, 1.0), (100_000.0, 2.0)]);
    }
}
