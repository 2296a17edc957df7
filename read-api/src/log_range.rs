//! Parts of the log, as lists and exports of events are asked for them.

use crate::{
    live::{AFTER, Marker, check_place},
    log::Log,
};
use contracts::LogPosition;
use infra::{
    http::{Problem, Query, query::invalid},
    log::{LogReader, PublishedEvent, TIME_SLACK},
};
use time::OffsetDateTime;

/// Parameters that choose a part of the log, beside [`AFTER`].
pub const UNTIL: &str = "until";
pub const RECORDED_FROM: &str = "recorded_from";
pub const RECORDED_TO: &str = "recorded_to";

/// Which part of the log.
#[derive(Debug, Clone, Copy)]
pub struct LogRange {
    /// What comes after this.
    pub after: LogPosition,
    /// Up to here. None, once it was found: the log has no event.
    pub until: Option<LogPosition>,
    recorded_from: Option<OffsetDateTime>,
    recorded_to: Option<OffsetDateTime>,
}

impl LogRange {
    /// Reads the parameters.
    ///
    /// # Errors
    /// 400 for what is no place or time, or a range that ends before it begins.
    pub fn asked(query: &Query) -> Result<Self, Problem> {
        let after = place(query, AFTER)?.unwrap_or(LogPosition::START);
        let until = place(query, UNTIL)?;
        if until.is_some_and(|until| until < after) {
            return Err(invalid(UNTIL, format!("must not be before {AFTER}")));
        }
        let (from, to) = (query.time(RECORDED_FROM)?, query.time(RECORDED_TO)?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            let detail = format!("must not be before {RECORDED_FROM}");
            return Err(invalid(RECORDED_TO, detail));
        }
        Ok(Self {
            after,
            until,
            recorded_from: from,
            recorded_to: to,
        })
    }

    /// The same text for the same part, wherever in it one goes on.
    pub fn canonical(&self) -> String {
        let Self {
            until,
            recorded_from,
            recorded_to,
            ..
        } = self;
        format!("{until:?} {recorded_from:?} {recorded_to:?}")
    }

    /// Whether the log still has the places that are named.
    ///
    /// # Errors
    /// 410 `position_lost` where it was restored to before them.
    pub async fn check(&self, log: &Log) -> Result<(), Problem> {
        check_place(log, self.after).await?;
        match self.until {
            Some(until) => check_place(log, until).await,
            None => Ok(()),
        }
    }

    /// Cut to what is final, and to where events of these times are. The order
    /// of the log is that of its times but for a slack, so each event's time is
    /// looked at all the same.
    pub async fn found(mut self, reader: &LogReader) -> Result<Self, sqlx::Error> {
        let newest = reader.newest_final().await?;
        self.until = match (self.until, newest) {
            (Some(until), Some(newest)) => Some(until.min(newest)),
            (_, newest) => newest,
        };
        if let Some(from) = self.recorded_from {
            let first = reader.first_since(from).await?.map(LogPosition::before);
            // Nothing is that late: what is read is nothing.
            let first = first.or(self.until).unwrap_or(self.after);
            self.after = self.after.max(first);
        }
        if let Some(to) = self.recorded_to {
            let to = to.checked_add(TIME_SLACK.try_into().unwrap_or_default());
            let beyond = match to {
                Some(to) => reader.first_since(to).await?,
                None => None,
            };
            if let Some(beyond) = beyond {
                self.until = self.until.map(|until| until.min(beyond.before()));
            }
        }
        Ok(self)
    }

    /// Whether an event is in it.
    pub fn takes(&self, event: &PublishedEvent) -> bool {
        let time = event.envelope.time;
        self.until
            .is_some_and(|last| event.envelope.position.at <= last)
            && self.recorded_from.is_none_or(|from| time >= from)
            && self.recorded_to.is_none_or(|to| time < to)
    }
}

/// A place that a parameter names.
fn place(query: &Query, name: &str) -> Result<Option<LogPosition>, Problem> {
    let Some(text) = query.one(name)? else {
        return Ok(None);
    };
    let wrong = "is not the `position` of an event, nor the `id` of a stream";
    let marker = Marker::parse(text).ok_or_else(|| invalid(name, wrong))?;
    Ok(Some(marker.at))
}
