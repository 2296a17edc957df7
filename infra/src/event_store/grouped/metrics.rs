//! What is measured about group commit.

use metrics::{counter, describe_counter, describe_histogram, histogram};
use std::time::Duration;

const COMMANDS: &str = "orderlog_append_batch_commands";
const SECONDS: &str = "orderlog_append_seconds";
const CONFLICTS: &str = "orderlog_append_conflicts_total";
const OVERLOADED: &str = "orderlog_append_overloaded_total";
const RETRIES: &str = "orderlog_append_retries_total";

/// Tells the exporter what the names mean, and begins counts at zero.
pub fn describe() {
    describe_histogram!(COMMANDS, "Commands joined into one INSERT");
    describe_histogram!(SECONDS, "Time from the begin of a batch to its commit");
    describe_counter!(CONFLICTS, "Appends whose stream had moved on");
    describe_counter!(OVERLOADED, "Appends refused because too many were waiting");
    describe_counter!(RETRIES, "Batches tried again after a database error");
    for name in [CONFLICTS, OVERLOADED, RETRIES] {
        counter!(name).increment(0);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "batches have thousands of commands at most"
)]
pub fn stored(commands: usize, took: Duration) {
    histogram!(COMMANDS).record(commands as f64);
    histogram!(SECONDS).record(took);
}

pub fn conflict() {
    counter!(CONFLICTS).increment(1);
}

pub fn overloaded() {
    counter!(OVERLOADED).increment(1);
}

pub fn retried() {
    counter!(RETRIES).increment(1);
}
