//! What the metrics mean that are counted all over this crate.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram};

/// What came of waiting for a change, beside not having to.
const WAITS: [&str; 6] = [
    "not_waited",
    "parked",
    "reached",
    "stopped",
    "timed_out",
    "too_many",
];

/// Tells the exporter what the names mean, and begins what is watched at zero:
/// of a count that begins with its first event, that event is no increase.
pub fn describe() {
    describe_counter!(
        "orderlog_read_waits_total",
        "Reads that had to wait for a change, by what came of it"
    );
    describe_histogram!("orderlog_read_wait_seconds", "How long reads waited");
    describe_gauge!("orderlog_read_waiting", "Reads that wait for a change");
    describe_gauge!(
        "orderlog_read_lag_events",
        "Events that the orders are behind the log"
    );
    describe_gauge!(
        "orderlog_read_lag_seconds",
        "Seconds that the orders are behind the log"
    );
    describe_gauge!(
        "orderlog_views_lag_events",
        "Events that a partition of a projection is behind the log"
    );
    describe_gauge!(
        "orderlog_views_lag_seconds",
        "Age of the oldest event that a partition of a projection lacks"
    );
    describe_counter!("orderlog_views_reads_total", "Reads, by server and result");
    describe_gauge!(
        "orderlog_views_server_answers",
        "0 while a server of the views is left alone"
    );
    describe_gauge!(
        "orderlog_views_replica_lag_events",
        "Events that a replica is behind the log"
    );
    describe_gauge!(
        "orderlog_views_replica_lag_seconds",
        "Seconds that a replica is behind the log"
    );
    describe_gauge!("orderlog_sse_clients", "Clients that follow a stream");
    describe_counter!(
        "orderlog_sse_cut_total",
        "Clients that were cut off, being too slow"
    );
    describe_gauge!("orderlog_exports_running", "Streamed exports under way");
    describe_counter!(
        "orderlog_exports_total",
        "Streamed exports that ended, by outcome"
    );
    describe_counter!(
        "orderlog_export_downloads_total",
        "Downloads of files that were begun"
    );
    describe_counter!(
        "orderlog_parked_discarded_total",
        "Records that were discarded over HTTP"
    );
    for result in WAITS {
        counter!("orderlog_read_waits_total", "result" => result).increment(0);
    }
}
