//! Projection `call_offs`: of the orders of each sales channel, how many were
//! called off.

use contracts::order::{Fact, OrderEvent, OrderStatus};
use projections::{
    engine::Event,
    simple::{Contribution, Simple},
};
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Debug)]
pub struct CallOffs;

/// What has to be remembered of one order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Row {
    platform: String,
    called_off: bool,
}

impl Simple for CallOffs {
    const NAME: &'static str = "call_offs";
    const VERSION: i32 = 1;
    const KEYS: &'static [(&'static str, &'static str)] = &[("platform", "text")];
    const SUMS: &'static [&'static str] = &["orders", "called_off"];

    type Row = Row;

    fn apply(row: Option<Row>, event: &Event<OrderEvent>) -> Row {
        let mut row = row.unwrap_or_default();
        match &event.data.fact {
            Fact::DraftCreated(begun) => row.platform.clone_from(&begun.order.platform),
            Fact::OrderPlaced(begun) => row.platform.clone_from(&begun.order.platform),
            Fact::OrderImported(begun) => row.platform.clone_from(&begun.order.platform),
            _ => {}
        }
        row.called_off = event.data.after().status == OrderStatus::Cancelled;
        row
    }

    fn contribute(row: &Row) -> Vec<Contribution> {
        let sums = [1, i64::from(row.called_off)];
        vec![Contribution::new([&row.platform], sums)]
    }
}
