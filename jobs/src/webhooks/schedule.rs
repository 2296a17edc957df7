//! When a request that failed is repeated.

use std::time::Duration;

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// Pauses between attempts, as Standard Webhooks proposes them: ten attempts in
/// three days.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    minutes(5),
    minutes(30),
    minutes(2 * 60),
    minutes(5 * 60),
    minutes(10 * 60),
    minutes(14 * 60),
    minutes(20 * 60),
    minutes(24 * 60),
];
/// Pauses are shorter or longer by up to this share, so that what failed at
/// once is not repeated at once.
const JITTER: f64 = 0.1;
/// Answers of a receiver that has too much to do (Standard Webhooks).
const OVERLOADED: [i32; 3] = [429, 502, 504];
/// How long such a receiver is sent nothing, where it does not say.
const REST: Duration = Duration::from_secs(5);
/// Longest pause that a receiver may ask for.
const LONGEST_ASKED: Duration = minutes(24 * 60);

/// The pause after so many failed attempts, of which the last has asked for
/// `asked`; none after the last one. `share` is drawn from 0 to 1.
pub fn pause(failed: usize, asked: Option<Duration>, share: f64) -> Option<Duration> {
    let pause = PAUSES.get(failed.checked_sub(1)?)?;
    let jittered = pause.mul_f64(1.0 - JITTER + 2.0 * JITTER * share);
    Some(jittered.max(asked.unwrap_or_default().min(LONGEST_ASKED)))
}

/// How long a receiver is sent nothing that has failed with this status and asked
/// for `asked`; none: its other messages need not wait.
pub fn rest(status: Option<i32>, asked: Option<Duration>) -> Option<Duration> {
    let overloaded = status.is_some_and(|status| OVERLOADED.contains(&status));
    asked
        .map(|asked| asked.min(LONGEST_ASKED))
        .or_else(|| overloaded.then_some(REST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_are_made_with_growing_pauses() {
        let pauses: Vec<_> = (1..=10).map(|failed| pause(failed, None, 0.5)).collect();
        let seconds: Vec<_> = pauses.iter().flatten().map(Duration::as_secs).collect();
        assert_eq!(
            seconds,
            [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
        );
        assert_eq!(pauses[9], None);
        assert_eq!(pause(0, None, 0.5), None);
    }

    #[test]
    fn a_pause_is_spread_and_never_shorter_than_was_asked_for() {
        assert_eq!(pause(1, None, 0.0), Some(Duration::from_millis(4_500)));
        assert_eq!(pause(1, None, 1.0), Some(Duration::from_millis(5_500)));
        let asked = Some(Duration::from_mins(1));
        assert_eq!(pause(1, asked, 0.0), asked);
        assert!(pause(2, asked, 0.0) > asked);
        let forever = Some(Duration::MAX);
        assert_eq!(pause(1, forever, 0.0), Some(LONGEST_ASKED));
    }

    #[test]
    fn a_receiver_rests_as_long_as_it_asks_or_where_it_has_too_much_to_do() {
        let asked = Some(Duration::from_mins(1));
        assert_eq!(rest(Some(503), asked), asked);
        assert_eq!(rest(Some(429), None), Some(REST));
        assert_eq!(rest(Some(502), asked), asked);
        assert_eq!(rest(Some(503), None), None);
        assert_eq!(rest(None, None), None);
        assert_eq!(rest(Some(429), Some(Duration::MAX)), Some(LONGEST_ASKED));
    }
}
