//! One measured figure, and how figures are shown.

use serde::Serialize;

/// A figure beside its yardstick. A ratio is always higher-is-better.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// Row of `docs/PERFORMANCE.md`.
    pub row: &'static str,
    /// What exactly was done.
    pub case: String,
    /// Median of ours.
    pub ours: f64,
    /// Unit of both.
    pub unit: &'static str,
    /// Limit or peer of the same run.
    pub yardstick: &'static str,
    /// Its median.
    pub yardstick_value: f64,
    /// Median of the rounds' ratios.
    pub ratio: f64,
    /// Smallest of them.
    pub ratio_min: f64,
    /// Largest of them.
    pub ratio_max: f64,
    /// What the ratio should be, where there is an aim.
    pub aim: Option<f64>,
    /// Whether it is.
    pub met: bool,
    /// What a plot has of it, where there is more than one number: of a time, a
    /// share of all and the milliseconds that it does not exceed; of memory,
    /// seconds and MiB.
    #[serde(skip)]
    pub points: Vec<Point>,
}

/// A place in a plot.
pub type Point = (f64, f64);

impl Figure {
    /// A figure from rounds of (ours, yardstick).
    pub fn of(
        row: &'static str,
        case: String,
        unit: &'static str,
        yardstick: &'static str,
        aim: Option<f64>,
        rounds: &[(f64, f64)],
    ) -> Self {
        let ratios = sorted(rounds.iter().map(|(ours, theirs)| ours / theirs));
        let ratio = median(&ratios);
        Self {
            row,
            case,
            ours: median(&sorted(rounds.iter().map(|r| r.0))),
            unit,
            yardstick,
            yardstick_value: median(&sorted(rounds.iter().map(|r| r.1))),
            ratio,
            ratio_min: ratios.first().copied().unwrap_or(f64::NAN),
            ratio_max: ratios.last().copied().unwrap_or(f64::NAN),
            aim,
            met: aim.is_none_or(|aim| ratio >= aim),
            points: Vec::new(),
        }
    }
}

impl Figure {
    /// The same with what a plot has of it.
    pub fn with_points(self, points: Vec<Point>) -> Self {
        Self { points, ..self }
    }

    /// A time in milliseconds, with no yardstick but itself.
    pub fn time(row: &'static str, case: String, milliseconds: f64) -> Self {
        Self::alone(row, case, "ms", milliseconds)
    }

    /// A time in milliseconds beside another one, from rounds of (ours, yardstick): the
    /// ratio is higher where ours is shorter.
    pub fn time_beside(
        row: &'static str,
        case: String,
        yardstick: &'static str,
        rounds: &[(f64, f64)],
    ) -> Self {
        let rounds: Vec<_> = rounds
            .iter()
            .map(|&(ours, theirs)| (theirs, ours))
            .collect();
        let figure = Self::of(row, case, "ms", yardstick, None, &rounds);
        Self {
            ours: figure.yardstick_value,
            yardstick_value: figure.ours,
            ..figure
        }
    }

    /// A figure with no yardstick but itself.
    pub fn alone(row: &'static str, case: String, unit: &'static str, value: f64) -> Self {
        let itself = [(1.0, 1.0)];
        Self {
            ours: value,
            yardstick_value: value,
            ..Self::of(row, case, unit, "itself", None, &itself)
        }
    }

    /// A share of a whole, with no yardstick but the whole.
    pub fn share(row: &'static str, case: String, share: f64) -> Self {
        Self::of(row, case, "of 1", "all", None, &[(share, 1.0)])
    }

    /// Resident memory in MiB, beside what it may be.
    pub fn memory(case: String, mib: f64, limit: Option<f64>) -> Self {
        let limit_or_itself = limit.unwrap_or(mib);
        let aim = limit.map(|_| 1.0);
        let rounds = [(limit_or_itself, mib)];
        Self {
            ours: mib,
            yardstick_value: limit_or_itself,
            ..Self::of("memory", case, "MiB", "limit", aim, &rounds)
        }
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints the figures for people.
pub fn print_table(figures: &[Figure]) {
    println!(
        "{:<8} {:<44} {:>10} {:<10} {:<28} {:>10} {:>6} {:>13} {:>5}",
        "row", "case", "ours", "unit", "yardstick", "value", "ratio", "spread", "aim"
    );
    for f in figures {
        let aim = match f.aim {
            Some(aim) if f.met => format!("{aim:.2} ✓"),
            Some(aim) => format!("{aim:.2} ✗"),
            None => String::new(),
        };
        // Times and shares are small numbers.
        let digits = match f.unit {
            "ms" | "kB" => 1,
            "of 1" => 2,
            _ => 0,
        };
        println!(
            "{:<8} {:<44} {:>10.digits$} {:<10} {:<28} {:>10.digits$} {:>6.2} {:>6.2}–{:<6.2} {aim:>5}",
            f.row,
            f.case,
            f.ours,
            f.unit,
            f.yardstick,
            f.yardstick_value,
            f.ratio,
            f.ratio_min,
            f.ratio_max
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_tells_the_median_ratio_and_its_spread() {
        let rounds = [(10.0, 5.0), (12.0, 4.0), (9.0, 9.0)];
        let figure = Figure::of(
            "append",
            "64 clients".into(),
            "1/s",
            "postgres-es",
            Some(5.0),
            &rounds,
        );
        assert_eq!(
            (figure.ratio, figure.ratio_min, figure.ratio_max),
            (2.0, 1.0, 3.0)
        );
        assert!(!figure.met);
    }

    #[test]
    fn a_time_that_is_longer_than_its_yardstick_has_the_lower_ratio() {
        let figure = Figure::time_beside("console", String::new(), "answers", &[(10.0, 5.0)]);
        let told = [figure.ours, figure.yardstick_value, figure.ratio];
        assert_eq!(told.map(f64::to_bits), [10.0, 5.0, 0.5].map(f64::to_bits));
    }
}
