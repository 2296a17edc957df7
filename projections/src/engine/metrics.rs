//! What the projector counts.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram};

/// Records that Kafka delivered, for the first time or again.
pub(super) const DELIVERED: &str = "orderlog_projection_delivered_total";
/// Events that were the next ones of their aggregates.
pub(super) const APPLIED: &str = "orderlog_projection_applied_total";
/// Events that the rows held already.
pub(super) const SKIPPED: &str = "orderlog_projection_skipped_total";
/// Aggregates folded anew from the log because of a gap.
pub(super) const REFOLDED: &str = "orderlog_projection_refolded_total";
/// Rebuilds, by reason.
pub(super) const REBUILDS: &str = "orderlog_projection_rebuilds_total";
/// Builds that could not be made.
pub(super) const REBUILDS_FAILED: &str = "orderlog_projection_rebuilds_failed_total";
/// Whether the open build waits for somebody, by what for.
pub(super) const BUILD_WAITS: &str = "orderlog_projection_build_waits";
/// Records in one transaction.
pub(super) const BATCH: &str = "orderlog_projection_batch_size";
/// From the moment that an event was recorded until it was delivered: the oldest
/// one of each batch.
pub(super) const DELIVERY: &str = "orderlog_projection_delivery_seconds";
/// From then on until what the batch makes of the rows is committed.
pub(super) const APPLY: &str = "orderlog_projection_apply_seconds";
/// How far a partition is behind, in events; transaction markers are counted
/// until its end is reached.
pub(super) const LAG_EVENTS: &str = "orderlog_projection_lag_events";
/// The same in seconds: the age of the last applied event.
pub(super) const LAG_SECONDS: &str = "orderlog_projection_lag_seconds";

/// Tells the exporter what the names mean, and begins what is watched at zero:
/// of a count that begins with its first event, that event is no increase.
pub(super) fn describe(projection: &'static str) {
    describe_counter!(DELIVERED, "Records delivered, for the first time or again");
    describe_counter!(APPLIED, "Events applied, by projection");
    describe_counter!(SKIPPED, "Events skipped because the rows held them already");
    describe_counter!(
        REFOLDED,
        "Aggregates folded anew from the log because of a gap"
    );
    describe_counter!(REBUILDS, "Rebuilds, by projection and reason");
    describe_counter!(REBUILDS_FAILED, "Builds that could not be made");
    describe_gauge!(
        BUILD_WAITS,
        "1 while a build is held because of what it parks, or lacks an index that is refused"
    );
    describe_histogram!(BATCH, "Records applied in one transaction");
    describe_histogram!(
        DELIVERY,
        "Seconds from recording the oldest event of a batch to its delivery"
    );
    describe_histogram!(APPLY, "Seconds from the delivery of a batch to its commit");
    describe_gauge!(LAG_EVENTS, "Events that a partition is behind Kafka");
    describe_gauge!(
        LAG_SECONDS,
        "Age of the last applied event while a partition is behind"
    );
    counter!(REBUILDS_FAILED, "projection" => projection).increment(0);
}
