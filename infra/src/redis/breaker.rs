//! When a server is left alone, so that one that is away or slow costs a few
//! short time-outs and not one per request.

use super::millis;
use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Instant,
};

/// Failures in a row after which the server is left alone: a single one may
/// be this machine's, being busy.
const FAILURES: u32 = 3;
/// How long it is left alone, in milliseconds.
pub(super) const PAUSE: u64 = 1_000;
/// How long the command may take that tries whether it is back, in
/// milliseconds, before another one is let through.
const TRIAL: u64 = 500;

/// Open (commands pass), or closed for a moment.
pub(super) struct Breaker {
    created: Instant,
    /// Failures since the last success.
    failures: AtomicU32,
    /// Milliseconds after `created` until which nothing passes; 0: it is open.
    until: AtomicU64,
}

impl Breaker {
    pub fn new() -> Self {
        Self {
            created: Instant::now(),
            failures: AtomicU32::new(0),
            until: AtomicU64::new(0),
        }
    }

    /// Whether a command may be sent now. After a pause one may, and the
    /// others wait for what comes of it.
    pub fn admits(&self) -> bool {
        self.admits_at(self.now())
    }

    /// A command was answered.
    pub fn succeeded(&self) {
        // Mostly nothing changes, and threads share these.
        if self.failures.load(Ordering::Relaxed) > 0 {
            self.failures.store(0, Ordering::Relaxed);
            self.until.store(0, Ordering::Relaxed);
        }
    }

    /// A command was not answered; whether a pause begins with that.
    pub fn failed(&self) -> bool {
        self.failed_at(self.now())
    }

    /// Whether commands are being refused.
    pub fn is_closed(&self) -> bool {
        self.until.load(Ordering::Relaxed) > 0
    }

    fn admits_at(&self, now: u64) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        now >= until
            && self
                .until
                .compare_exchange(until, now + TRIAL, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    fn failed_at(&self, now: u64) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures < FAILURES && !self.is_closed() {
            return false;
        }
        self.until.swap(now + PAUSE, Ordering::Relaxed) == 0
    }

    fn now(&self) -> u64 {
        millis(self.created.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_failures_are_forgiven_and_several_in_a_row_are_not() {
        let breaker = Breaker::new();
        for _ in 0..10 {
            assert!(!breaker.failed_at(5));
            assert!(!breaker.failed_at(5));
            breaker.succeeded();
        }
        assert!(breaker.admits_at(6));
        assert!(!breaker.failed_at(6) && !breaker.failed_at(6));
        assert!(breaker.failed_at(6), "the third: a pause begins");
        assert!(!breaker.failed_at(7), "said once");
        assert!(!breaker.admits_at(8));
    }

    #[test]
    fn after_a_pause_one_command_decides_for_all() {
        let breaker = Breaker::new();
        for _ in 0..FAILURES {
            breaker.failed_at(0);
        }
        assert!(!breaker.admits_at(PAUSE - 1));
        assert!(breaker.admits_at(PAUSE) && !breaker.admits_at(PAUSE + 1));
        assert!(!breaker.failed_at(PAUSE + 2), "the same pause goes on");
        assert!(!breaker.admits_at(PAUSE + 3));
        assert!(breaker.admits_at(2 * PAUSE + 2));
        // It never came back: its caller has gone away.
        assert!(breaker.admits_at(2 * PAUSE + 2 + TRIAL));
        breaker.succeeded();
        assert!(breaker.admits_at(3 * PAUSE) && breaker.admits_at(3 * PAUSE));
    }
}
