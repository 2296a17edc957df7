//! How fast places in the log move, from where they were seen. Pure.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What a pace is taken over, once so long has been looked at.
const WINDOW: Duration = Duration::from_secs(10);

/// Where a place was seen lately, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Pace(VecDeque<(Instant, i64)>);

impl Pace {
    /// It was seen at this position. What was long ago is forgotten, but for the
    /// last sight that is as old as the window.
    pub fn saw(&mut self, now: Instant, position: i64) {
        let newest = self.0.back().map(|(at, _)| *at);
        if newest.is_some_and(|newest| now.duration_since(newest) > WINDOW * 6) {
            // What it did before nobody looked for so long is no pace of now.
            self.0.clear();
        }
        self.0.push_back((now, position));
        while self
            .0
            .get(1)
            .is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW)
        {
            self.0.pop_front();
        }
    }

    /// Positions per second; none before it was seen twice. A place that went back,
    /// as with a build that begins anew, does not move.
    pub fn per_second(&self) -> Option<f64> {
        let ((first, from), (last, to)) = self.0.front().zip(self.0.back())?;
        let seconds = last.duration_since(*first).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let moved = to.saturating_sub(*from).max(0) as f64;
        (seconds > 0.0).then(|| moved / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: &[(u64, i64)]) -> Option<f64> {
        let (start, mut pace) = (Instant::now(), Pace::default());
        for (second, position) in seconds {
            pace.saw(start + Duration::from_secs(*second), *position);
        }
        pace.per_second()
    }

    fn about(pace: Option<f64>, expected: f64) -> bool {
        pace.is_some_and(|pace| (pace - expected).abs() < 1e-9)
    }

    #[test]
    fn a_pace_needs_two_sights() {
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[(0, 5)]), None);
        assert!(about(after(&[(0, 5), (2, 25)]), 10.0));
    }

    #[test]
    fn only_what_was_seen_lately_counts() {
        let burst = [(0, 0), (1, 1_000), (11, 1_000), (12, 1_000)];
        assert!(about(after(&burst), 0.0), "{:?}", after(&burst));
        let looked_again = [(0, 0), (600, 9_000)];
        assert_eq!(after(&looked_again), None, "nobody has looked for long");
    }

    #[test]
    fn a_place_that_goes_back_does_not_move() {
        assert!(about(after(&[(0, 900), (1, 3)]), 0.0));
    }
}
