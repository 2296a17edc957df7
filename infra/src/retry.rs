//! When to try again, and for how long.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// Bounds of the retries of one request, or of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Longest pause after the first attempt; doubles with each further one.
    pub first_pause: Duration,
    /// Longest pause of all, unless the server asks for a longer one.
    pub longest_pause: Duration,
    /// After this time without success whoever tries gives up; a job counts
    /// its attempts instead.
    pub give_up_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
            give_up_after: Duration::from_mins(2),
        }
    }
}

impl RetryPolicy {
    /// The pause after the failed attempt number `attempt` (from 1): full
    /// jitter over an exponentially growing span ("Exponential Backoff And
    /// Jitter", M. Brooker, AWS 2015), and never less than the
    /// server asked for. The jitter is drawn from the request's key: requests
    /// spread as with a random draw, and a run can be repeated.
    pub fn pause(&self, key: &str, attempt: u32, retry_after: Option<Duration>) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1).min(16));
        let span = self
            .first_pause
            .saturating_mul(doubled)
            .min(self.longest_pause);
        let mut hasher = DefaultHasher::new();
        (key, attempt).hash(&mut hasher);
        let share = u32::try_from(hasher.finish() >> 32).unwrap_or(u32::MAX);
        let jittered = span.mul_f64(f64::from(share) / f64::from(u32::MAX));
        retry_after.map_or(jittered, |asked| asked.saturating_add(jittered))
    }
}

/// Reads `Retry-After`: seconds or an HTTP date (RFC 9110 §10.2.3).
pub fn retry_after(value: &str, now: OffsetDateTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = OffsetDateTime::parse(value.trim(), &Rfc2822).ok()?;
    // A date in the past asks for no pause.
    Some(Duration::try_from(at - now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_stay_bounded_and_differ_between_requests() {
        let policy = RetryPolicy::default();
        for attempt in 1..40 {
            assert!(policy.pause("a", attempt, None) <= policy.longest_pause);
        }
        assert!(policy.pause("a", 1, None) <= policy.first_pause);
        assert_ne!(policy.pause("a", 5, None), policy.pause("b", 5, None));
        let asked = Duration::from_secs(3);
        assert!(policy.pause("a", 1, Some(asked)) >= asked);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        let later = "Sun, 06 Nov 1994 08:49:47 GMT";
        assert_eq!(retry_after(later, now), Some(Duration::from_secs(10)));
        let earlier = "Sun, 06 Nov 1994 08:49:27 GMT";
        assert_eq!(retry_after(earlier, now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
