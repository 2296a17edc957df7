//! What is counted of it.

use metrics::{describe_counter, describe_gauge};
use std::collections::BTreeMap;

const PARKED: &str = "orderlog_parked_orders";
const PARKINGS: &str = "orderlog_parked_total";
const REDRIVES: &str = "orderlog_redrives_total";

/// Tells the exporter what the names mean, and begins the count at zero.
pub fn describe(projection: &'static str) {
    describe_gauge!(PARKED, "Orders that wait, by projection and partition");
    describe_counter!(PARKINGS, "Orders that were parked");
    describe_counter!(REDRIVES, "Orders that were driven again, by result");
    count(projection, 0);
}

/// Counts orders that were parked.
pub fn count(projection: &'static str, parked: u64) {
    metrics::counter!(PARKINGS, "projection" => projection).increment(parked);
}

/// Counts an order that was driven again.
pub fn redriven(projection: &'static str, result: &'static str) {
    metrics::counter!(REDRIVES, "projection" => projection, "result" => result).increment(1);
}

/// Says how many wait in each partition of ours.
pub fn standing<'a>(
    projection: &'static str,
    partitions: impl Iterator<Item = &'a i32>,
    counts: &BTreeMap<i32, i64>,
) {
    for partition in partitions {
        set(projection, *partition, counts.get(partition).copied());
    }
}

/// Nobody may be shown what is another worker's.
pub fn revoked<'a>(projection: &'static str, partitions: impl Iterator<Item = &'a i32>) {
    for partition in partitions {
        set(projection, *partition, None);
    }
}

fn set(projection: &'static str, partition: i32, parked: Option<i64>) {
    let labels = [
        ("projection", projection.to_owned()),
        ("partition", partition.to_string()),
    ];
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge: 2^53 orders are enough"
    )]
    metrics::gauge!(PARKED, &labels).set(parked.unwrap_or_default() as f64);
}
