//! What is counted of archiving.

use metrics::{counter, describe_counter};

const LOOKED_AT: &str = "orderlog_archive_orders_total";
/// What becomes of an order that is to be archived.
const RESULTS: [&str; 4] = ["archived", "repeated", "changed", "refused"];

/// Tells the exporter what the name means, and begins counts at zero.
pub fn describe() {
    describe_counter!(
        LOOKED_AT,
        "Orders that were to be archived, by what became of them"
    );
    for result in RESULTS {
        counted(result, 0);
    }
}

/// So many orders were.
pub fn counted(result: &'static str, orders: u64) {
    counter!(LOOKED_AT, "result" => result).increment(orders);
}
