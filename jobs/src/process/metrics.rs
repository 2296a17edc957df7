//! What the worker counts.

use super::step::{Kind, Step};
use metrics::{counter, describe_counter, describe_gauge, gauge};

const EVENTS: &str = "orderlog_process_events_total";
const SCHEDULED: &str = "orderlog_process_steps_scheduled_total";
const DONE: &str = "orderlog_process_steps_done_total";
const REFUSED: &str = "orderlog_process_steps_refused_total";
const RETRIED: &str = "orderlog_process_steps_retried_total";
const OLDEST: &str = "orderlog_process_oldest_due_step_age_seconds";
const LAG: &str = "orderlog_process_lag_events";

/// Tells the exporter what the names mean, and begins every count of a kind at
/// zero.
pub fn describe() {
    describe_counter!(EVENTS, "Events that process managers have seen, by effect");
    describe_counter!(SCHEDULED, "Steps scheduled by process managers, by kind");
    describe_counter!(DONE, "Steps that were carried out, by kind");
    describe_counter!(REFUSED, "Steps that the command API refused, by kind");
    describe_counter!(RETRIED, "Attempts at steps that have to be repeated");
    describe_gauge!(OLDEST, "How long the oldest due step has been due");
    describe_gauge!(LAG, "Events that the process managers are behind Kafka");
    for kind in Kind::ALL {
        for name in [SCHEDULED, DONE, REFUSED, RETRIED] {
            counter!(name, "kind" => kind.as_str()).increment(0);
        }
    }
}

/// A batch was written.
pub fn written(new: u64, known: u64, steps: &[Step]) {
    counter!(EVENTS, "effect" => "new").increment(new);
    counter!(EVENTS, "effect" => "known").increment(known);
    for step in steps {
        counter!(SCHEDULED, "kind" => step.kind.as_str()).increment(1);
    }
}

/// A step was carried out.
pub fn done(kind: &str) {
    counter!(DONE, "kind" => kind.to_owned()).increment(1);
}

/// A step was refused.
pub fn refused(kind: &str) {
    counter!(REFUSED, "kind" => kind.to_owned()).increment(1);
}

/// A step has to be tried again.
pub fn retried(kind: &str) {
    counter!(RETRIED, "kind" => kind.to_owned()).increment(1);
}

/// The oldest due step has been due for so many seconds.
pub fn oldest(seconds: f64) {
    gauge!(OLDEST).set(seconds);
}

/// A partition is so many events behind.
pub fn lag(partition: i32, events: i64) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge: 2^53 events are enough"
    )]
    gauge!(LAG, "partition" => partition.to_string()).set(events as f64);
}
