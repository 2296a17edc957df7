//! Where a replay begins and where it ends.

use super::args::{Place, Request};
use contracts::LogPosition;
use infra::{
    clock,
    log::{Horizon, LogReader, StoredEvent, TIME_SLACK},
};
use time::OffsetDateTime;

/// The end that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// None: whatever is there.
    Open,
    /// The event here is the last one.
    Through(LogPosition),
    /// The first event recorded then is not in it any more. The log does not
    /// have one yet.
    Before(OffsetDateTime),
}

impl End {
    /// Finds it in the log.
    pub async fn find(request: &Request, reader: &LogReader) -> anyhow::Result<Self> {
        Ok(match &request.to {
            None | Some(Place::Start) => Self::Open,
            Some(Place::Position(token)) => Self::Through(token.at),
            Some(Place::Time(time)) => match reader.first_since(*time).await? {
                Some(first) => Self::Through(first.before()),
                None => Self::Before(*time),
            },
        })
    }

    /// Whether this event, and so everything after it, lies beyond.
    pub fn is_passed_by(self, event: &StoredEvent) -> bool {
        match self {
            Self::Open => false,
            Self::Through(last) => event.at > last,
            Self::Before(time) => event.recorded_at >= time,
        }
    }

    /// Whether nothing before it can still come, when everything below `horizon`
    /// was read.
    pub async fn is_reached(self, reader: &LogReader, horizon: Horizon) -> anyhow::Result<bool> {
        Ok(match self {
            Self::Open => false,
            Self::Through(last) => horizon.covers(last),
            // A transaction may commit until then that began before.
            Self::Before(time) if clock::now() < time + TIME_SLACK => false,
            Self::Before(_) => reader.newest().await?.is_none_or(|at| horizon.covers(at)),
        })
    }
}

/// The position to begin after, found in the log; not the one of a resumed run.
pub async fn beginning(request: &Request, reader: &LogReader) -> anyhow::Result<LogPosition> {
    Ok(match &request.from {
        Place::Start => LogPosition::START,
        Place::Position(token) => token.at,
        Place::Time(time) => match reader.first_since(*time).await? {
            Some(first) => first.before(),
            // Only what comes from now on can be that late.
            None => reader.newest().await?.unwrap_or(LogPosition::START),
        },
    })
}
