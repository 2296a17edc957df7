//! Adds up what became of each item and writes the report.

use super::ImportError;
use super::item::{Handled, Verdict};
use super::report::Report;
use super::summary::{Counts, Summary};
use crate::ended::Ended;
use crate::progress::grouped;
use std::{collections::BTreeMap, time::Duration};

/// The running account of an import.
pub(super) struct Ledger {
    report: Option<Report>,
    imported: Counts,
    already_there: Counts,
    refused: Counts,
    refused_by_code: BTreeMap<String, Counts>,
    not_sent: Counts,
}

/// What the other parts know at the end.
pub(super) struct Closing {
    /// Counted where the file is read.
    pub read: Counts,
    /// Last line read.
    pub last_line: u64,
    /// How it ended.
    pub end: Ended,
    /// Whether nothing was to be stored.
    pub dry_run: bool,
    /// Requests repeated.
    pub retries: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Ledger {
    /// An empty account, with a report where one was asked for.
    pub fn new(report: Option<Report>) -> Self {
        Self {
            report,
            imported: Counts::default(),
            already_there: Counts::default(),
            refused: Counts::default(),
            refused_by_code: BTreeMap::new(),
            not_sent: Counts::default(),
        }
    }

    /// Enters one item; a refusal also goes into the report.
    pub async fn record(&mut self, handled: &Handled) -> Result<(), ImportError> {
        let counts = handled.counts();
        match &handled.verdict {
            Verdict::Created => self.imported += counts,
            Verdict::AlreadyThere => self.already_there += counts,
            Verdict::NotSent => self.not_sent += counts,
            Verdict::Refused(reason) => {
                self.refused += counts;
                *self
                    .refused_by_code
                    .entry(reason.code.to_string())
                    .or_default() += counts;
                if let Some(report) = &mut self.report {
                    report.refused(handled, reason).await?;
                }
            }
        }
        Ok(())
    }

    /// What has been dealt with until now.
    pub fn dealt_with(&self) -> Counts {
        let mut sum = self.imported;
        sum += self.already_there;
        sum += self.refused;
        sum
    }

    /// What has been dealt with until now, for people.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn state(&self, elapsed: Duration, retries: u64) -> String {
        let done = self.dealt_with();
        let rate = done.invoices as f64 / elapsed.as_secs_f64().max(0.001);
        let (invoices, refused) = (grouped(done.invoices), grouped(self.refused.invoices));
        let repeated = match retries {
            0 => String::new(),
            retries => format!(", {} repeated", grouped(retries)),
        };
        format!("{invoices} invoices, {rate:.0}/s, {refused} refused{repeated}")
    }

    /// Given up until now.
    pub const fn not_sent(&self) -> Counts {
        self.not_sent
    }

    /// Draws the line, holds it against what was read, and ends the report. A
    /// report that cannot be ended makes the import a failed one.
    pub async fn close(self, closing: Closing) -> Summary {
        let dealt_with = self.dealt_with();
        let mut sum = dealt_with;
        sum += self.not_sent;
        let seconds = closing.elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = dealt_with.invoices as f64 / seconds.max(0.001);
        let mut summary = Summary {
            adds_up: sum == closing.read,
            end: closing.end,
            dry_run: closing.dry_run,
            read: closing.read,
            last_line: closing.last_line,
            imported: self.imported,
            already_there: self.already_there,
            refused: self.refused,
            refused_by_code: self.refused_by_code,
            not_sent: self.not_sent,
            retries: closing.retries,
            elapsed_seconds: seconds,
            invoices_per_second: rate,
        };
        if let Some(report) = self.report
            && let Err(error) = report.close(&summary).await
            && !matches!(summary.end, Ended::Failed { .. })
        {
            summary.end = Ended::Failed {
                failure: infra::lifecycle::error_chain(&error),
            };
        }
        summary
    }
}
