//! What is counted of webhooks.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

const ATTEMPTS: &str = "orderlog_webhook_attempts_total";
const SECONDS: &str = "orderlog_webhook_request_seconds";
const DISABLED: &str = "orderlog_webhook_endpoints_disabled_total";
const RESTING: &str = "orderlog_webhook_endpoints_resting_total";
const ENDPOINTS: &str = "orderlog_webhook_endpoints";
const WAITING: &str = "orderlog_webhook_endpoints_waiting";

/// Tells the exporter what the names mean, and begins counts at zero.
pub fn describe() {
    describe_counter!(ATTEMPTS, "Requests to webhook endpoints, by outcome");
    describe_histogram!(SECONDS, "How long requests to webhook endpoints took");
    describe_counter!(
        DISABLED,
        "Endpoints that were disabled by what they answered"
    );
    describe_counter!(RESTING, "How often an endpoint was left alone as it failed");
    describe_gauge!(ENDPOINTS, "Endpoints, by state: enabled, resting, disabled");
    describe_gauge!(
        WAITING,
        "Endpoints that have something due and nobody to send it"
    );
    for outcome in ["delivered", "failed"] {
        counter!(ATTEMPTS, "outcome" => outcome).increment(0);
    }
    counter!(DISABLED).increment(0);
    counter!(RESTING).increment(0);
}

/// A request has ended.
pub fn attempted(delivered: bool, took: Duration) {
    let outcome = if delivered { "delivered" } else { "failed" };
    counter!(ATTEMPTS, "outcome" => outcome).increment(1);
    histogram!(SECONDS).record(took);
}

/// An endpoint was disabled.
pub fn disabled() {
    counter!(DISABLED).increment(1);
}

/// An endpoint is left alone.
pub fn rests() {
    counter!(RESTING).increment(1);
}

/// So many endpoints wait for a job.
pub fn waiting(endpoints: usize) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    gauge!(WAITING).set(endpoints as f64);
}

/// So many endpoints are in a state.
pub fn endpoints(state: &'static str, endpoints: i64) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    gauge!(ENDPOINTS, "state" => state).set(endpoints as f64);
}
