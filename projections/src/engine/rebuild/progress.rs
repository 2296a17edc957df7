//! How far a build is, and what it came to.

use infra::views::builds::{Build, BuildPhase};
use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// What it is at; none before it has begun.
    pub phase: Option<BuildPhase>,
    /// Aggregates written.
    pub aggregates: u64,
    /// Events folded.
    pub events: u64,
    /// About how many events there are to fold.
    pub estimate: u64,
    /// About how long the folding will take yet, once that can be said.
    pub left: Option<Duration>,
}

/// What a rebuild made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuildReport {
    /// Number of the new build.
    pub build: i64,
    /// Epoch of the log that it was made from.
    pub epoch: i32,
    /// Its size.
    pub progress: Progress,
    /// How long it took; of one that was gone on with, since then.
    pub took: Duration,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events folded into {} rows",
            self.events, self.aggregates
        )
    }
}

impl fmt::Display for RebuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (progress, build, took) = (self.progress, self.build, self.took);
        write!(f, "build {build}: {progress} in {took:.1?}")
    }
}

impl From<&Build> for Progress {
    fn from(build: &Build) -> Self {
        let seconds = build.seconds_left.map(i64::cast_unsigned);
        Self {
            phase: build.phase,
            aggregates: build.aggregates.cast_unsigned(),
            events: build.events.cast_unsigned(),
            estimate: build.estimate.unwrap_or_default().cast_unsigned(),
            left: seconds.map(Duration::from_secs),
        }
    }
}

/// What the writers have committed so far.
#[derive(Debug)]
pub(super) struct Counters {
    began: Instant,
    /// What there was when this process began.
    before: Progress,
    aggregates: AtomicU64,
    events: AtomicU64,
}

impl Counters {
    /// Begins with what an earlier process has done.
    pub fn from(before: Progress) -> Self {
        Self {
            began: Instant::now(),
            before,
            aggregates: AtomicU64::new(before.aggregates),
            events: AtomicU64::new(before.events),
        }
    }

    pub fn add(&self, aggregates: u64, events: u64) {
        self.aggregates.fetch_add(aggregates, Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    pub fn took(&self) -> Duration {
        self.began.elapsed()
    }

    pub fn progress(&self, phase: BuildPhase) -> Progress {
        let events = self.events.load(Ordering::Relaxed);
        let estimate = self.before.estimate.max(events);
        let filling = phase == BuildPhase::Filling;
        Progress {
            phase: Some(phase),
            aggregates: self.aggregates.load(Ordering::Relaxed),
            events,
            estimate,
            left: filling
                .then(|| left(events - self.before.events, estimate - events, self.took()))
                .flatten(),
        }
    }
}

/// How long the rest takes at the rate so far.
fn left(done: u64, rest: u64, took: Duration) -> Option<Duration> {
    if done == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let left = took.as_secs_f64() * rest as f64 / done as f64;
    Duration::try_from_secs_f64(left).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_rate_of_this_process() {
        let minute = Duration::from_mins(1);
        assert_eq!(left(600, 300, minute), Some(minute / 2));
        assert_eq!(left(0, 300, minute), None, "nothing is known yet");
        let counters = Counters::from(Progress {
            events: 900,
            estimate: 1_000,
            ..Progress::default()
        });
        assert_eq!(counters.progress(BuildPhase::Filling).left, None);
        counters.add(1, 200);
        let progress = counters.progress(BuildPhase::Filling);
        assert_eq!((progress.events, progress.estimate), (1_100, 1_100));
        assert_eq!(progress.left, Some(Duration::ZERO));
        assert_eq!(counters.progress(BuildPhase::CatchingUp).left, None);
    }
}
