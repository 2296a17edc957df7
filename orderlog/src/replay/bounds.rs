//! Where a replay begins and where it ends.

use super::args::{Place, Request};
use anyhow::{Context as _, bail};
use contracts::LogPosition;
use infra::{
    clock,
    epoch::{Epoch, is_true},
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
                Some(first) => Self::Through(before(first)),
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
            Some(first) => before(first),
            // Only what comes from now on can be that late.
            None => reader.newest().await?.unwrap_or(LogPosition::START),
        },
    })
}

/// Refuses a position that this log has not, or not any more: what follows it
/// would not go on from what came before it.
pub fn check(at: LogPosition, epochs: &[Epoch], newest: Option<LogPosition>) -> anyhow::Result<()> {
    if at == LogPosition::START {
        return Ok(());
    }
    let present = epochs.last().context("the log has no epoch")?;
    if at.epoch > present.epoch || (at.epoch == present.epoch && newest.is_none_or(|n| at > n)) {
        bail!("the position lies beyond the end of this log: it is of another one");
    }
    if !is_true(epochs, at) {
        let last = epochs
            .iter()
            .find(|e| e.epoch > at.epoch && e.last.is_none_or(|last| last < at));
        let since = last.map_or(present.epoch, |epoch| epoch.epoch);
        bail!(
            "the event at this position is not true any more: the log was restored from a backup, \
             and lost it before epoch {since} began. What was made of later events than the log \
             still has must be made anew: replay into a new file or topic"
        );
    }
    Ok(())
}

/// Just before the event at `at`.
const fn before(at: LogPosition) -> LogPosition {
    LogPosition {
        position: at.position - 1,
        ..at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use infra::epoch::LogIdentity;

    const fn at(epoch: i32, xid: u64) -> LogPosition {
        LogPosition {
            epoch,
            xid,
            position: 1,
        }
    }

    fn epoch(number: i32, last: Option<LogPosition>) -> Epoch {
        Epoch {
            epoch: number,
            identity: LogIdentity {
                system: "1".into(),
                timeline: None,
                database: 5,
            },
            began_at: OffsetDateTime::UNIX_EPOCH,
            reason: None,
            last,
            last_recorded_at: None,
            contradiction: None,
        }
    }

    #[test]
    fn a_position_is_gone_on_from_only_where_the_log_still_has_what_came_before() {
        let epochs = [epoch(1, None), epoch(2, Some(at(1, 50)))];
        let newest = Some(at(2, 90));
        for known in [LogPosition::START, at(1, 50), at(2, 90)] {
            assert!(check(known, &epochs, newest).is_ok(), "{known:?}");
        }
        let lost = check(at(1, 51), &epochs, newest).expect_err("it was lost");
        assert!(lost.to_string().contains("before epoch 2 began"), "{lost}");
        for foreign in [at(2, 91), at(3, 1)] {
            let beyond = check(foreign, &epochs, newest).expect_err("of another log");
            assert!(beyond.to_string().contains("beyond the end"), "{beyond}");
        }
        assert!(check(at(2, 1), &epochs, None).is_err(), "an empty log");
    }
}
