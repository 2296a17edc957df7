//! How figures moved from commit to commit.

use super::chart::{Axis, Chart, Line, Scale};
use crate::{
    history::{Kept, Run},
    row::Point,
};
use std::collections::BTreeMap;

/// Letters of a commit that are shown.
const LETTERS: usize = 7;
/// The row of instruction counts.
const INSTRUCTIONS: &str = "instructions";

/// What was reached of the first aim of each row: a ratio that was taken in one
/// run holds from one machine to the next better than any rate.
pub fn of_aims(runs: &[Run]) -> Option<Chart> {
    let reached = |figure: &Kept| {
        let aim = figure.aim.filter(|_| figure.yardstick != "limit")?;
        Some((
            format!("{}: {}", figure.row, figure.yardstick),
            figure.ratio / aim,
        ))
    };
    let mut lines = Lines::default();
    for (at, run) in (0_u32..).zip(runs) {
        for row in run.rows.values() {
            let first = row.figures.iter().find_map(reached);
            if let Some((name, reached)) = first.filter(|(_, reached)| reached.is_finite()) {
                lines.put(name, (f64::from(at), reached));
            }
        }
    }
    lines.chart(
        runs,
        "Aims over time",
        "ratio as a share of its aim: 1 is met",
    )
}

/// Instructions, beside those of the first run that counted them.
pub fn of_instructions(runs: &[Run]) -> Option<Chart> {
    let mut lines = Lines::default();
    for (at, run) in (0_u32..).zip(runs) {
        let row = run.rows.get(INSTRUCTIONS);
        for figure in row.into_iter().flat_map(|row| &row.figures) {
            lines.put(figure.case.clone(), (f64::from(at), figure.ours));
        }
    }
    for points in lines.0.values_mut() {
        let first = points[0].1;
        for (_, count) in points {
            *count /= first;
        }
    }
    lines.chart(
        runs,
        "Instructions over time",
        "beside those of the first run",
    )
}

#[derive(Default)]
struct Lines(BTreeMap<String, Vec<Point>>);

impl Lines {
    fn put(&mut self, name: String, point: Point) {
        self.0.entry(name).or_default().push(point);
    }

    fn chart(self, runs: &[Run], title: &str, what: &'static str) -> Option<Chart> {
        let lines = self.0.into_iter();
        let lines: Vec<_> = lines.map(|(name, points)| Line { name, points }).collect();
        let name = |run: &Run| run.commit.chars().take(LETTERS).collect();
        (!lines.is_empty()).then(|| Chart {
            title: title.to_owned(),
            x: Axis {
                names: runs.iter().map(name).collect(),
                ..Axis::new("commit", Scale::Named)
            },
            y: Axis::new(what, Scale::Log),
            lines,
            level: Some(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{history::Conditions, noise::Noise, row::Figure};
    use std::path::Path;

    #[test]
    fn an_aim_is_a_line_through_the_runs_that_have_its_row() -> anyhow::Result<()> {
        let quiet = Noise {
            seconds: 1.0,
            others: 0.0,
            stolen: 0.0,
        };
        let run = |ratio| {
            let mut run = Run::of(Path::new("nowhere"), Conditions::default(), false)?;
            let (case, aim) = ("64 clients".to_owned(), Some(0.5));
            let figure = Figure::of("http", case, "1/s", "in-process", aim, &[(ratio, 1.0)]);
            run.add("http", quiet, &[figure]);
            anyhow::Ok(run)
        };
        let chart = of_aims(&[run(0.25)?, run(0.5)?]).expect("an aim");
        assert_eq!(chart.lines[0].points, [(0.0, 0.5), (1.0, 1.0)]);
        assert_eq!(chart.x.names.len(), 2);
        Ok(())
    }
}
