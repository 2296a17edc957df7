//! How far something is that takes a while: a bar on a terminal, a line every
//! few seconds otherwise. Both go to standard error, so that standard output
//! stays the result.

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

/// Progress of one run, in whatever its size is measured in.
pub struct Progress {
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
    /// Progress through `size` of something, of which `consumed` are done.
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

    /// For how long it has run.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Shows the present state, where it is time to: as `state` tells it of the
    /// time until now.
    pub fn show(&mut self, state: impl FnOnce(Duration) -> String) {
        let consumed = self.consumed.load(Ordering::Relaxed).min(self.size);
        let elapsed = self.begun.elapsed();
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.set_message(state(elapsed));
                bar.set_position(consumed);
            }
            Shown::Lines { next } if Instant::now() < *next => {}
            Shown::Lines { next } => {
                *next += LINE_EVERY;
                let percent = consumed * 100 / self.size.max(1);
                let left = HumanDuration(time_left(elapsed, consumed, self.size));
                let state = state(elapsed);
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

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn time_left(elapsed: Duration, consumed: u64, size: u64) -> Duration {
    let left = size.saturating_sub(consumed) as f64 / consumed.max(1) as f64;
    Duration::try_from_secs_f64(elapsed.as_secs_f64() * left).unwrap_or(Duration::MAX)
}

/// A number with thousands separated by commas.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(541_909), "541,909");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }
}
