//! How fast events go.

use std::{num::NonZeroU32, time::Duration};
use tokio::time::Instant;

/// Spreads events evenly. A reader that was slow for a while is not made up for
/// by a burst: what was missed is missed.
pub struct Pace {
    each: Duration,
    next: Instant,
}

impl Pace {
    /// At most `rate` events a second.
    pub fn new(rate: NonZeroU32) -> Self {
        Self {
            each: Duration::from_secs(1) / rate.get(),
            next: Instant::now(),
        }
    }

    /// When the next event may go, if not at once.
    pub fn wait_until(&mut self, now: Instant) -> Option<Instant> {
        let due = self.next;
        self.next = due.max(now) + self.each;
        (due > now).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_go_evenly_and_never_in_a_burst() {
        let mut pace = Pace::new(NonZeroU32::new(100).expect("positive"));
        let begin = pace.next;
        let at = |millis| begin + Duration::from_millis(millis);
        assert_eq!(pace.wait_until(at(0)), None);
        assert_eq!(pace.wait_until(at(0)), Some(at(10)));
        assert_eq!(pace.wait_until(at(10)), Some(at(20)));
        assert_eq!(pace.wait_until(at(500)), None);
        assert_eq!(pace.wait_until(at(500)), Some(at(510)));
    }
}
