//! From what was read of the log and a checkpoint to how far that one is
//! behind. Pure.

use contracts::{LogPosition, topics::ORDER_EVENTS_PARTITIONS};
use time::OffsetDateTime;

/// One event of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logged {
    /// Partition of its order.
    pub partition: i32,
    /// Place in the log.
    pub at: LogPosition,
    /// When it was stored.
    pub recorded_at: OffsetDateTime,
}

/// Parts of the log: its end, and a part that leads there from a checkpoint.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The end, newest first.
    pub newest: Vec<Logged>,
    /// Whether the log has events before it.
    pub cut: bool,
    /// Events before it, oldest first.
    pub older: Vec<Logged>,
    /// Whether events lie between both.
    pub gap: bool,
}

/// How far something is behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Behind {
    /// Events that are in the log and not in the views.
    pub events: u64,
    /// Whether their number is an estimate.
    pub estimated: bool,
    /// When the first of them was stored; none without one.
    pub since: Option<OffsetDateTime>,
}

impl Read {
    /// Where its end begins; the beginning of the log where all of it is here.
    pub fn end_begins(&self) -> LogPosition {
        let oldest = self.newest.last().filter(|_| self.cut);
        oldest.map_or(LogPosition::START, |oldest| oldest.at)
    }

    /// How far a partition is behind that is at `at`.
    pub fn behind(&self, partition: i32, at: LogPosition) -> Behind {
        let pending = self.older.iter().chain(self.newest.iter().rev());
        let pending = pending.filter(|event| event.partition == partition && event.at > at);
        let (mut seen, mut first) = (Behind::default(), None);
        for event in pending {
            first.get_or_insert(event.at.position);
            seen.events += 1;
            // A transaction that began earlier may have ended later.
            seen.since = earlier(seen.since, Some(event.recorded_at));
        }
        seen.estimated = self.gap && at < self.end_begins();
        if seen.estimated {
            seen.events = seen.events.max(self.share(first));
        }
        seen
    }

    /// A partition's part of everything from its first missing event on:
    /// partitions fill up evenly.
    fn share(&self, first: Option<i64>) -> u64 {
        let Some((first, newest)) = first.zip(self.newest.first()) else {
            return 0;
        };
        let all = newest.at.position.saturating_sub(first) + 1;
        u64::try_from(all / i64::from(ORDER_EVENTS_PARTITIONS)).unwrap_or_default()
    }
}

impl Behind {
    /// How far a partition is behind that is at `at`, by these events after it,
    /// oldest first; `cut`: there may be more.
    pub fn of(events: &[Logged], cut: bool, partition: i32, at: LogPosition) -> Self {
        let mut behind = Self {
            estimated: cut,
            ..Self::default()
        };
        let of_partition = |event: &&Logged| event.partition == partition && event.at > at;
        for event in events.iter().filter(of_partition) {
            behind.events += 1;
            behind.since = earlier(behind.since, Some(event.recorded_at));
        }
        behind
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            events: self.events + other.events,
            estimated: self.estimated || other.estimated,
            since: earlier(self.since, other.since),
        }
    }

    /// Age of the first event that is missing.
    pub fn seconds(&self, now: OffsetDateTime) -> f64 {
        // The database's clock may be ahead of ours.
        self.since
            .map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
    }
}

fn earlier(one: Option<OffsetDateTime>, other: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const EARLY: OffsetDateTime = datetime!(2026-01-01 10:00 UTC);
    const LATE: OffsetDateTime = datetime!(2026-01-01 10:01 UTC);

    fn at(position: i64) -> LogPosition {
        LogPosition {
            epoch: 1,
            xid: 10,
            position,
        }
    }

    fn event(partition: i32, position: i64, recorded_at: OffsetDateTime) -> Logged {
        Logged {
            partition,
            at: at(position),
            recorded_at,
        }
    }

    fn end_of_the_log() -> Read {
        Read {
            newest: vec![
                event(0, 1_030, LATE),
                event(1, 1_029, LATE),
                event(0, 1_028, EARLY),
                event(0, 1_027, EARLY),
            ],
            cut: true,
            ..Read::default()
        }
    }

    #[test]
    fn events_of_a_partition_past_its_checkpoint_are_counted() {
        let read = end_of_the_log();
        let behind = read.behind(0, at(1_027));
        assert_eq!((behind.events, behind.since), (2, Some(EARLY)));
        assert!((behind.seconds(LATE) - 60.0).abs() < 1e-9);
        let nothing = read.behind(1, at(1_029));
        assert_eq!(nothing, Behind::default());
        assert!(nothing.seconds(LATE) < 1e-9);
        let both = behind.and(&read.behind(1, at(1_028)));
        assert_eq!((both.events, both.since), (3, Some(EARLY)));
    }

    #[test]
    fn a_quiet_partition_is_not_behind_and_a_stopped_one_is() {
        let mut read = end_of_the_log();
        read.older = vec![event(2, 9, EARLY), event(0, 10, EARLY)];
        assert_eq!(read.behind(5, at(3)), Behind::default());
        let stopped = read.behind(2, at(3));
        assert_eq!((stopped.events, stopped.estimated), (1, false));
        assert_eq!(read.behind(0, at(3)).events, 4);
    }

    #[test]
    fn far_behind_is_an_estimate_and_never_less_than_what_was_seen() {
        let mut read = end_of_the_log();
        read.older = vec![event(0, 7, EARLY), event(2, 8, EARLY)];
        read.gap = true;
        let far = read.behind(0, at(3));
        assert_eq!((far.events, far.since), (1_024 / 12, Some(EARLY)));
        assert!(far.estimated);
        assert!(!read.behind(0, at(1_028)).estimated, "near the end");
        read.newest[0] = event(0, 30, LATE);
        assert_eq!(read.behind(0, at(3)).events, 4);
        let unknown = read.behind(5, at(3));
        assert_eq!((unknown.events, unknown.estimated), (0, true));
    }

    #[test]
    fn of_some_events_those_of_the_partition_that_are_later_count() {
        let events = [
            event(0, 5, EARLY),
            event(1, 6, EARLY),
            event(0, 7, LATE),
            event(0, 8, EARLY),
        ];
        let behind = Behind::of(&events, false, 0, at(5));
        assert_eq!((behind.events, behind.since), (2, Some(EARLY)));
        assert!(!behind.estimated);
        assert_eq!(Behind::of(&events, false, 0, at(8)), Behind::default());
        let cut = Behind::of(&events, true, 2, at(0));
        assert_eq!((cut.events, cut.estimated), (0, true), "more may come");
    }

    #[test]
    fn where_the_whole_log_was_read_nothing_is_estimated() {
        let mut read = end_of_the_log();
        read.cut = false;
        let behind = read.behind(0, LogPosition::START);
        assert_eq!((behind.events, behind.estimated), (3, false));
        let empty = Read::default().behind(0, LogPosition::START);
        assert_eq!(empty, Behind::default());
    }
}
