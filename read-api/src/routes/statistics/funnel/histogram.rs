//! Histograms of durations whose buckets double in width.

use crate::routes::statistics::cached::half_even;
use serde::Serialize;
use utoipa::ToSchema;

/// Sales that took at least `from_seconds` and less than `to_seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bucket {
    /// 0, or a power of two.
    pub from_seconds: i64,
    /// The next power of two.
    pub to_seconds: i64,
    /// How many.
    pub orders: i64,
}

impl Bucket {
    /// From the number under which it is stored: that of the binary digits of
    /// what is in it.
    pub fn of(number: i16, orders: i64) -> Self {
        let power = |exponent: i16| 1_i64.checked_shl(u32::try_from(exponent).unwrap_or(0));
        let from_seconds = match number {
            0 => 0,
            number => power(number - 1).unwrap_or(i64::MAX),
        };
        let to_seconds = power(number).filter(|to| *to > 0).unwrap_or(i64::MAX);
        Self {
            from_seconds,
            to_seconds,
            orders,
        }
    }
}

/// The average of what took `seconds` in all; none where nothing did.
pub fn average(seconds: i128, buckets: &[Bucket]) -> Option<i64> {
    let orders = buckets.iter().map(|bucket| bucket.orders).sum();
    half_even(i64::try_from(seconds).ok()?, orders)
}

/// What `percent` of 100 took at most, as if those of a bucket were spread
/// evenly in it; 0 of nothing.
pub fn quantile(percent: i64, buckets: &[Bucket]) -> i64 {
    let orders: i128 = buckets.iter().map(|b| i128::from(b.orders)).sum();
    let wanted = i128::from(percent) * orders;
    let mut below = 0;
    for bucket in buckets {
        let in_it = i128::from(bucket.orders) * 100;
        if in_it > 0 && below + in_it >= wanted {
            let width = i128::from(bucket.to_seconds - 1 - bucket.from_seconds);
            let part = width * (wanted - below) / in_it;
            return bucket.from_seconds + i64::try_from(part).unwrap_or_default();
        }
        below += in_it;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_join() {
        assert_eq!(
            (Bucket::of(0, 1).from_seconds, Bucket::of(0, 1).to_seconds),
            (0, 1)
        );
        for number in 1..63 {
            let (one, next) = (Bucket::of(number - 1, 1), Bucket::of(number, 1));
            assert_eq!(one.to_seconds, next.from_seconds, "{number}");
            assert!(next.from_seconds < next.to_seconds, "{number}");
        }
        assert_eq!(Bucket::of(63, 1).to_seconds, i64::MAX);
    }

    #[test]
    fn quantiles_lie_in_the_bucket_that_they_fall_into() {
        let buckets = [Bucket::of(0, 50), Bucket::of(12, 40), Bucket::of(17, 10)];
        assert_eq!(quantile(50, &buckets), 0);
        assert_eq!(quantile(90, &buckets), 4_095);
        let p99 = quantile(99, &buckets);
        assert!((65_536..131_072).contains(&p99), "{p99}");
        assert_eq!(quantile(50, &[]), 0);
        assert_eq!(average(1_000, &buckets), Some(10));
        assert_eq!(average(0, &[]), None);
    }
}
