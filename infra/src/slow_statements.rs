//! Statements of PostgreSQL that take long: a line in the log each, and a
//! metric. Both are of the process, like the log itself.
//!
//! The line is sqlx's own (`sqlx::query`, WARN): the statement as it was
//! written, with `$1` in the place of each value, its time, and its rows. No
//! value is in it, and so nothing personal.

use crate::config::Config;
use ::log::LevelFilter;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use std::{fmt, sync::OnceLock, time::Duration};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// Where sqlx writes.
const TARGET: &str = "sqlx::query";
/// The field that has the time of a slow statement, in seconds.
const ELAPSED: &str = "elapsed_secs";
const SECONDS: &str = "orderlog_slow_statement_seconds";

/// From when on a statement is slow; zero: never.
static SLOW_FROM: OnceLock<Duration> = OnceLock::new();

/// Tells the exporter what the name means.
pub(crate) fn describe_metrics() {
    metrics::describe_histogram!(SECONDS, "How long slow statements of PostgreSQL took");
}

/// Takes the threshold from the configuration. The first call decides.
pub(crate) fn begin(config: &Config) {
    let _first_decides = SLOW_FROM.set(Duration::from_millis(config.slow_statement_ms));
}

/// Sessions whose slow statements are logged.
pub(crate) fn logged(options: PgConnectOptions) -> PgConnectOptions {
    match SLOW_FROM.get() {
        Some(&Duration::ZERO) => options.log_slow_statements(LevelFilter::Off, Duration::ZERO),
        Some(&from) => options.log_slow_statements(LevelFilter::Warn, from),
        // A tool without a log.
        None => options,
    }
}

/// Counts the lines, as far as the log's filter lets them by.
pub(crate) struct Counter;

impl<S: Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let about = event.metadata();
        if about.target() != TARGET || *about.level() != Level::WARN {
            return;
        }
        let mut elapsed = Elapsed(None);
        event.record(&mut elapsed);
        if let Some(seconds) = elapsed.0 {
            metrics::histogram!(SECONDS).record(seconds);
        }
    }
}

struct Elapsed(Option<f64>);

impl Visit for Elapsed {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == ELAPSED {
            self.0 = Some(value);
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {}
}
