//! Exports: everything that filters choose, as of one moment, as one streamed
//! answer that says itself whether it is whole.
//!
//! ```text
//!  views ──one statement──> rows ───┐
//!                                   ├──> sheet ──> coding ──> channel ──> answer
//!  log ──pages of final events──────┘    (format)             (bounded)
//! ```
//!
//! Left of the channel a task of the role's runtime works as fast as the client
//! takes what comes out of it, and no faster: nothing is read ahead of the
//! channel, so memory is that of some pieces whatever the size of the export.
//! The task ends with a client that takes nothing for a while, and with a limit
//! on the whole, and its connection to the database with it; what was sent then
//! lacks its trailer, and the answer its end.
//!
//! A worker takes the same pieces out of the channel and puts them into a file
//! ([`ExportFiles`]).

mod background;
mod error;
mod log;
mod outlet;
mod response;
mod run;
mod sheet;
mod views;

pub use background::{ExportFiles, check as check_export};
pub use infra::exports::ExportFormat as Format;
pub use log::{PARAMETERS as LOG_PARAMETERS, export as export_log};
pub use views::{Subject, export as export_views};

use crate::{
    live::{Events, Reach},
    log::Log,
    problems::too_many_exports,
};
use infra::{config::Config, exports::LONGEST, http::Problem, objects, views::EXPORTS_NAME};
use sqlx::{PgPool, postgres::PgConnectOptions};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What exports of one process share. Cheap to clone.
#[derive(Clone)]
pub struct Exports {
    turns: Arc<Semaphore>,
    limits: Limits,
    log: Log,
    /// How far views are in it.
    reach: Reach,
    /// Its events, readable.
    events: Events,
}

/// How much longer the server lets a statement run than we do: which of both has
/// ended it is then known.
const LATER: Duration = Duration::from_secs(10);

/// How long an export may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// While nobody takes anything.
    stall: Duration,
    /// As a whole.
    whole: Longest,
}

impl Limits {
    const fn of_streams(config: &Config) -> Self {
        Self {
            stall: Duration::from_secs(config.export_stall_seconds),
            whole: Longest {
                time: Duration::from_secs(config.export_seconds),
                setting: "export_seconds",
            },
        }
    }

    /// A store that asks for patience gets it: what it takes in the end is no reason
    /// to begin the file anew.
    fn of_files(config: &Config) -> Self {
        Self {
            stall: Duration::from_secs(config.export_stall_seconds).max(objects::PATIENCE),
            whole: Longest {
                time: Duration::from_secs(config.export_file_seconds).min(LONGEST),
                setting: "export_file_seconds",
            },
        }
    }
}

/// How long all of something may take, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Longest {
    /// That long.
    pub time: Duration,
    /// The setting that says it.
    pub setting: &'static str,
}

impl Exports {
    /// Those that are streamed, as configured, of this log and its events.
    pub fn new(config: &Config, log: Log, events: Events) -> Self {
        Self::within(Limits::of_streams(config), config, log, events)
    }

    /// Those that are put into files: nobody's connection is held meanwhile.
    fn of_files(config: &Config, log: Log, events: Events) -> Self {
        Self::within(Limits::of_files(config), config, log, events)
    }

    fn within(limits: Limits, config: &Config, log: Log, events: Events) -> Self {
        Self {
            reach: Reach::new(log.clone()),
            log,
            events,
            turns: Arc::new(Semaphore::new(config.exports_at_once)),
            limits,
        }
    }

    /// How to connect to the server of this pool: each export has a connection
    /// of its own, so that none takes one away from lists.
    fn options(views: &PgPool) -> PgConnectOptions {
        PgConnectOptions::clone(&views.connect_options()).application_name(EXPORTS_NAME)
    }

    /// The server's own guarantee, should this process be frozen.
    fn longest(&self) -> Duration {
        self.limits.whole.time.saturating_add(LATER)
    }

    /// A place, for as long as it is kept.
    ///
    /// # Errors
    /// 503 where there is none.
    fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let turn = Arc::clone(&self.turns).try_acquire_owned();
        turn.map_err(|_| too_many_exports())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_the_time_that_it_takes_to_try_again() {
        let config = Config {
            export_stall_seconds: 30,
            ..Config::default()
        };
        let files = Limits::of_files(&config);
        assert_eq!(files.stall, objects::PATIENCE);
        assert_eq!(Limits::of_streams(&config).stall, Duration::from_secs(30));
        let config = Config {
            export_stall_seconds: 600,
            ..config
        };
        assert_eq!(Limits::of_files(&config).stall, Duration::from_mins(10));
    }
}
