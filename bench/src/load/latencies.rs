//! How long answers took.

use crate::row::{Figure, Point};
use hdrhistogram::Histogram;
use std::time::Duration;

/// Microseconds that are told apart up to, ten minutes.
const HIGHEST: u64 = 600_000_000;
/// Digits that hold.
const DIGITS: u8 = 3;
/// What a percentile curve has, by how many nines: 0, 0.1, 0.2 … 5.
const CURVE: u32 = 50;

/// A distribution of times, to three digits.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, HIGHEST, DIGITS)?))
    }

    /// Those of a list.
    pub fn of(times: impl IntoIterator<Item = Duration>) -> anyhow::Result<Self> {
        let mut all = Self::new()?;
        for time in times {
            all.record(time);
        }
        Ok(all)
    }

    /// One more; what takes longer than ten minutes took ten minutes.
    pub fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.max(1));
    }

    /// Those of somebody else too.
    pub fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::try_from(self.0.len()).unwrap_or(usize::MAX)
    }

    /// Milliseconds that this share does not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        in_ms(self.0.value_at_quantile(share))
    }

    /// Milliseconds of the slowest.
    pub fn max(&self) -> f64 {
        in_ms(self.0.max())
    }

    /// The curve of a plot: shares and their milliseconds, as far as there are
    /// enough of them to tell.
    pub fn points(&self) -> Vec<Point> {
        let tenths = (0..=CURVE).map(|tenth| f64::from(tenth) / 10.0);
        let shares = tenths.map(|nines| 1.0 - 10_f64.powf(-nines));
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 answers")]
        let count = self.0.len() as f64;
        let told = shares.take_while(|share| (1.0 - share) * count >= 1.0);
        told.map(|share| (share, self.quantile(share))).collect()
    }

    /// Figures of these percentiles, named by `case`; the first of them has the
    /// curve.
    pub fn figures(
        &self,
        row: &'static str,
        percentiles: &[(&str, f64)],
        case: impl Fn(&str) -> String,
    ) -> Vec<Figure> {
        let figure = |(name, share): (&str, f64)| {
            let took = if share < 1.0 {
                self.quantile(share)
            } else {
                self.max()
            };
            Figure::time(row, case(name), took)
        };
        let mut figures: Vec<_> = percentiles.iter().copied().map(figure).collect();
        if let Some(first) = figures.first_mut() {
            first.points = self.points();
        }
        figures
    }
}

/// p50 and p99, which most rows tell of.
pub fn p50_p99(
    latencies: &Latencies,
    row: &'static str,
    case: impl Fn(&str) -> String,
) -> Vec<Figure> {
    latencies.figures(row, &[("p50", 0.5), ("p99", 0.99)], case)
}

fn in_ms(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(highest: u64) -> Latencies {
        let times = (1..=highest).map(Duration::from_millis);
        Latencies::of(times).expect("bounds that a histogram takes")
    }

    #[test]
    fn percentiles_are_those_of_all_to_three_digits() {
        let mut latencies = to(500);
        let rest = (501..=1_000).map(Duration::from_millis);
        let rest = Latencies::of(rest).expect("bounds that a histogram takes");
        latencies.add(&rest).expect("the same bounds");
        assert_eq!(latencies.len(), 1_000);
        for (share, ms) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1_000.0)] {
            let found = latencies.quantile(share);
            assert!((found / ms - 1.0).abs() < 2e-3, "{share}: {found}");
        }
        assert!((latencies.max() / 1_000.0 - 1.0).abs() < 2e-3);
    }

    #[test]
    fn a_curve_ends_where_a_single_answer_would_decide() {
        let points = to(1_000).points();
        let last = points.last().expect("a point").0;
        assert!(last > 0.99 && last < 0.9991, "{last}");
        assert!(points.is_sorted_by(|one, other| one.0 < other.0 && one.1 <= other.1));
    }
}
