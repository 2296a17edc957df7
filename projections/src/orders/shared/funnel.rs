//! `order_funnel`: how many orders went from one state to another, and how
//! long it took them, as a sum and as a histogram.

use super::{Counted, shared_table};
use crate::orders::OrderRow;
use contracts::order::Kind;
use time::{Date, OffsetDateTime, UtcOffset};

shared_table! {
    table = "order_funnel", few = true;
    /// What is summed over.
    key {
        /// Business day: that of `placed_at`, in UTC.
        day: Date,
        /// Slug of the sales channel.
        platform: String,
        /// Name of the step: `placed_paid` from placed to paid.
        step: String,
        /// How long it took: 0 for no second, else n for at least 2^(n−1) and
        /// less than 2^n seconds.
        bucket: i16,
    }
    /// What is summed, over orders of kind `order`.
    sums {
        /// Orders that took the step.
        orders,
        /// Σ seconds that it took them.
        seconds,
    }
}

/// What an order counts for; nothing for a draft.
pub(super) fn count(row: &OrderRow) -> Counted<Sums> {
    let order = &row.order;
    let placed_at = order.placed_at.filter(|_| order.kind == Kind::Order);
    let Some(placed_at) = placed_at else {
        return Vec::new();
    };
    let day = placed_at.to_offset(UtcOffset::UTC).date();
    let steps = steps(row, placed_at).into_iter();
    let counted = steps.filter_map(|(step, seconds)| {
        let seconds = seconds?;
        let key = Key {
            day,
            platform: order.platform.clone(),
            step: step.to_owned(),
            bucket: bucket(seconds),
        };
        Some((key, Sums { orders: 1, seconds }))
    });
    counted.collect()
}

/// The steps and how many seconds each took; none for those not taken.
fn steps(row: &OrderRow, placed_at: OffsetDateTime) -> [(&'static str, Option<i64>); 12] {
    let reached = &row.milestones;
    // What was recorded as done before the order was placed took no time.
    let since_placed = |to: Option<OffsetDateTime>| Some(seconds(placed_at, to?).max(0));
    // Taken the other way round, it is no step.
    let between = |from: Option<OffsetDateTime>, to: Option<OffsetDateTime>| {
        Some(seconds(from?, to?)).filter(|seconds| *seconds >= 0)
    };
    [
        ("placed", Some(0)),
        ("placed_confirmed", since_placed(reached.confirmed)),
        ("placed_paid", since_placed(reached.paid)),
        ("placed_shipped", since_placed(reached.shipped)),
        ("placed_delivered", since_placed(reached.delivered)),
        (
            "placed_return_requested",
            since_placed(reached.return_requested),
        ),
        ("placed_refunded", since_placed(reached.refunded)),
        ("placed_cancelled", since_placed(reached.cancelled)),
        ("paid_shipped", between(reached.paid, reached.shipped)),
        (
            "shipped_delivered",
            between(reached.shipped, reached.delivered),
        ),
        (
            "delivered_return_requested",
            between(reached.delivered, reached.return_requested),
        ),
        (
            "return_requested_refunded",
            between(reached.return_requested, reached.refunded),
        ),
    ]
}

/// Whole seconds on the clock, so that what is stored in microseconds gives
/// the same.
const fn seconds(from: OffsetDateTime, to: OffsetDateTime) -> i64 {
    to.unix_timestamp() - from.unix_timestamp()
}

/// The number of binary digits of `seconds`.
fn bucket(seconds: i64) -> i16 {
    let digits = i64::BITS - seconds.max(0).leading_zeros();
    i16::try_from(digits).unwrap_or(i16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_end_at_powers_of_two() {
        for (seconds, in_bucket) in [
            (0, 0),
            (1, 1),
            (2, 2),
            (3, 2),
            (4, 3),
            (3_600, 12),
            (i64::MAX, 63),
        ] {
            assert_eq!(bucket(seconds), in_bucket, "{seconds}");
        }
    }
}
