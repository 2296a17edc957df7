//! When requests are due.

use std::time::Duration;

/// A burst begins as often as this.
const EVERY: f64 = 5.0;
/// It lasts so long.
const LONG: f64 = 1.0;
/// It is so many times the rate; what comes between makes up for it.
const TIMES: f64 = 2.0;
/// Between bursts.
const LEFT: f64 = (EVERY - LONG * TIMES) / (EVERY - LONG);

/// Arrivals at a fixed mean rate, known before the first is sent.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// A second, in the mean.
    rate: f64,
    bursts: bool,
}

impl Schedule {
    /// One as far from the other as the next; at least one in a hundred seconds.
    pub fn steady(rate: f64) -> Self {
        Self {
            rate: rate.max(0.01),
            bursts: false,
        }
    }

    /// As visitors come: of every five seconds the first has twice as many as the
    /// mean, and the rest so many fewer (three quarters).
    pub fn in_bursts(rate: f64) -> Self {
        Self {
            bursts: true,
            ..Self::steady(rate)
        }
    }

    /// When request number `n` is due, from the beginning on.
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 requests")]
    pub fn at(&self, n: u64) -> Duration {
        // The time in which a steady load would have sent as many.
        let even = n as f64 / self.rate;
        let seconds = if self.bursts {
            let rounds = (even / EVERY).floor();
            let within = even - rounds * EVERY;
            let burst = LONG * TIMES;
            let within = if within < burst {
                within / TIMES
            } else {
                LONG + (within - burst) / LEFT
            };
            rounds * EVERY + within
        } else {
            even
        };
        Duration::from_secs_f64(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(schedule: Schedule, from: u64, to: u64) -> usize {
        let within = |at: Duration| (from..to).contains(&at.as_secs());
        (0..10_000).filter(|n| within(schedule.at(*n))).count()
    }

    #[test]
    fn a_steady_schedule_has_its_rate_in_each_second() {
        let schedule = Schedule::steady(100.0);
        assert_eq!(schedule.at(250), Duration::from_millis(2_500));
        assert_eq!(between(schedule, 3, 4), 100);
    }

    #[test]
    fn bursts_have_twice_the_rate_and_the_mean_is_kept() {
        let schedule = Schedule::in_bursts(100.0);
        assert_eq!(between(schedule, 5, 6), 200);
        assert_eq!(between(schedule, 7, 8), 75);
        assert_eq!(between(schedule, 0, 10), 1_000);
    }

    #[test]
    fn nothing_is_due_before_what_comes_earlier() {
        let schedule = Schedule::in_bursts(333.0);
        let due: Vec<_> = (0..5_000).map(|n| schedule.at(n)).collect();
        assert!(due.is_sorted());
    }
}
