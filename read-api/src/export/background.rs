//! The same exports for those who put them into files.

use super::{
    Exports, Format, LOG_PARAMETERS,
    error::ExportError,
    log::WantedEvents,
    outlet::Piece,
    run::Running,
    views::{Subject, WantedRows},
};
use crate::{
    background::Background, live::Events, log::Log, people::PeopleViews,
    routes::orders::list::with_filters, servers::Servers,
};
use actix_web::web::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, future::BoxFuture, stream};
use infra::{
    config::Config,
    exports::{ExportKind, Failure, Opened, Source, Wanted},
    http::{Problem, Query},
    lifecycle::{Lifecycle, error_chain},
    postgres::is_cut_off,
};
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::mpsc;

/// Parameters of documents and of rows, but for those that wait: a job may take its
/// time anyhow.
const DOCUMENTS: &[&str] = &with_filters::<27>(&["fields"]);
const ROWS: &[&str] = &with_filters::<26>(&[]);

/// The kinds of problems of a file that nobody is answered with.
const TOO_LONG: &str = "export_too_long";
const UNAVAILABLE: &str = "unavailable";

/// Writes exports into files, for workers.
pub struct ExportFiles {
    exports: Exports,
    servers: Servers,
}

/// An export that can be one.
enum Checked {
    Rows(WantedRows),
    Events(WantedEvents),
}

/// Whether there is such an export, by the rules of the streamed ones.
///
/// # Errors
/// 400 as those are, with the parameters at fault.
pub fn check(wanted: &Wanted) -> Result<(), Problem> {
    checked(wanted).map(|_| ())
}

fn checked(wanted: &Wanted) -> Result<Checked, Problem> {
    let format = wanted.format;
    let query = |allowed| Query::of_pairs(wanted.parameters(), allowed);
    let rows = |allowed, subject| {
        let wanted = WantedRows::of(&query(allowed)?, (subject, format));
        wanted.map(Checked::Rows)
    };
    match wanted.kind {
        ExportKind::Orders if format == Format::Ndjson => rows(DOCUMENTS, Subject::Orders),
        ExportKind::Orders => rows(ROWS, Subject::Orders),
        ExportKind::Lines => rows(ROWS, Subject::Lines),
        ExportKind::Events => {
            let wanted = WantedEvents::of(&query(LOG_PARAMETERS)?, format);
            wanted.map(Checked::Events)
        }
    }
}

impl ExportFiles {
    /// Of the views and of this log. What looks after the servers runs on
    /// `lifecycle`.
    ///
    /// # Errors
    /// A URL of the views that is none.
    pub fn new(config: &Config, log: Log, lifecycle: &Lifecycle) -> Result<Self, sqlx::Error> {
        let servers = Servers::new(config)?;
        servers.measure(&lifecycle.pools);
        servers.watch(&Background::new(lifecycle, Duration::ZERO));
        let events = Events::new(log.clone());
        Ok(Self {
            exports: Exports::of_files(config, log, events),
            servers,
        })
    }

    /// The views that it reads, for who looks for people's orders; `events` is the log.
    pub fn views(&self, events: PgPool) -> PeopleViews {
        PeopleViews::new(self.servers.clone(), events)
    }

    async fn begin(&self, wanted: &Wanted) -> Result<Opened, Failure> {
        let (exports, coding) = (&self.exports, wanted.coding());
        let (running, expected) = match checked(wanted).map_err(refused)? {
            Checked::Rows(rows) => {
                let route = self.servers.for_many();
                let expected = rows.expected(&route).await;
                let expected = expected.map_err(|error| failed(&error.into()))?;
                let (begin, _) = rows.open(exports, &route).await.map_err(|e| failed(&e))?;
                (begin.run(coding, exports.limits, None), Some(expected))
            }
            Checked::Events(events) => {
                exports.log.usable().map_err(refused)?;
                events.range.check(&exports.log).await.map_err(refused)?;
                let (begin, expected) = events.open(exports).await.map_err(|e| failed(&e))?;
                (begin.run(coding, exports.limits, None), expected)
            }
        };
        let running = running.map_err(|error| failed(&error))?;
        let Running {
            moment,
            rows,
            pieces,
        } = running;
        Ok(Opened {
            position: moment.position,
            as_of: moment.as_of,
            expected,
            rows,
            pieces: bytes_of(pieces).boxed(),
        })
    }
}

impl Source for ExportFiles {
    fn open<'a>(&'a self, wanted: &'a Wanted) -> BoxFuture<'a, Result<Opened, Failure>> {
        self.begin(wanted).boxed()
    }
}

/// What comes out of the channel; its last item says whether it is whole.
fn bytes_of(pieces: mpsc::Receiver<Piece>) -> impl Stream<Item = Result<Bytes, Failure>> {
    stream::unfold(Some(pieces), |pieces| async move {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(Piece::Some(bytes)) => Some((Ok(bytes), Some(pieces))),
            Some(Piece::End) => None,
            Some(Piece::Failed(error)) => Some((Err(cut_off(&error)), None)),
            // Whoever wrote it has died.
            None => {
                let failure = Failure {
                    why: "it ended without a word".to_owned(),
                    code: UNAVAILABLE,
                    is_lasting: false,
                };
                Some((Err(failure), None))
            }
        }
    })
}

/// What a file that was begun fails with.
fn cut_off(error: &ExportError) -> Failure {
    let (code, why, is_lasting) = match error {
        // Time that was too short is too short the next time.
        ExportError::TooLong(_) => (TOO_LONG, error_chain(error), true),
        ExportError::Database(ended) if is_cut_off(ended) => {
            let why = error_chain(ended);
            let why = format!("a limit of the database, or somebody, has ended it: {why}");
            (TOO_LONG, why, true)
        }
        ExportError::Stalled => (UNAVAILABLE, "the store takes nothing".to_owned(), false),
        error => return failed(error),
    };
    Failure {
        why,
        code,
        is_lasting,
    }
}

fn failed(error: &ExportError) -> Failure {
    Failure {
        why: error_chain(error),
        ..refused(error.problem())
    }
}

/// What a client would be told, which is the same next time where the request is
/// at fault.
#[expect(
    clippy::needless_pass_by_value,
    reason = "what an error is mapped by takes it"
)]
fn refused(problem: Problem) -> Failure {
    let (code, status) = (problem.code(), problem.status());
    Failure {
        why: problem.cause().unwrap_or(code).to_owned(),
        code,
        is_lasting: status.is_client_error(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Longest;
    use infra::exports::{ExportCompression, Filters};
    use serde_json::json;

    fn faults(kind: ExportKind, format: Format, filters: serde_json::Value) -> Vec<String> {
        let filters: Filters = serde_json::from_value(filters).expect("filters");
        let wanted = Wanted {
            kind,
            format,
            compression: ExportCompression::usual(format),
            filters,
            fields: Vec::new(),
        };
        let Err(problem) = check(&wanted) else {
            return Vec::new();
        };
        let errors = problem.document(None, None).errors.into_iter();
        errors.filter_map(|error| error.parameter).collect()
    }

    #[test]
    fn filters_are_checked_as_those_of_streamed_exports() {
        let (csv, ndjson) = (Format::Csv, Format::Ndjson);
        let good = json!({"status": "placed", "platform": ["web", "shop"], "created_from": "2026-01-01",
            "total_min": 5, "archived": false, "q": "lamp"});
        assert!(faults(ExportKind::Orders, csv, good.clone()).is_empty());
        assert!(faults(ExportKind::Lines, ndjson, good.clone()).is_empty());
        assert_eq!(faults(ExportKind::Events, csv, good).len(), 5);
        let events = json!({"type": ["order.placed", "order.note_*"], "platform": "web"});
        assert!(faults(ExportKind::Events, ndjson, events).is_empty());
        for (kind, filters, fault) in [
            (ExportKind::Orders, json!({"status": "lost"}), "status"),
            (ExportKind::Lines, json!({"total_min": "x"}), "total_min"),
            (ExportKind::Events, json!({"after": "x"}), "after"),
            (ExportKind::Events, json!({"type": "order.x"}), "type"),
            (
                ExportKind::Orders,
                json!({"min_position": "x"}),
                "min_position",
            ),
            (
                ExportKind::Orders,
                json!({"archived": ["true", "false"]}),
                "archived",
            ),
        ] {
            assert_eq!(faults(kind, csv, filters), [fault]);
        }
    }

    #[test]
    fn a_file_that_takes_too_long_does_so_again() {
        let longest = Longest {
            time: Duration::from_hours(6),
            setting: "export_file_seconds",
        };
        let failure = cut_off(&ExportError::TooLong(longest));
        assert!(failure.is_lasting && failure.code == "export_too_long");
        assert!(
            failure
                .why
                .contains("`export_file_seconds` lets it (21600 s)")
        );
        let failure = cut_off(&ExportError::Stalled);
        assert!(!failure.is_lasting && failure.code == "unavailable");
        let failure = cut_off(&ExportError::Database(sqlx::Error::PoolClosed));
        assert!(!failure.is_lasting);
    }
}
