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
use infra::{config::Config, exports::LONGEST, http::Problem, views::EXPORTS_NAME};
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
        let whole = Longest {
            time: Duration::from_secs(config.export_seconds),
            setting: "export_seconds",
        };
        Self::within(whole, config, log, events)
    }

    /// Those that are put into files: nobody's connection is held meanwhile.
    fn of_files(config: &Config, log: Log, events: Events) -> Self {
        let whole = Longest {
            time: Duration::from_secs(config.export_file_seconds).min(LONGEST),
            setting: "export_file_seconds",
        };
        Self::within(whole, config, log, events)
    }

    fn within(whole: Longest, config: &Config, log: Log, events: Events) -> Self {
        Self {
            reach: Reach::new(log.clone()),
            log,
            events,
            turns: Arc::new(Semaphore::new(config.exports_at_once)),
            limits: Limits {
                stall: Duration::from_secs(config.export_stall_seconds),
                whole,
            },
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
