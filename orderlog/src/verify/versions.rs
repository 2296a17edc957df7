//! The last version of each order, as the log, Kafka and the views have it.

use super::report::{Difference, Report};
use std::collections::HashMap;
use uuid::Uuid;

/// Versions of one order; 0 where it is not there. Versions beyond 32 bits
/// are held as the largest: no order has four thousand million events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seen {
    /// In the log, up to the horizon.
    pub log: u32,
    /// On Kafka.
    pub kafka: u32,
    /// In the read models.
    pub views: u32,
}

impl Seen {
    /// Whether all three agree.
    pub const fn agrees(self) -> bool {
        self.log == self.kafka && self.kafka == self.views
    }
}

/// All orders.
pub(super) struct Versions {
    by_id: HashMap<Uuid, Seen>,
    /// Orders whose events on Kafka do not yet reach the log's horizon.
    missing: u64,
    examples: usize,
}

/// What a record means for its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Next,
    Repeated,
    Skipped,
}

impl Versions {
    /// No orders yet; up to `examples` differences are told in full.
    pub fn new(examples: usize) -> Self {
        Self {
            by_id: HashMap::new(),
            missing: 0,
            examples,
        }
    }

    /// The log has this order up to `version`.
    pub fn in_log(&mut self, id: Uuid, version: i64) {
        let seen = self.by_id.entry(id).or_default();
        seen.log = narrow(version);
        self.missing += u64::from(seen.kafka < seen.log);
    }

    /// Kafka has a record of this order; each must be the next one.
    pub fn on_kafka(&mut self, id: Uuid, sequence: i64, report: &mut Report) {
        let seen = self.by_id.entry(id).or_default();
        let sequence = narrow(sequence);
        let step = match sequence.cmp(&seen.kafka.saturating_add(1)) {
            std::cmp::Ordering::Equal => Step::Next,
            std::cmp::Ordering::Less => Step::Repeated,
            std::cmp::Ordering::Greater => Step::Skipped,
        };
        let what = match step {
            Step::Next => None,
            Step::Repeated => {
                report.kafka_duplicates += 1;
                Some(format!(
                    "record {sequence} on Kafka comes again after {}",
                    seen.kafka
                ))
            }
            Step::Skipped => {
                report.kafka_gaps += 1;
                Some(format!("record {sequence} on Kafka follows {}", seen.kafka))
            }
        };
        if let Some(what) = what {
            report.tell(self.examples, Difference::of_order(id, what));
        }
        let was_missing = seen.kafka < seen.log;
        seen.kafka = seen.kafka.max(sequence);
        self.missing -= u64::from(was_missing && seen.kafka >= seen.log);
    }

    /// Keeps a difference as an example, as long as there is room for it.
    pub fn tell(&self, report: &mut Report, difference: Difference) {
        report.tell(self.examples, difference);
    }

    /// The views have this order at `version`.
    pub fn in_views(&mut self, id: Uuid, version: i64) {
        self.by_id.entry(id).or_default().views = narrow(version);
    }

    /// How many orders are not yet on Kafka as the log has them.
    pub const fn missing(&self) -> u64 {
        self.missing
    }

    /// How many events that are.
    pub fn missing_events(&self) -> u64 {
        let behind = |s: &Seen| u64::from(s.log.saturating_sub(s.kafka));
        self.by_id.values().map(behind).sum()
    }

    /// The orders on which the three do not agree.
    pub fn disagreeing(self) -> impl Iterator<Item = (Uuid, Seen)> {
        self.by_id.into_iter().filter(|(_, seen)| !seen.agrees())
    }

    /// How many orders there are in each of the three.
    pub fn count(&self) -> [u64; 3] {
        let mut counts = [0; 3];
        for seen in self.by_id.values() {
            for (count, version) in counts.iter_mut().zip([seen.log, seen.kafka, seen.views]) {
                *count += u64::from(version > 0);
            }
        }
        counts
    }
}

fn narrow(version: i64) -> u32 {
    u32::try_from(version.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(7);

    #[test]
    fn each_record_must_be_the_next_of_its_order() {
        let (mut versions, mut report) = (Versions::new(10), Report::default());
        for sequence in [1, 2, 2, 4, 3, 5] {
            versions.on_kafka(ID, sequence, &mut report);
        }
        assert_eq!((report.kafka_duplicates, report.kafka_gaps), (2, 1));
        assert_eq!(report.examples.len(), 3);
    }

    #[test]
    fn kafka_has_reached_the_log_when_every_order_has() {
        let (mut versions, mut report) = (Versions::new(0), Report::default());
        versions.in_log(ID, 2);
        versions.in_log(Uuid::from_u128(8), 1);
        versions.on_kafka(ID, 1, &mut report);
        assert_eq!((versions.missing(), versions.missing_events()), (2, 2));
        versions.on_kafka(ID, 2, &mut report);
        versions.on_kafka(ID, 3, &mut report);
        assert_eq!((versions.missing(), versions.missing_events()), (1, 1));
        versions.on_kafka(Uuid::from_u128(8), 1, &mut report);
        assert_eq!(versions.missing(), 0);
    }

    #[test]
    fn only_orders_on_which_all_agree_are_passed_over() {
        let (mut versions, mut report) = (Versions::new(0), Report::default());
        versions.in_log(ID, 1);
        versions.on_kafka(ID, 1, &mut report);
        assert_eq!(versions.count(), [1, 1, 0]);
        versions.in_views(ID, 1);
        assert_eq!(versions.disagreeing().count(), 0);
    }
}
