//! What is counted of warming up.

use metrics::{counter, describe_counter, describe_histogram, histogram};
use std::time::Duration;

const QUESTIONS: &str = "orderlog_statistics_warm_up_questions_total";
const SECONDS: &str = "orderlog_statistics_warm_up_seconds";

/// Tells the exporter what the names mean, and begins counts at zero.
pub fn describe() {
    describe_counter!(
        QUESTIONS,
        "Statistics that were asked for to have them ready, by what the cache had"
    );
    describe_histogram!(SECONDS, "How long a run of the warm-up took");
    for result in ["computed", "fresh", "failed"] {
        asked(result, 0);
    }
}

/// So many questions came to this.
pub fn asked(result: &'static str, questions: u64) {
    counter!(QUESTIONS, "result" => result).increment(questions);
}

/// A run took so long.
pub fn took(time: Duration) {
    histogram!(SECONDS).record(time.as_secs_f64());
}
