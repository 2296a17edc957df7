//! What is counted of operations.

use infra::operations::{Counts, OperationState};
use metrics::{counter, describe_counter};

const ENDED: &str = "orderlog_operations_ended_total";
const LINES: &str = "orderlog_operation_lines_total";

/// Tells the exporter what the names mean, and begins counts at zero.
pub fn describe() {
    describe_counter!(ENDED, "Operations that came to their end, by state");
    describe_counter!(LINES, "Lines of operations whose result is kept, by result");
    for state in OperationState::ALL.iter().filter(|state| state.is_end()) {
        counter!(ENDED, "state" => state.name()).increment(0);
    }
    for result in ["succeeded", "failed"] {
        counter!(LINES, "result" => result).increment(0);
    }
}

/// An operation has come to its end.
pub fn ended(state: OperationState) {
    counter!(ENDED, "state" => state.name()).increment(1);
}

/// Results are kept.
pub fn kept(counts: &Counts) {
    counter!(LINES, "result" => "succeeded").increment(counts.succeeded.cast_unsigned());
    counter!(LINES, "result" => "failed").increment(counts.failed.cast_unsigned());
}
