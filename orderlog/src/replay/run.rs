//! A replay from its beginning to its end.

use super::{
    args::{Place, ReplayArgs},
    bounds::{End, beginning},
    lines::ReaderGone,
    output::Output,
    pace::Pace,
    progress::Progress,
    resume::{Reached, Resume},
    selection::Selection,
    trailer::{Ended, Trailer},
};
use crate::mapping::Mapping;
use anyhow::Context as _;
use contracts::{LogPosition, topics::ORDERS};
use infra::{
    config::Config,
    epoch,
    log::{
        ContractMapping as _, Horizon, LogHints, LogPager, LogReader, StoredEvent, check_resumable,
    },
    postgres::{self, is_connection_error},
};
use sqlx::PgPool;
use std::{process::ExitCode, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// A page, and the hints of --follow.
const CONNECTIONS: u32 = 2;
/// How often it is remembered how far a replay came.
const SAVE_EACH: Duration = Duration::from_secs(1);
/// With --follow the log is looked at so often, hint or not.
const LOOK_EACH: Duration = Duration::from_millis(100);
/// With --follow a log that is away is asked again after this.
const RETRY: Duration = Duration::from_secs(1);

/// Replays until the end or until `stop` is cancelled.
///
/// # Errors
/// When it cannot begin, and when a server fails meanwhile. What was remembered
/// is true in either case.
pub async fn run(
    args: ReplayArgs,
    config: &Config,
    stop: CancellationToken,
) -> anyhow::Result<ExitCode> {
    match Box::pin(replayed(args, config, &stop)).await {
        Ok(Trailer {
            cut_short: true, ..
        }) => Ok(ExitCode::FAILURE),
        Ok(_) => Ok(ExitCode::SUCCESS),
        // As `head` does it: it has had enough.
        Err(error) if error.is::<ReaderGone>() => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    }
}

async fn replayed(
    args: ReplayArgs,
    config: &Config,
    stop: &CancellationToken,
) -> anyhow::Result<Trailer> {
    let log = epoch::pool(&config.events_url, CONNECTIONS)?;
    let present = epoch::check(&log).await?;
    let mut replay = Replay::begin(&args, config, &log).await?;
    let ended = tokio::select! {
        ended = replay.until_the_end(stop) => ended,
        left = epoch::left(&log, present.epoch) => Err(match left {
            Err(refused) => refused.into(),
            Ok(epoch) => anyhow::anyhow!("the log went on to epoch {epoch} meanwhile: run it again"),
        }),
    };
    replay.progress.finish();
    replay.end(ended?).await
}

struct Replay {
    reader: LogReader,
    pager: LogPager,
    /// What was final at the beginning; none with --follow.
    until: Option<Horizon>,
    hints: Option<LogHints>,
    end: End,
    selection: Selection,
    pace: Option<Pace>,
    output: Output,
    reached: Reached,
    resume: Option<Resume>,
    saved: Instant,
    progress: Progress,
}

impl Replay {
    async fn begin(args: &ReplayArgs, config: &Config, log: &PgPool) -> anyhow::Result<Self> {
        let request = args.request();
        let reader = LogReader::new(log.clone());
        let epochs = epoch::epochs(log).await?;
        let resume = args.resume.as_deref().map(|path| {
            let first = epochs.first().context("the log has no epoch")?;
            Resume::open(path, first.identity.clone(), request.clone())
        });
        let resume = resume.transpose()?;
        let reached = resume.as_ref().map(|resume| resume.reached().clone());
        let mut reached = reached.unwrap_or_default();
        let after = match &reached.position {
            Some(token) => token.at,
            None => beginning(&request, &reader).await?,
        };
        if reached.count > 0 {
            eprintln!("replay: goes on after {} events", reached.count);
        }
        if let (None, Place::Position(token)) = (&reached.position, &request.from) {
            reached.position = Some(token.clone());
        }
        let newest = reader.newest().await?;
        check_resumable(after, &epochs, newest)?;
        let end = End::find(&request, &reader).await?;
        let listener = postgres::listener(config, log)?;
        // The last of all: everything that was found before is below it, or is
        // not final yet.
        let until = if args.follow {
            None
        } else {
            Some(reader.horizon().await?)
        };
        let selection = Selection::new(&request);
        let pager = selection.pager(reader.clone(), after);
        let mut this = Self {
            pager: match until {
                Some(horizon) => pager.until(horizon),
                None => pager,
            },
            reader,
            until,
            hints: args.follow.then(|| LogHints::listen(listener)),
            end,
            selection,
            pace: args.rate.map(Pace::new),
            output: Output::open(config, &request, reached.file).await?,
            progress: progress(args, after, newest),
            reached,
            resume,
            saved: Instant::now(),
        };
        // A file that cannot be written is noticed now.
        this.save().await?;
        Ok(this)
    }

    async fn until_the_end(&mut self, stop: &CancellationToken) -> anyhow::Result<Ended> {
        loop {
            let page = tokio::select! {
                () = stop.cancelled() => return Ok(Ended::Stopped),
                page = self.page() => page,
            };
            let (page, horizon) = match page {
                Err(error) if self.until.is_none() && is_connection_error(&error) => {
                    tracing::warn!(%error, "replay.waits_for_the_log");
                    stop.run_until_cancelled(sleep(RETRY)).await;
                    continue;
                }
                page => page?,
            };
            if let Some(ended) = self.take(&page, stop).await? {
                return Ok(ended);
            }
            self.output.flush()?;
            if !page.is_empty() {
                continue;
            }
            if self.end.is_reached(&self.reader, horizon).await? {
                return Ok(Ended::Bound);
            }
            let Some(hints) = &self.hints else {
                return Ok(Ended::Horizon);
            };
            stop.run_until_cancelled(hints.wait(LOOK_EACH)).await;
            self.save_if_due().await?;
        }
    }

    /// The next page, and a horizon below which there is nothing else to come.
    async fn page(&mut self) -> Result<(Vec<StoredEvent>, Horizon), sqlx::Error> {
        let horizon = match self.until {
            Some(horizon) => horizon,
            None => self.reader.horizon().await?,
        };
        // Of a page that could not be dealt with nothing was read.
        let mut pager = self.pager.clone();
        let page = pager.next().await?;
        self.selection.learn(&self.reader, &page).await?;
        self.pager = pager;
        Ok((page, horizon))
    }

    /// Writes what is wanted of a page; why nothing comes after it, if so.
    async fn take(
        &mut self,
        page: &[StoredEvent],
        stop: &CancellationToken,
    ) -> anyhow::Result<Option<Ended>> {
        for stored in page {
            if self.end.is_passed_by(stored) {
                return Ok(Some(Ended::Bound));
            }
            if stop.is_cancelled() || !self.write(stored, stop).await? {
                return Ok(Some(Ended::Stopped));
            }
            self.reached.position = Some(stored.token(&ORDERS));
            self.save_if_due().await?;
        }
        Ok(None)
    }

    /// One event, if it is wanted; false if it was told to stop before.
    async fn write(
        &mut self,
        stored: &StoredEvent,
        stop: &CancellationToken,
    ) -> anyhow::Result<bool> {
        if !self.selection.takes_order_of(stored) {
            return Ok(true);
        }
        let event = Mapping.event(stored)?;
        let event = event.filter(|e| self.selection.takes_type(&e.envelope.event_type));
        let Some(event) = event else {
            return Ok(true);
        };
        let now = Instant::now();
        if let Some(due) = self.pace.as_mut().and_then(|pace| pace.wait_until(now)) {
            self.output.flush()?;
            let waited = stop.run_until_cancelled(sleep_until(due)).await;
            if waited.is_none() {
                return Ok(false);
            }
        }
        self.output.write(&event).await?;
        self.reached.count += 1;
        self.progress.written();
        Ok(true)
    }

    async fn save_if_due(&mut self) -> anyhow::Result<()> {
        if self.saved.elapsed() < SAVE_EACH {
            return Ok(());
        }
        let position = self.reached.position.as_ref();
        self.progress
            .show(position.map_or(0, |token| token.at.position));
        self.save().await
    }

    /// Remembers how far it came, after everything so far is where it belongs.
    async fn save(&mut self) -> anyhow::Result<()> {
        self.saved = Instant::now();
        let Some(resume) = &mut self.resume else {
            return Ok(());
        };
        self.reached.file = self.output.settle().await?;
        resume.save(&self.reached)
    }

    async fn end(mut self, ended: Ended) -> anyhow::Result<Trailer> {
        self.output.settle().await?;
        self.save().await?;
        let trailer = Trailer {
            count: self.reached.count,
            position: self.reached.position,
            ended,
            cut_short: match ended {
                Ended::Bound => false,
                Ended::Horizon => self.end != End::Open,
                // Following has no other end.
                Ended::Stopped => self.until.is_some() || self.end != End::Open,
            },
        };
        self.output.end(&trailer)?;
        Ok(trailer)
    }
}

fn progress(args: &ReplayArgs, after: LogPosition, newest: Option<LogPosition>) -> Progress {
    let last = newest.filter(|_| !args.follow).map(|at| at.position);
    Progress::new(after.position.max(0), last)
}
