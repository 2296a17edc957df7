//! What came of making a shop, for scripts and for people.

use super::Arguments;
use crate::{ended::Ended, progress::grouped};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, ops::AddAssign, time::Duration};

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Carried out.
    Done,
    /// Carried out before, by such a run.
    AlreadyThere,
    /// What it makes is there, and was not made by this caller: what follows is
    /// not done a second time.
    Foreign,
    /// Refused.
    Refused {
        /// Stable code.
        code: String,
        /// The same for people.
        detail: String,
    },
    /// Not sent, or not confirmed, because it was stopped or failed.
    NotSent,
}

impl Verdict {
    /// Whether the story goes on.
    pub const fn goes_on(&self) -> bool {
        matches!(self, Self::Done | Self::AlreadyThere)
    }

    /// What becomes of the rest of a story that does not.
    pub const fn of_the_rest(&self) -> Self {
        match self {
            Self::Foreign => Self::AlreadyThere,
            _ => Self::NotSent,
        }
    }
}

/// Lines, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Carried out.
    pub done: u64,
    /// There already.
    pub already_there: u64,
    /// Refused.
    pub refused: u64,
    /// Not sent, or not confirmed.
    pub not_sent: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        self.already_there += other.already_there;
        self.refused += other.refused;
        self.not_sent += other.not_sent;
    }
}

/// Refusals under one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusals {
    /// How many lines.
    pub lines: u64,
    /// What one of them was told, and its command.
    pub example: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// How it ended.
    #[serde(flatten)]
    pub ended: Ended,
    /// What begins the external ids of its orders.
    pub set: String,
    /// Orders that were asked for; exchanges come beside them.
    pub orders: u64,
    /// The seed number.
    pub seed: u64,
    /// The first day on which nothing happens any more.
    pub until: String,
    /// All lines.
    pub lines: Counts,
    /// The same by command.
    pub by_op: BTreeMap<&'static str, Counts>,
    /// What was refused, by code.
    pub refused_by_code: BTreeMap<String, Refusals>,
    /// Requests that had to be repeated.
    pub retries: u64,
    /// Duration in seconds.
    pub elapsed_seconds: f64,
    /// Lines dealt with per second.
    pub lines_per_second: f64,
}

/// The running account.
#[derive(Default)]
pub struct Ledger {
    by_op: BTreeMap<&'static str, Counts>,
    refused: BTreeMap<String, Refusals>,
    lines: Counts,
}

impl Ledger {
    /// Enters a line.
    pub fn enter(&mut self, op: &'static str, verdict: Verdict) {
        let mut counts = Counts::default();
        match verdict {
            Verdict::Done => counts.done = 1,
            Verdict::AlreadyThere | Verdict::Foreign => counts.already_there = 1,
            Verdict::NotSent => counts.not_sent = 1,
            Verdict::Refused { code, detail } => {
                counts.refused = 1;
                let refusals = self.refused.entry(code).or_insert_with(|| Refusals {
                    lines: 0,
                    example: format!("{op}: {detail}"),
                });
                refusals.lines += 1;
            }
        }
        *self.by_op.entry(op).or_default() += counts;
        self.lines += counts;
    }

    /// How far it is, for people.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn state(&self, elapsed: Duration, retries: u64) -> String {
        let dealt_with = self.lines.done + self.lines.already_there + self.lines.refused;
        let rate = dealt_with as f64 / elapsed.as_secs_f64().max(0.001);
        let (lines, refused) = (grouped(dealt_with), grouped(self.lines.refused));
        let repeated = match retries {
            0 => String::new(),
            retries => format!(", {} repeated", grouped(retries)),
        };
        format!("{lines} lines, {rate:.0}/s, {refused} refused{repeated}")
    }

    /// Draws the line.
    pub fn close(
        self,
        arguments: Arguments,
        set: &str,
        ended: Ended,
        (elapsed, retries): (Duration, u64),
    ) -> Summary {
        let dealt_with = self.lines.done + self.lines.already_there + self.lines.refused;
        let seconds = elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = dealt_with as f64 / seconds.max(0.001);
        Summary {
            ended,
            set: set.to_owned(),
            orders: arguments.orders,
            seed: arguments.seed,
            until: arguments.until.to_string(),
            lines: self.lines,
            by_op: self.by_op,
            refused_by_code: self.refused,
            retries,
            elapsed_seconds: seconds,
            lines_per_second: rate,
        }
    }
}

impl Summary {
    /// Whether everything was sent and nothing refused.
    pub fn succeeded(&self) -> bool {
        self.ended == Ended::Complete && self.lines.refused == 0
    }

    fn closing(&self) -> String {
        let again = "the same arguments, --until among them, go on: what is there stays as it is.";
        match &self.ended {
            Ended::Complete if self.lines.refused > 0 => {
                "NOT EVERYTHING WAS TAKEN: see the codes above.".to_owned()
            }
            Ended::Complete if self.lines.done == 0 => {
                "Nothing changed: everything was already there.".to_owned()
            }
            Ended::Complete => format!("Complete: orders {}-1 to {0}-{}.", self.set, self.orders),
            Ended::Stopped => format!("Stopped: {again}"),
            Ended::Failed { failure } => format!("Failed: {failure}. Later, {again}"),
        }
    }
}

impl fmt::Display for Summary {
    /// The table that ends a run on screen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, done, there) = ("", "done", "already there");
        writeln!(f, "{name:<28}{done:>12}{there:>15}{:>10}", "refused")?;
        for (op, counts) in &self.by_op {
            row(f, op, counts)?;
        }
        row(f, "all", &self.lines)?;
        for (code, refusals) in &self.refused_by_code {
            let lines = grouped(refusals.lines);
            writeln!(
                f,
                "refused {code} {lines} times, such as {}",
                refusals.example
            )?;
        }
        if self.lines.not_sent > 0 {
            writeln!(f, "{} lines were not sent.", grouped(self.lines.not_sent))?;
        }
        writeln!(
            f,
            "{:.1} s, {:.0} lines/s, {} requests repeated.",
            self.elapsed_seconds, self.lines_per_second, self.retries
        )?;
        f.write_str(&self.closing())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, counts: &Counts) -> fmt::Result {
    let (done, there) = (grouped(counts.done), grouped(counts.already_there));
    let refused = grouped(counts.refused);
    writeln!(f, "{name:<28}{done:>12}{there:>15}{refused:>10}")
}
