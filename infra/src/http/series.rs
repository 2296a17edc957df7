//! Requests as they are counted. A registry finds a series by its name and all its
//! labels, which have to be made for each question: so each thread keeps those that it
//! has met. There are few, as routes are counted by their patterns.

use actix_web::http::StatusCode;
use metrics::{Counter, Histogram};
use std::{cell::RefCell, collections::HashMap, time::Duration};

const REQUESTS: &str = "orderlog_http_requests_total";
const SECONDS: &str = "orderlog_http_request_duration_seconds";

thread_local! {
    /// By route.
    static SERIES: RefCell<HashMap<String, OfRoute>> = RefCell::default();
}

/// Tells the exporter what the names mean.
pub(super) fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests, by method, route and status");
    metrics::describe_histogram!(
        SECONDS,
        "Time from a request's head to its answer's head, by route"
    );
}

/// Counts a request of a route, and how long it took until there was an answer.
pub(super) fn count(method: &'static str, route: &str, status: StatusCode, took: Duration) {
    SERIES.with_borrow_mut(|all| {
        if let Some(series) = all.get_mut(route) {
            return series.count(method, route, status, took);
        }
        let mut series = OfRoute::new(route);
        series.count(method, route, status, took);
        all.insert(route.to_owned(), series);
    });
}

/// The series of a route.
struct OfRoute {
    seconds: Histogram,
    /// By method and status.
    requests: Vec<((&'static str, StatusCode), Counter)>,
}

impl OfRoute {
    fn new(route: &str) -> Self {
        Self {
            seconds: metrics::histogram!(SECONDS, "route" => route.to_owned()),
            requests: Vec::new(),
        }
    }

    fn count(&mut self, method: &'static str, route: &str, status: StatusCode, took: Duration) {
        self.seconds.record(took);
        let mut known = self.requests.iter();
        if let Some((_, requests)) = known.find(|(of, _)| *of == (method, status)) {
            return requests.increment(1);
        }
        let requests = metrics::counter!(
            REQUESTS,
            "method" => method,
            "route" => route.to_owned(),
            "status" => status.as_str().to_owned(),
        );
        requests.increment(1);
        self.requests.push(((method, status), requests));
    }
}
