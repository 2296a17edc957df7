//! How far a replay is, on standard error: a bar on a terminal, a line every few
//! seconds otherwise.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{io::IsTerminal as _, time::Duration};
use tokio::time::Instant;

/// Between two lines.
const LINE_EVERY: Duration = Duration::from_secs(5);
const BAR: &str = "{percent:>3} % [{wide_bar}] {msg}, {eta} left";
const SPINNER: &str = "{spinner} {msg}";

/// Measured in positions of the log, which have gaps: an estimate.
pub struct Progress {
    shown: Shown,
    first: i64,
    last: Option<i64>,
    written: u64,
    begun: Instant,
}

enum Shown {
    Bar(ProgressBar),
    Lines { next: Instant },
}

impl Progress {
    /// From position `first` on; without `last`, for as long as it takes.
    pub fn new(first: i64, last: Option<i64>) -> Self {
        let begun = Instant::now();
        let length = last.map(|last| last.saturating_sub(first).max(0).unsigned_abs());
        let shown = if std::io::stderr().is_terminal() {
            Shown::Bar(bar(length))
        } else {
            Shown::Lines {
                next: begun + LINE_EVERY,
            }
        };
        Self {
            shown,
            first,
            last,
            written: 0,
            begun,
        }
    }

    /// One more event was written.
    pub const fn written(&mut self) {
        self.written += 1;
    }

    /// Shows that the log was read up to `position`, where it is time to.
    pub fn show(&mut self, position: i64) {
        let now = Instant::now();
        let done = position.saturating_sub(self.first).max(0).unsigned_abs();
        let state = self.state();
        match &mut self.shown {
            Shown::Lines { next } if now < *next => {}
            Shown::Lines { next } => {
                *next = now + LINE_EVERY;
                let whole = self.last.map(|last| last.saturating_sub(self.first));
                let percent = whole.map_or(String::new(), |whole| {
                    let whole = whole.max(1).unsigned_abs();
                    format!("{:>3} %  ", (done.min(whole)) * 100 / whole)
                });
                eprintln!("replay: {percent}{state}");
            }
            Shown::Bar(bar) => {
                bar.set_position(done);
                bar.set_message(state);
            }
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn state(&self) -> String {
        let rate = self.written as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
        format!("{} events, {rate:.0}/s", self.written)
    }
}

fn bar(length: Option<u64>) -> ProgressBar {
    let template = if length.is_some() { BAR } else { SPINNER };
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    // The template is ours; were it wrong, the default bar would do.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
