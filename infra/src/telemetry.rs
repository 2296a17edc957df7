//! Logs and metrics: both are global to a process by their nature, and set up
//! once.

use crate::{config::Config, slow_statements};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::{
    fs::File,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use tracing_subscriber::{
    EnvFilter, fmt, fmt::writer::BoxMakeWriter, layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Buckets of every histogram of seconds, from 0.5 ms to 30 s.
const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

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
        source: std::io::Error,
    },
    /// The metrics recorder cannot be built.
    #[error("metrics cannot be set up")]
    Metrics(#[from] BuildError),
}

/// Sends log lines to standard error and starts counting. The first call
/// decides; later ones change nothing.
pub fn init(config: &Config) -> Result<PrometheusHandle, TelemetryError> {
    let colours = std::io::stderr().is_terminal();
    init_to(config, BoxMakeWriter::new(std::io::stderr), colours)
}

/// The same with a file for the log lines, which is written anew.
pub fn init_to_file(config: &Config, path: &Path) -> Result<PrometheusHandle, TelemetryError> {
    let file = File::create(path).map_err(|source| TelemetryError::File {
        path: path.to_owned(),
        source,
    })?;
    init_to(config, BoxMakeWriter::new(file), false)
}

fn init_to(
    config: &Config,
    writer: BoxMakeWriter,
    colours: bool,
) -> Result<PrometheusHandle, TelemetryError> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| TelemetryError::Filter(config.log.clone(), error))?;
    slow_statements::begin(config);
    let lines = fmt().with_env_filter(filter).with_writer(writer);
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

/// Renders the metrics of this process; installs the recorder when nothing
/// has done so yet.
pub fn metrics() -> Result<PrometheusHandle, TelemetryError> {
    if let Some(handle) = METRICS.get() {
        return Ok(handle.clone());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets(SECONDS)?
        .build_recorder();
    let handle = recorder.handle();
    // Whoever was first keeps its recorder, and its handle is in the cell.
    if metrics::set_global_recorder(recorder).is_ok() {
        let _ = METRICS.set(handle.clone());
    }
    Ok(METRICS.get().unwrap_or(&handle).clone())
}
