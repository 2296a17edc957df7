//! Logs and metrics: both are global to a process by their nature, and set up
//! once.

use crate::{
    clock, config::Config, http, log_lines::Lines, postgres, redis, slow_statements, traces,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    fs::File,
    io::{self, IsTerminal as _, Write},
    panic::{set_hook, take_hook},
    path::{Path, PathBuf},
    sync::OnceLock,
};
use time::OffsetDateTime;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Buckets of every histogram that is not named below, in seconds: what a client
/// waits for.
const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// Of what happens in the background, in seconds, up to the six hours that a file
/// may take.
const LONG_SECONDS: &[f64] = &[
    0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 10_800.0, 21_600.0,
];
/// Of what is counted in pieces, up to what may wait for the log.
const PIECES: &[f64] = &[
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0,
];
const OTHER_BUCKETS: [(&str, &[f64]); 6] = [
    ("orderlog_append_batch_commands", PIECES),
    ("orderlog_export_file_seconds", LONG_SECONDS),
    ("orderlog_job_seconds", LONG_SECONDS),
    ("orderlog_job_wait_seconds", LONG_SECONDS),
    ("orderlog_projection_batch_size", PIECES),
    ("orderlog_statistics_warm_up_seconds", LONG_SECONDS),
];
const BUILD: &str = "orderlog_build_info";
const START_TIME: &str = "orderlog_start_time_seconds";

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
static LINES: OnceLock<Lines> = OnceLock::new();

/// Telemetry cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log` is not a filter.
    #[error("the log filter {0:?} cannot be read")]
    Filter(String, #[source] tracing_subscriber::filter::ParseError),
    /// The file for the log cannot be written.
    #[error("the log file {} cannot be written", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing can be begun that writes log lines.
    #[error("the log cannot be written")]
    Lines(#[from] io::Error),
    /// The metrics recorder cannot be built.
    #[error("metrics cannot be set up")]
    Metrics(#[from] BuildError),
}

/// Sends log lines to standard error and starts counting. The first call
/// decides; later ones change nothing.
pub fn init(config: &Config) -> Result<PrometheusHandle, TelemetryError> {
    let colours = io::stderr().is_terminal();
    init_to(config, io::stderr(), colours)
}

/// The same with a file for the log lines, which is written anew.
pub fn init_to_file(config: &Config, path: &Path) -> Result<PrometheusHandle, TelemetryError> {
    let file = File::create(path).map_err(|source| TelemetryError::File {
        path: path.to_owned(),
        source,
    })?;
    init_to(config, file, false)
}

fn init_to(
    config: &Config,
    out: impl Write + Send + 'static,
    colours: bool,
) -> Result<PrometheusHandle, TelemetryError> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| TelemetryError::Filter(config.log.clone(), error))?;
    slow_statements::begin(config);
    let writer = Lines::new(out, http::REQUESTS)?;
    let lines = fmt().with_env_filter(filter).with_writer(writer.clone());
    // Another one has no lines to write.
    let _first_decides = LINES.set(writer);
    // An error means that somebody has set one up before.
    let _already = if config.log_json {
        let lines = lines.json().flatten_event(true).finish();
        lines.with(slow_statements::Counter).try_init()
    } else {
        let lines = lines.with_ansi(colours).finish();
        lines.with(slow_statements::Counter).try_init()
    };
    metrics()
}

/// Writes what waits of the log: before a process ends.
pub fn end() {
    if let Some(lines) = LINES.get() {
        lines.write_out();
    }
}

/// While it is there, no way in which the process may end takes log lines along that
/// wait: they are written before a panic is told, and when this is dropped. Whoever
/// leaves by [`std::process::exit`] calls [`end`] before.
#[must_use = "it writes when it is dropped"]
#[derive(Debug)]
pub struct Ending(fn());

impl Ending {
    /// From now on.
    pub fn begin() -> Self {
        Self::by(end)
    }

    fn by(write: fn()) -> Self {
        let told = take_hook();
        set_hook(Box::new(move |panic| {
            write();
            told(panic);
        }));
        Self(write)
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Renders the metrics of this process; installs the recorder when nothing
/// has done so yet.
pub fn metrics() -> Result<PrometheusHandle, TelemetryError> {
    if let Some(handle) = METRICS.get() {
        return Ok(handle.clone());
    }
    let mut builder = PrometheusBuilder::new().set_buckets(SECONDS)?;
    for (name, buckets) in OTHER_BUCKETS {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)?;
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // Whoever was first keeps its recorder, and its handle is in the cell.
    if metrics::set_global_recorder(recorder).is_ok() {
        let _ = METRICS.set(handle.clone());
        describe();
    }
    Ok(METRICS.get().unwrap_or(&handle).clone())
}

/// What every process measures.
fn describe() {
    metrics::describe_gauge!(START_TIME, "When this process began, in seconds since 1970");
    let now = clock::now() - OffsetDateTime::UNIX_EPOCH;
    metrics::gauge!(START_TIME).set(now.as_seconds_f64());
    metrics::describe_gauge!(BUILD, "Always 1: of which release this process is");
    metrics::gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    http::describe_metrics();
    postgres::describe_metrics();
    redis::describe_metrics();
    slow_statements::describe_metrics();
    traces::describe_metrics();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        cell::Cell,
        panic::{catch_unwind, resume_unwind},
        thread,
    };

    thread_local! {
        static WRITTEN: Cell<u32> = const { Cell::new(0) };
    }

    fn write() {
        WRITTEN.set(WRITTEN.get() + 1);
    }

    #[test]
    fn what_waits_is_written_at_a_panic_and_after_it() {
        let failed: thread::Result<()> = catch_unwind(|| {
            let _ending = Ending::by(write);
            assert_eq!(WRITTEN.get(), 0);
            resume_unwind(Box::new(()));
        });
        assert!(failed.is_err());
        assert_eq!(WRITTEN.get(), 1, "dropped: nobody was told of a panic");
        let failed: thread::Result<()> = catch_unwind(|| {
            let _ending = Ending::by(write);
            panic!("for the hook to tell");
        });
        assert!(failed.is_err());
        // Both hooks, and once more in the end.
        assert_eq!(WRITTEN.get(), 4);
    }
}
