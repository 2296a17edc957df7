//! How far an import is: a bar on a terminal, a line every few seconds
//! otherwise. Both go to standard error, so that standard output stays the
//! result.

use super::ledger::Ledger;
use super::summary::grouped;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle as BarStyle};
use std::{
    io::IsTerminal as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// How to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProgressStyle {
    /// A bar on a terminal, lines otherwise.
    #[default]
    Auto,
    /// Nothing.
    Hidden,
}

/// Between two refreshes of the bar.
const REFRESH: Duration = Duration::from_millis(200);
/// Between two lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Progress of one import, measured in bytes of the file as it lies on disk.
pub(super) struct Progress {
    shown: Shown,
    size: u64,
    consumed: Arc<AtomicU64>,
    begun: Instant,
}

enum Shown {
    Bar(ProgressBar),
    Lines { next: Instant },
    Nothing,
}

impl Progress {
    /// Progress through a file of `size` bytes, of which `consumed` are read.
    pub fn new(style: ProgressStyle, (size, consumed): (u64, Arc<AtomicU64>)) -> Self {
        let begun = Instant::now();
        let shown = match style {
            ProgressStyle::Hidden => Shown::Nothing,
            ProgressStyle::Auto if std::io::stderr().is_terminal() => Shown::Bar(bar(size)),
            ProgressStyle::Auto => Shown::Lines {
                next: begun + LINE_EVERY,
            },
        };
        Self {
            shown,
            size,
            consumed,
            begun,
        }
    }

    /// How often [`Self::show`] wants to be called.
    pub fn interval() -> tokio::time::Interval {
        let mut interval = tokio::time::interval(REFRESH);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        interval
    }

    /// Since when the import runs.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Shows the present state, where it is time to.
    pub fn show(&mut self, ledger: &Ledger, retries: u64) {
        let consumed = self.consumed.load(Ordering::Relaxed).min(self.size);
        let elapsed = self.begun.elapsed();
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.set_message(state(ledger, elapsed, retries));
                bar.set_position(consumed);
            }
            Shown::Lines { next } if Instant::now() < *next => {}
            Shown::Lines { next } => {
                *next += LINE_EVERY;
                let percent = consumed * 100 / self.size.max(1);
                let left = HumanDuration(time_left(elapsed, consumed, self.size));
                let state = state(ledger, elapsed, retries);
                eprintln!("{percent:>3} %  {state}, about {left:#} left");
            }
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
    let template = "{percent:>3} % [{wide_bar}] {msg}, {eta} left";
    // The template is ours; were it wrong, the default bar would do.
    if let Ok(style) = BarStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn state(ledger: &Ledger, elapsed: Duration, retries: u64) -> String {
    let done = ledger.dealt_with();
    let rate = done.invoices as f64 / elapsed.as_secs_f64().max(0.001);
    let (invoices, refused) = (grouped(done.invoices), grouped(ledger.refused().invoices));
    let repeated = match retries {
        0 => String::new(),
        retries => format!(", {} repeated", grouped(retries)),
    };
    format!("{invoices} invoices, {rate:.0}/s, {refused} refused{repeated}")
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn time_left(elapsed: Duration, consumed: u64, size: u64) -> Duration {
    let left = size.saturating_sub(consumed) as f64 / consumed.max(1) as f64;
    Duration::try_from_secs_f64(elapsed.as_secs_f64() * left).unwrap_or(Duration::MAX)
}
