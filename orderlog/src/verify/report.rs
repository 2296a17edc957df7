//! What a comparison found, for scripts and for people.

use projections::engine::verify::Difference as How;
use serde::Serialize;
use std::{collections::BTreeMap, fmt};
use uuid::Uuid;

/// Counts of a comparison, and some of the differences in full.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Orders in the log, up to the horizon, and whatever else is published:
    /// platforms, products, shipping. Of a sample, those in it. So it is with all
    /// figures that are of orders here.
    pub log_orders: u64,
    /// Their events.
    pub log_events: u64,
    /// Orders in the log whose sequences are not 1 to n.
    pub log_gaps: u64,
    /// Orders on Kafka. This and the other figures of Kafka are 0 in a sample.
    pub kafka_orders: u64,
    /// Records that a `read_committed` reader sees.
    pub kafka_records: u64,
    /// Records that such a reader sees again, or after a later one.
    pub kafka_duplicates: u64,
    /// Events of the log that are not on Kafka.
    pub kafka_gaps: u64,
    /// Records of which the log has no event.
    pub kafka_foreign: u64,
    /// Records without a readable envelope.
    pub kafka_unreadable: u64,
    /// Records whose key or partition is not that of their order.
    pub kafka_misplaced: u64,
    /// By projection.
    pub projections: BTreeMap<&'static str, ProjectionReport>,
    /// How many differences there are in all.
    pub differences: u64,
    /// Some of the differences.
    pub examples: Vec<Difference>,
    /// How many of them are told.
    #[serde(skip)]
    most: usize,
}

/// Counts of one projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ProjectionReport {
    /// Orders of the log that it was compared with, or whatever else it is of.
    pub orders: u64,
    /// Orders that it has no rows of.
    pub missing: u64,
    /// Orders that the log does not know.
    pub extra: u64,
    /// Orders that are of another version.
    pub versions: u64,
    /// Orders that are parked.
    pub parked: u64,
    /// Orders whose rows are not what the log makes of them.
    pub rows: u64,
    /// Orders of which nothing can be made.
    pub unfolded: u64,
    /// Documents that are published, or should be: in a sample, of its orders.
    pub documents: u64,
    /// Of them, those that are not what is served.
    pub documents_differing: u64,
    /// Rows of its tables of sums; 0 in a sample, as is the next one.
    pub sums: u64,
    /// Of them, those that are not the sum over its rows.
    pub sums_differing: u64,
    /// Orders that differed, and were folded anew.
    pub repaired: u64,
    /// Documents that differed, and were published again.
    pub documents_repaired: u64,
    /// Rows of sums that differed, and were set right.
    pub sums_repaired: u64,
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

impl ProjectionReport {
    /// Everything that must be zero.
    const fn faults(&self) -> [(&'static str, u64); 8] {
        [
            ("orders missing", self.missing),
            ("orders too many", self.extra),
            ("orders of another version", self.versions),
            ("orders parked", self.parked),
            ("orders with other rows", self.rows),
            ("orders that cannot be folded", self.unfolded),
            ("published documents that differ", self.documents_differing),
            ("sums that differ", self.sums_differing),
        ]
    }

    /// Whether the rows of every order are what they have to be.
    pub(super) fn rows_agree(&self) -> bool {
        let faults: u64 = self.faults().iter().map(|(_, count)| count).sum();
        faults == self.sums_differing + self.documents_differing
    }
}

impl Report {
    /// Nothing yet; `most` differences are told in full.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    /// Keeps a difference as an example, as long as there is room for it.
    pub(super) fn tell(&mut self, difference: Difference) {
        if self.room() > 0 {
            self.examples.push(difference);
        }
    }

    /// How many more examples are told.
    pub(super) const fn room(&self) -> usize {
        self.most.saturating_sub(self.examples.len())
    }

    /// What is counted of a projection.
    pub(super) fn projection(&mut self, name: &'static str) -> &mut ProjectionReport {
        self.projections.entry(name).or_default()
    }

    /// An order's rows differ.
    pub(super) fn differs(&mut self, name: &'static str, id: Uuid, how: &How) {
        let of = self.projection(name);
        let count = match how {
            How::Missing => &mut of.missing,
            How::Extra => &mut of.extra,
            How::Version { .. } => &mut of.versions,
            How::Parked { .. } => &mut of.parked,
            How::Rows(_) => &mut of.rows,
            How::Unfolded(_) => &mut of.unfolded,
        };
        *count += 1;
        self.tell(Difference::of_order(id, format!("{name}: {how}")));
    }

    /// Everything of log and Kafka that must be zero.
    const fn faults(&self) -> [(&'static str, u64); 6] {
        [
            ("orders with gaps in the log", self.log_gaps),
            ("events missing on Kafka", self.kafka_gaps),
            ("records twice on Kafka", self.kafka_duplicates),
            ("records that are not in the log", self.kafka_foreign),
            ("unreadable records on Kafka", self.kafka_unreadable),
            ("misplaced records on Kafka", self.kafka_misplaced),
        ]
    }

    /// Adds up how many differences there are.
    pub(super) fn sum_up(&mut self) {
        let of_projections = self.projections.values();
        let of_projections = of_projections.flat_map(ProjectionReport::faults);
        let all = self.faults().into_iter().chain(of_projections);
        self.differences = all.map(|(_, count)| count).sum();
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<32}{:>12}{:>12}", "", "log", "Kafka")?;
        for (name, log, kafka) in [
            ("orders", self.log_orders, self.kafka_orders),
            ("events", self.log_events, self.kafka_records),
        ] {
            writeln!(f, "{name:<32}{log:>12}{kafka:>12}")?;
        }
        for (name, count) in self.faults() {
            writeln!(f, "{name:<32}{count:>24}")?;
        }
        for (name, of) in &self.projections {
            writeln!(f, "projection {name}")?;
            let compared = [
                ("orders compared", of.orders),
                ("published documents compared", of.documents),
                ("sums compared", of.sums),
            ];
            let repaired = [
                ("orders repaired", of.repaired),
                ("documents published again", of.documents_repaired),
                ("sums repaired", of.sums_repaired),
            ];
            let repaired = repaired.into_iter().filter(|(_, count)| *count > 0);
            for (what, count) in compared.into_iter().chain(of.faults()).chain(repaired) {
                writeln!(f, "  {what:<30}{count:>24}")?;
            }
        }
        for Difference { order_id, what } in &self.examples {
            match order_id {
                Some(id) => writeln!(f, "  order {id}: {what}")?,
                None => writeln!(f, "  {what}")?,
            }
        }
        let untold = self.differences.saturating_sub(self.examples.len() as u64);
        if untold > 0 {
            writeln!(f, "  … and {untold} more")?;
        }
        match self.differences {
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
        let mut report = Report::new(1);
        assert!(report.to_string().ends_with("No difference."));
        report.kafka_gaps = 2;
        report.projection("orders").sums_differing = 1;
        report.projection("orders").documents_differing = 1;
        assert!(report.projection("orders").rows_agree());
        report.differs("orders", Uuid::nil(), &How::Missing);
        assert!(!report.projection("orders").rows_agree());
        report.tell(Difference::general("b".into()));
        report.sum_up();
        assert_eq!((report.differences, report.examples.len()), (5, 1));
        let text = report.to_string();
        assert!(
            text.contains("… and 4 more") && text.ends_with("5 DIFFERENCES."),
            "{text}"
        );
    }
}
