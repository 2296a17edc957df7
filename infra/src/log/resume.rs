//! Going on from a place that somebody remembers.

use super::reader::LogReader;
use crate::epoch::{Epoch, epochs, is_true};
use contracts::LogPosition;

/// Why what follows a position would not go on from what came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotResumable {
    /// The log has not come so far.
    #[error("the position lies beyond the end of this log: it is of another one")]
    Foreign,
    /// The log had it.
    #[error(
        "the event at this position is not true any more: the log was restored from a backup, and \
         lost it before epoch {since} began. What was made of later events than the log still has \
         must be made anew"
    )]
    Lost {
        /// The epoch that began without it.
        since: i32,
    },
}

/// Whether the log still has what came before `at`: of its epochs, oldest
/// first, and its newest event.
pub fn check_resumable(
    at: LogPosition,
    epochs: &[Epoch],
    newest: Option<LogPosition>,
) -> Result<(), NotResumable> {
    if at == LogPosition::START {
        return Ok(());
    }
    let present = epochs.last().map_or(0, |epoch| epoch.epoch);
    if at.epoch > present || (at.epoch == present && newest.is_none_or(|n| at > n)) {
        return Err(NotResumable::Foreign);
    }
    if is_true(epochs, at) {
        return Ok(());
    }
    let lost = epochs
        .iter()
        .find(|e| e.epoch > at.epoch && e.last.is_none_or(|last| last < at));
    Err(NotResumable::Lost {
        since: lost.map_or(present, |epoch| epoch.epoch),
    })
}

impl LogReader {
    /// Whether the log still has what came before `at`.
    pub async fn resumable(
        &self,
        at: LogPosition,
    ) -> Result<Result<(), NotResumable>, sqlx::Error> {
        if at == LogPosition::START {
            return Ok(Ok(()));
        }
        let epochs = epochs(&self.pool).await?;
        Ok(check_resumable(at, &epochs, self.newest().await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(epoch: i32, xid: u64) -> LogPosition {
        LogPosition {
            epoch,
            xid,
            position: 1,
        }
    }

    #[test]
    fn a_position_is_gone_on_from_only_where_the_log_still_has_what_came_before() {
        let epochs = [Epoch::of(1, None), Epoch::of(2, Some(at(1, 50)))];
        let newest = Some(at(2, 90));
        for known in [LogPosition::START, at(1, 50), at(2, 90)] {
            assert_eq!(check_resumable(known, &epochs, newest), Ok(()), "{known:?}");
        }
        let lost = check_resumable(at(1, 51), &epochs, newest);
        assert_eq!(lost, Err(NotResumable::Lost { since: 2 }));
        for foreign in [at(2, 91), at(3, 1)] {
            let beyond = check_resumable(foreign, &epochs, newest);
            assert_eq!(beyond, Err(NotResumable::Foreign));
        }
        let empty = check_resumable(at(2, 1), &epochs, None);
        assert_eq!(empty, Err(NotResumable::Foreign));
    }
}
