//! What the queue counts.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::{collections::BTreeSet, time::Duration};

const OLDEST: &str = "orderlog_jobs_oldest_due_age_seconds";
const RUNNING: &str = "orderlog_jobs_running";
const ENDED: &str = "orderlog_jobs_ended_total";
const RECOVERED: &str = "orderlog_jobs_recovered_total";
const ANNOUNCED: &str = "orderlog_jobs_announced_by_sweeper_total";
const TAKEN: &str = "orderlog_jobs_taken_total";
const SECONDS: &str = "orderlog_job_seconds";
const SUCCEEDED: &str = "orderlog_schedule_last_success_timestamp_seconds";
const WAITED: &str = "orderlog_job_wait_seconds";

/// How an attempt ended, as it is counted.
pub const ENDS: [&str; 6] = ["done", "retried", "snoozed", "dead", "cancelled", "lost"];

/// Tells the exporter what the names mean, and begins every count of a kind at
/// zero.
pub fn describe<'a>(kinds: impl Iterator<Item = &'a str>) {
    describe_gauge!(OLDEST, "How long the oldest due job of a queue has waited");
    describe_gauge!(RUNNING, "Jobs that this process is carrying out, by queue");
    describe_gauge!(
        SUCCEEDED,
        "When the last run of a schedule was done that was, in seconds since 1970"
    );
    describe_counter!(ENDED, "Attempts at jobs that ended, by kind and how");
    describe_counter!(RECOVERED, "Jobs taken from workers that were gone");
    describe_counter!(ANNOUNCED, "Jobs that sweepers told Redis of");
    describe_counter!(
        TAKEN,
        "Jobs that were taken, by queue and how they were found"
    );
    describe_histogram!(SECONDS, "How long attempts at jobs took, by kind");
    describe_histogram!(WAITED, "How long jobs were due before they were taken");
    for kind in kinds {
        for how in ENDS {
            ended(kind, how, 0);
        }
    }
    counter!(RECOVERED).increment(0);
    counter!(ANNOUNCED).increment(0);
}

/// An attempt took so long.
pub fn took(kind: &str, time: Duration) {
    histogram!(SECONDS, "kind" => kind.to_owned()).record(time.as_secs_f64());
}

/// Attempts ended like this.
pub fn ended(kind: &str, how: &'static str, count: u64) {
    counter!(ENDED, "kind" => kind.to_owned(), "how" => how).increment(count);
}

/// A queue has so many jobs under way here.
pub fn running(queue: &str, count: usize) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    gauge!(RUNNING, "queue" => queue.to_owned()).set(f64::from(count));
}

/// A job was taken; `how` it was found: `announced`, or in the `ledger`.
pub fn taken(queue: &str, how: &'static str, waited: f64) {
    counter!(TAKEN, "queue" => queue.to_owned(), "how" => how).increment(1);
    histogram!(WAITED, "queue" => queue.to_owned()).record(waited.max(0.0));
}

/// Jobs were taken from workers that are gone.
pub fn recovered(count: usize) {
    counter!(RECOVERED).increment(u64::try_from(count).unwrap_or(u64::MAX));
}

/// Redis was told of so many jobs by a sweeper.
pub fn announced(count: usize) {
    counter!(ANNOUNCED).increment(u64::try_from(count).unwrap_or(u64::MAX));
}

/// How long the oldest due job of each queue has waited; of `known` queues
/// that are not told of, nothing waits.
pub fn oldest(known: &mut BTreeSet<String>, oldest: &[(String, f64)]) {
    known.extend(oldest.iter().map(|(queue, _)| queue.clone()));
    for queue in &*known {
        let found = oldest.iter().find(|(name, _)| name == queue);
        let seconds = found.map_or(0.0, |(_, seconds)| *seconds);
        gauge!(OLDEST, "queue" => queue.clone()).set(seconds);
    }
}

/// When the last runs of schedules were done, in seconds since 1970. What is not
/// told of stays as it was: a run is under way, or has failed.
pub fn succeeded(schedules: &[(String, f64)]) {
    for (schedule, at) in schedules {
        gauge!(SUCCEEDED, "schedule" => schedule.clone()).set(*at);
    }
}
