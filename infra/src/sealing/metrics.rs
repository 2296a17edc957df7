//! What is counted about keys.

use metrics::{counter, describe_counter};

/// Keys of new subjects.
const MADE: &str = "orderlog_subject_keys_made_total";
/// Queries for keys that were not in memory.
const LOADS: &str = "orderlog_subject_key_loads_total";
/// Personal data that was found erased when it was read.
const ERASED: &str = "orderlog_personal_data_erased_reads_total";

/// Tells the exporter what the names mean.
pub(super) fn describe() {
    describe_counter!(MADE, "Subject keys made by this process");
    describe_counter!(
        LOADS,
        "Queries for subject keys that were not in memory, any number of keys each"
    );
    describe_counter!(
        ERASED,
        "Personal data of events that was read and is erased"
    );
}

pub(super) fn made(keys: u64) {
    counter!(MADE).increment(keys);
}

pub(super) fn loaded() {
    counter!(LOADS).increment(1);
}

pub(super) fn erased() {
    counter!(ERASED).increment(1);
}
