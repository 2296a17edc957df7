//! How far behind each assigned partition is, in events and in seconds.

use crate::engine::{
    metrics::{LAG_EVENTS, LAG_SECONDS},
    store::Held,
};
use infra::clock;
use rdkafka::statistics::Partition;
use std::collections::{BTreeMap, HashMap};
use time::OffsetDateTime;

/// What the polling thread notices about its partitions.
#[derive(Debug, Default)]
pub(super) struct Lag {
    partitions: BTreeMap<i32, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// The consumer has reached the end of the partition since the last
    /// record. Offsets do not tell: the markers at the end of transactions
    /// take some.
    at_end: bool,
    /// When the last applied event was recorded in the log.
    recorded_at: OffsetDateTime,
}

impl Seen {
    /// Events and seconds that a partition is behind, when `next` is its
    /// checkpoint and `end` is how far Kafka lets it be read.
    fn behind(&self, next: i64, end: i64, now: OffsetDateTime) -> (i64, f64) {
        let events = end - next;
        if self.at_end || events <= 0 {
            return (0, 0.0);
        }
        (events, (now - self.recorded_at).as_seconds_f64().max(0.0))
    }
}

impl Lag {
    pub fn assigned(&mut self, partitions: Vec<i32>) {
        let seen = Seen {
            at_end: false,
            recorded_at: clock::now(),
        };
        self.partitions = partitions.into_iter().map(|p| (p, seen)).collect();
    }

    /// Nobody may be shown the lag of a partition that is another worker's.
    pub fn revoked(&mut self, projection: &'static str) {
        for partition in std::mem::take(&mut self.partitions).into_keys() {
            set(projection, partition, 0, 0.0);
        }
    }

    pub fn reached_end(&mut self, partition: i32) {
        if let Some(seen) = self.partitions.get_mut(&partition) {
            seen.at_end = true;
        }
    }

    pub fn polled(&mut self, partition: i32, recorded_at: OffsetDateTime) {
        let seen = Seen {
            at_end: false,
            recorded_at,
        };
        self.partitions.insert(partition, seen);
    }

    /// Sets the gauges, given what librdkafka knows of the partitions.
    pub fn export(&self, projection: &'static str, held: &Held, known: &HashMap<i32, Partition>) {
        let now = clock::now();
        for (partition, seen) in &self.partitions {
            let (Some(at), Some(known)) = (held.partitions.get(partition), known.get(partition))
            else {
                continue;
            };
            let (events, seconds) = seen.behind(at.next, known.ls_offset, now);
            set(projection, *partition, events, seconds);
        }
    }
}

fn set(projection: &'static str, partition: i32, events: i64, seconds: f64) {
    let labels = [
        ("projection", projection.to_owned()),
        ("partition", partition.to_string()),
    ];
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge: 2^53 events are enough"
    )]
    metrics::gauge!(LAG_EVENTS, &labels).set(events as f64);
    metrics::gauge!(LAG_SECONDS, &labels).set(seconds);
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn a_partition_read_to_its_end_has_no_lag_whatever_its_offsets_say() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::minutes(1);
        let seen = |at_end| Seen {
            at_end,
            recorded_at: OffsetDateTime::UNIX_EPOCH,
        };
        assert_eq!(seen(false).behind(5, 9, now), (4, 60.0));
        assert_eq!(seen(true).behind(8, 9, now), (0, 0.0), "a marker is left");
        assert_eq!(seen(false).behind(9, 9, now), (0, 0.0));
        assert_eq!(seen(false).behind(9, -1001, now), (0, 0.0), "not known yet");
    }
}
