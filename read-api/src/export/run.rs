//! An export under way: a task that writes it, and the channel that it comes out
//! of, whoever takes it there.

use super::{
    Format, Limits,
    error::ExportError,
    outlet::{Outlet, Piece, WAITING},
    sheet::Sheet,
};
use infra::{
    http::coding::{Coder, Coding, Effort},
    lifecycle::error_chain,
};
use metrics::Gauge;
use serde::Serialize;
use std::sync::{Arc, atomic::AtomicU64};
use time::OffsetDateTime;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, sleep},
};

/// The moment that an export is of.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    /// Everything of the log up to here is in it: what a stream goes on from.
    pub position: String,
    /// When it was read.
    #[serde(with = "time::serde::rfc3339")]
    pub as_of: OffsetDateTime,
}

/// What is exported, read row by row.
pub trait Source: Send + 'static {
    /// Writes all of it.
    fn write(self, outlet: &mut Outlet) -> impl Future<Output = Result<(), ExportError>> + Send;
}

/// An export that is about to begin.
pub struct Begin<S> {
    /// What it is of.
    pub name: &'static str,
    pub format: Format,
    pub moment: Moment,
    /// What it is written into.
    pub sheet: Sheet,
    /// What it is written from.
    pub source: S,
}

/// An export as it comes.
pub struct Running {
    pub moment: Moment,
    /// Rows that are written.
    pub rows: Arc<AtomicU64>,
    /// The export; closed, it ends.
    pub pieces: mpsc::Receiver<Piece>,
}

impl<S: Source> Begin<S> {
    /// Begins, in this coding; it has `turn` until it ends.
    ///
    /// # Errors
    /// Where there is no coder.
    pub fn run(
        self,
        coding: Option<Coding>,
        limits: Limits,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Result<Running, ExportError> {
        let coder = coding.map(|coding| Coder::new(coding, Effort::Export));
        let (pieces, taken) = mpsc::channel(WAITING + 1);
        // Room for why there is no end, whatever else waits.
        let last = pieces.clone().try_reserve_owned().ok();
        let mut outlet = Outlet::new(self.sheet, coder.transpose()?, pieces.clone(), limits);
        let rows = outlet.counter();
        let account = Account::begin(self.name, self.format, turn);
        let (source, moment) = (self.source, self.moment.clone());
        tokio::spawn(async move {
            let work = async {
                source.write(&mut outlet).await?;
                outlet.finish(&moment).await
            };
            let ended = tokio::select! {
                ended = Box::pin(work) => ended,
                () = pieces.closed() => Err(ExportError::Gone),
                () = sleep(limits.whole.time) => Err(ExportError::TooLong(limits.whole)),
            };
            account.end(&ended);
            if let (Err(error), Some(last)) = (ended, last) {
                last.send(Piece::Failed(error));
            }
        });
        Ok(Running {
            moment: self.moment,
            rows,
            pieces: taken,
        })
    }
}

/// What is counted of an export under way.
struct Account {
    name: &'static str,
    format: Format,
    began: Instant,
    gauge: Gauge,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Account {
    fn begin(name: &'static str, format: Format, turn: Option<OwnedSemaphorePermit>) -> Self {
        let gauge = metrics::gauge!("orderlog_exports_running", "export" => name);
        gauge.increment(1);
        Self {
            name,
            format,
            began: Instant::now(),
            gauge,
            _turn: turn,
        }
    }

    fn end(&self, ended: &Result<u64, ExportError>) {
        let (name, format) = (self.name, self.format.extension());
        let outcome = ended
            .as_ref()
            .map_or_else(ExportError::outcome, |_| "whole");
        metrics::counter!(
            "orderlog_exports_total", "export" => name, "format" => format, "outcome" => outcome
        )
        .increment(1);
        let seconds = self.began.elapsed().as_secs_f64();
        match ended {
            Ok(rows) => tracing::info!(export = name, format, rows, seconds, "export.whole"),
            Err(error) => {
                let error = error_chain(error);
                tracing::warn!(export = name, format, seconds, error, "export.cut_off");
            }
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.gauge.decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Longest;
    use std::time::Duration;
    use tokio::time::timeout;

    /// As much as anybody takes.
    struct Endless;

    impl Source for Endless {
        async fn write(self, outlet: &mut Outlet) -> Result<(), ExportError> {
            let line = vec![b'x'; 200 << 10];
            loop {
                outlet.sheet().line(&line);
                outlet.pass_on().await?;
            }
        }
    }

    #[tokio::test]
    async fn who_takes_nothing_learns_all_the_same_why_there_is_no_end() {
        let whole = Longest {
            time: Duration::from_millis(50),
            setting: "export_file_seconds",
        };
        let begin = Begin {
            name: "orders",
            format: Format::Ndjson,
            moment: Moment {
                position: String::new(),
                as_of: OffsetDateTime::UNIX_EPOCH,
            },
            sheet: Sheet::of_lines(),
            source: Endless,
        };
        let stall = Duration::from_hours(1);
        let running = begin.run(None, Limits { stall, whole }, None);
        let mut pieces = running.expect("it runs").pieces;
        let full = async {
            while pieces.len() <= WAITING {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(30), full).await.expect("full");
        for _ in 0..WAITING {
            assert!(matches!(pieces.recv().await, Some(Piece::Some(_))));
        }
        let last = pieces.recv().await;
        assert!(matches!(last, Some(Piece::Failed(ExportError::TooLong(_)))));
        assert!(pieces.recv().await.is_none());
    }
}
