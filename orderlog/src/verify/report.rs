//! What a comparison found, for scripts and for people.

use serde::Serialize;
use std::fmt;
use uuid::Uuid;

/// Counts of a comparison, and some of the differences in full.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Orders in the log, up to the horizon.
    pub log_orders: u64,
    /// Their events.
    pub log_events: u64,
    /// Orders in the log whose sequences are not 1 to n.
    pub log_gaps: u64,
    /// Orders on Kafka.
    pub kafka_orders: u64,
    /// Records that a `read_committed` reader sees.
    pub kafka_records: u64,
    /// Records that such a reader sees again, or after a later one.
    pub kafka_duplicates: u64,
    /// Records before which one is missing.
    pub kafka_gaps: u64,
    /// Records without a readable envelope.
    pub kafka_unreadable: u64,
    /// Records whose key or partition is not that of their order.
    pub kafka_misplaced: u64,
    /// Orders in the read models.
    pub views_orders: u64,
    /// Entries in the histories of those orders.
    pub views_events: u64,
    /// Orders of the views without their exact history, lines, payments,
    /// refunds, fulfilments, returns, milestones or movements.
    pub views_incomplete: u64,
    /// Orders whose document is not what the log makes of their version.
    pub documents_differing: u64,
    /// Orders whose last version is not the same everywhere.
    pub orders_differing: u64,
    /// Rows of all tables of sums.
    pub statistics_groups: u64,
    /// Rows that are not the sum over their orders.
    pub statistics_differing: u64,
    /// Some of the differences.
    pub examples: Vec<Difference>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which order, where it is one order's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Uuid>,
    /// What differs.
    pub what: String,
}

impl Difference {
    /// A difference of one order.
    pub const fn of_order(id: Uuid, what: String) -> Self {
        Self {
            order_id: Some(id),
            what,
        }
    }

    /// A difference that is nobody's in particular.
    pub const fn general(what: String) -> Self {
        Self {
            order_id: None,
            what,
        }
    }
}

impl Report {
    /// Keeps a difference as an example, as long as there is room for it.
    pub(super) fn tell(&mut self, room: usize, difference: Difference) {
        if self.examples.len() < room {
            self.examples.push(difference);
        }
    }

    /// Everything that must be zero.
    const fn faults(&self) -> [(&'static str, u64); 9] {
        [
            ("orders with gaps in the log", self.log_gaps),
            ("records twice on Kafka", self.kafka_duplicates),
            ("gaps on Kafka", self.kafka_gaps),
            ("unreadable records on Kafka", self.kafka_unreadable),
            ("misplaced records on Kafka", self.kafka_misplaced),
            ("orders with an incomplete view", self.views_incomplete),
            ("orders that differ", self.orders_differing),
            ("documents that differ", self.documents_differing),
            ("sums that differ", self.statistics_differing),
        ]
    }

    /// How many differences there are in all.
    pub fn differences(&self) -> u64 {
        self.faults().iter().map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<32}{:>12}{:>12}{:>12}", "", "log", "Kafka", "views")?;
        let rows = [
            (
                "orders",
                self.log_orders,
                self.kafka_orders,
                self.views_orders,
            ),
            (
                "events",
                self.log_events,
                self.kafka_records,
                self.views_events,
            ),
        ];
        for (name, log, kafka, views) in rows {
            writeln!(f, "{name:<32}{log:>12}{kafka:>12}{views:>12}")?;
        }
        writeln!(f, "{:<32}{:>36}", "sums", self.statistics_groups)?;
        for (name, count) in self.faults() {
            writeln!(f, "{name:<32}{count:>36}")?;
        }
        for Difference { order_id, what } in &self.examples {
            match order_id {
                Some(id) => writeln!(f, "  order {id}: {what}")?,
                None => writeln!(f, "  {what}")?,
            }
        }
        let differences = self.differences();
        let untold = differences.saturating_sub(self.examples.len() as u64);
        if untold > 0 {
            writeln!(f, "  … and {untold} more")?;
        }
        match differences {
            0 => f.write_str("No difference."),
            1 => f.write_str("1 DIFFERENCE."),
            count => write!(f, "{count} DIFFERENCES."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_counts_and_examples_are_bounded() {
        let mut report = Report::default();
        assert!(report.to_string().ends_with("No difference."));
        report.kafka_gaps = 2;
        report.statistics_differing = 1;
        report.tell(1, Difference::general("a".into()));
        report.tell(1, Difference::general("b".into()));
        assert_eq!((report.differences(), report.examples.len()), (3, 1));
        let text = report.to_string();
        assert!(
            text.contains("… and 2 more") && text.ends_with("3 DIFFERENCES."),
            "{text}"
        );
    }
}
