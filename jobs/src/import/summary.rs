//! The result of an import, for scripts and for people.

use crate::{ended::Ended, progress::grouped};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, ops::AddAssign};

/// A number of invoices and of the file's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Invoices.
    pub invoices: u64,
    /// Lines, the header not counted.
    pub lines: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.invoices += other.invoices;
        self.lines += other.lines;
    }
}

/// What an import did. Everything that was read is in exactly one of
/// `imported`, `already_there`, `refused` and `not_sent`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// How it ended.
    #[serde(flatten)]
    pub end: Ended,
    /// Whether nothing was to be stored: then what is said to be imported would
    /// be.
    pub dry_run: bool,
    /// Invoices and lines read from the file.
    pub read: Counts,
    /// Number of the last line read, the header being line 1.
    pub last_line: u64,
    /// Stored by this import.
    pub imported: Counts,
    /// Stored before, with equal content.
    pub already_there: Counts,
    /// Refused, by the system or before sending.
    pub refused: Counts,
    /// The same by reason code.
    pub refused_by_code: BTreeMap<String, Counts>,
    /// Read, but not sent or not confirmed, because the import ended early.
    pub not_sent: Counts,
    /// Whether the four add up to what was read.
    pub adds_up: bool,
    /// Requests that had to be repeated.
    pub retries: u64,
    /// Duration in seconds.
    pub elapsed_seconds: f64,
    /// Invoices dealt with per second.
    pub invoices_per_second: f64,
}

impl Summary {
    /// Whether the whole file was dealt with and the counts add up.
    pub fn succeeded(&self) -> bool {
        self.end == Ended::Complete && self.adds_up
    }

    fn closing(&self) -> String {
        let dealt_with = self.imported.invoices + self.already_there.invoices;
        match &self.end {
            Ended::Complete if self.dry_run => "Dry run: nothing was stored.".to_owned(),
            Ended::Complete if self.imported.invoices == 0 && dealt_with > 0 => {
                "Nothing changed: every invoice that is not refused was already there.".to_owned()
            }
            Ended::Complete => "Complete.".to_owned(),
            Ended::Stopped => format!(
                "Stopped after line {}. Run the same command again to go on: what is there stays as it is.",
                grouped(self.last_line)
            ),
            Ended::Failed { failure } => format!(
                "Failed after line {}: {failure}. What is there stays as it is; the same command goes on.",
                grouped(self.last_line)
            ),
        }
    }
}

impl fmt::Display for Summary {
    /// The table that ends an import on screen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28}{:>12}{:>14}", "", "invoices", "lines")?;
        let imported = if self.dry_run {
            "would be imported"
        } else {
            "imported"
        };
        row(f, imported, self.imported)?;
        row(f, "already there", self.already_there)?;
        row(f, "refused", self.refused)?;
        for (code, counts) in &self.refused_by_code {
            row(f, &format!("  {code}"), *counts)?;
        }
        if self.not_sent != Counts::default() {
            row(f, "not sent", self.not_sent)?;
        }
        row(f, "read", self.read)?;
        let check = if self.adds_up {
            "The rows add up to what was read."
        } else {
            "THE ROWS DO NOT ADD UP TO WHAT WAS READ."
        };
        writeln!(f, "{check}")?;
        writeln!(
            f,
            "{:.1} s, {:.0} invoices/s, {} requests repeated.",
            self.elapsed_seconds, self.invoices_per_second, self.retries
        )?;
        f.write_str(&self.closing())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, counts: Counts) -> fmt::Result {
    let (invoices, lines) = (grouped(counts.invoices), grouped(counts.lines));
    writeln!(f, "{name:<28}{invoices:>12}{lines:>14}")
}
