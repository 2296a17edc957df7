//! What is counted of exports in the background.

use infra::exports::ExportKind;
use metrics::{counter, describe_counter, describe_histogram, histogram};
use std::time::Duration;

const FILES: &str = "orderlog_export_files_total";
const BYTES: &str = "orderlog_export_file_bytes_total";
const SECONDS: &str = "orderlog_export_file_seconds";
const REMOVED: &str = "orderlog_export_files_removed_total";

/// What became of an attempt to write a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is there.
    Written,
    /// It failed.
    Failed,
    /// It was told to end.
    Stopped,
    /// Nobody wanted it any more.
    Unwanted,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Written, Self::Failed, Self::Stopped, Self::Unwanted];

    const fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Unwanted => "unwanted",
        }
    }
}

/// Tells the exporter what the names mean, and begins counts at zero.
pub fn describe() {
    describe_counter!(FILES, "Attempts to write the file of an export, by outcome");
    describe_counter!(BYTES, "Bytes of files that were written");
    describe_histogram!(SECONDS, "How long writing a file took");
    describe_counter!(REMOVED, "Files of exports that were thrown away");
    for kind in ExportKind::ALL {
        for outcome in Outcome::ALL {
            counter!(FILES, "export" => kind.name(), "outcome" => outcome.name()).increment(0);
        }
        counter!(BYTES, "export" => kind.name()).increment(0);
    }
    counter!(REMOVED).increment(0);
}

/// An attempt has ended.
pub fn ended(kind: ExportKind, outcome: Outcome) {
    counter!(FILES, "export" => kind.name(), "outcome" => outcome.name()).increment(1);
}

/// A file of this size was written within this time.
pub fn written(kind: ExportKind, bytes: u64, took: Duration) {
    counter!(BYTES, "export" => kind.name()).increment(bytes);
    histogram!(SECONDS, "export" => kind.name()).record(took);
}

/// So many files were thrown away.
pub fn removed(files: u64) {
    counter!(REMOVED).increment(files);
}
