//! How many commands and answers a second there are, by clients.

use super::chart::{Axis, Chart, Line, Scale};
use crate::{history::Kept, row::Point};
use std::collections::BTreeMap;

/// Ours of every row that has a case for each number of clients, and the peers of
/// `append`.
pub fn chart<'a>(figures: impl Iterator<Item = &'a Kept>) -> Option<Chart> {
    let mut lines: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for figure in figures {
        let Some((what, clients)) = clients(&figure.case) else {
            continue;
        };
        let name = if what.is_empty() {
            format!("{}, ours", figure.row)
        } else {
            format!("{}: {what}, ours", figure.row)
        };
        let mut put = |name, value| {
            let points = lines.entry(name).or_default();
            // The same stands beside each of its yardsticks.
            if points.iter().all(|(at, _)| (at - clients).abs() > 0.5) {
                points.push((clients, value));
            }
        };
        put(name, figure.ours);
        if figure.row == "append" {
            put(
                format!("append, {}", figure.yardstick),
                figure.yardstick_value,
            );
        }
    }
    let lines = lines.into_iter().filter(|(_, points)| points.len() > 1);
    let lines = lines.map(|(name, mut points)| {
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        Line { name, points }
    });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| Chart {
        title: "Throughput against clients".to_owned(),
        x: Axis::new(
            "clients, each of which sends when it was answered",
            Scale::Log,
        ),
        y: Axis::new("commands or answers a second", Scale::Log),
        lines,
        level: None,
    })
}

/// What comes before `N clients`, and N; none for a case that says more after it.
fn clients(case: &str) -> Option<(&str, f64)> {
    let rest = case.strip_suffix(" clients")?;
    let (what, number) = rest.rsplit_once(", ").unwrap_or(("", rest));
    Some((what, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Figure;

    #[test]
    fn a_line_is_what_has_several_numbers_of_clients() {
        let figure = |case: &str, ours| {
            let rounds = [(ours, 10.0)];
            let case = case.to_owned();
            Kept::from(&Figure::of(
                "append",
                case,
                "1/s",
                "postgres-es",
                None,
                &rounds,
            ))
        };
        let figures = [
            figure("64 clients", 400.0),
            figure("1 clients", 20.0),
            figure("64 clients, personal data", 5.0),
        ];
        let chart = chart(figures.iter()).expect("two numbers of clients");
        let names: Vec<_> = chart.lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["append, ours", "append, postgres-es"]);
        assert_eq!(chart.lines[0].points, [(1.0, 20.0), (64.0, 400.0)]);
    }
}
