//! The projection `orders`: the order document and its list row; its lines,
//! payments, refunds, fulfilments and returns as rows for searches and SQL;
//! its history; and daily sums.

#[cfg(test)]
mod delivery_tests;
mod fold;
#[cfg(test)]
mod histories;
mod parts;
pub mod statistics;
mod store;

pub use fold::{FoldError, OrderChanges, OrderRow};
pub use parts::Part;

use crate::engine::{BoxError, Event, Projection};
use contracts::{
    order::OrderEvent,
    topics::{self, TopicSpec},
};
use infra::views;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct Orders;

impl Projection for Orders {
    const NAME: &'static str = views::ORDERS;
    const VERSION: i32 = 2;
    const TOPIC: TopicSpec = topics::ORDERS;
    const AGGREGATE_TYPE: &'static str = "order";
    const TABLES: &'static [&'static str] = &[
        "order_statistics",
        "order_events",
        "order_lines",
        "order_payments",
        "order_refunds",
        "order_fulfillments",
        "order_returns",
        "orders",
    ];

    type Data = OrderEvent;
    type Row = OrderRow;
    type Changes = OrderChanges;

    fn decode(event_type: &str, data: &[u8]) -> Result<OrderEvent, BoxError> {
        Ok(OrderEvent::from_data(event_type, data)?)
    }

    fn version(row: &OrderRow) -> i64 {
        row.order.version
    }

    fn apply(
        row: Option<OrderRow>,
        event: &Event<OrderEvent>,
        changes: &mut OrderChanges,
    ) -> Result<OrderRow, BoxError> {
        Ok(fold::apply(row, event, changes)?)
    }

    fn retract(row: &OrderRow, changes: &mut OrderChanges) {
        changes.statistics.subtract(&row.order, row.partition);
        changes.refolded.insert(row.order.id);
    }

    fn hold_back(page: &mut OrderChanges, held: &mut OrderChanges) {
        held.statistics.absorb(std::mem::take(&mut page.statistics));
    }

    async fn load(
        connection: &mut PgConnection,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, OrderRow>, sqlx::Error> {
        store::load(connection, ids).await
    }

    async fn write(
        connection: &mut PgConnection,
        rows: &BTreeMap<Uuid, OrderRow>,
        changes: &OrderChanges,
    ) -> Result<(), sqlx::Error> {
        store::write(connection, rows, changes).await
    }
}
