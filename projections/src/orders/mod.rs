//! The projection `orders`: the order document and its list row; its lines,
//! payments, refunds, fulfilments and returns as rows for filters and SQL; whose
//! it is, and was; the words that it is searched by;
//! its history; and what orders share: sums by hour, by statuses, by product,
//! by customer, and the funnel.

#[cfg(test)]
mod delivery_tests;
mod entry;
mod fold;
mod milestones;
mod movements;
mod named;
mod parts;
#[cfg(test)]
mod random;
mod replay;
mod searched;
pub mod shared;
#[cfg(test)]
mod shared_tests;
mod store;

pub use fold::{FoldError, OrderChanges, OrderRow};
pub use milestones::Milestones;
pub use movements::{Movement, MovementId, Movements};
pub use named::Named;
pub use parts::Part;
pub use replay::{Replayed, replay};
pub use store::{milestones, movements as stored_movements};

use crate::engine::{
    BoxError, Event, Projection, Published,
    verify::{OwnTable, SumTable},
};
use contracts::{
    order::OrderEvent,
    state,
    topics::{self, TopicSpec},
};
use infra::views;
use shared::Contribution;
use sqlx::PgConnection;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};
use uuid::Uuid;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct Orders;

impl Projection for Orders {
    const NAME: &'static str = views::ORDERS;
    const VERSION: i32 = 6;
    const CACHED: Option<&'static str> = Some(views::STATISTICS_FAMILY);
    const DOCUMENTS: Option<&'static str> = Some(views::ORDERS_FAMILY);
    const PUBLISHED: Option<Published> = Some(Published {
        topic: topics::STATE,
        kind: state::ORDER,
        largest: topics::LARGEST_STATE,
        table: "orders",
    });
    const TOPIC: TopicSpec = topics::ORDERS;
    const AGGREGATE_TYPE: &'static str = "order";

    type Data = OrderEvent;
    type Row = OrderRow;
    type Changes = OrderChanges;

    fn tables() -> Cow<'static, str> {
        Cow::Borrowed(include_str!("tables.sql"))
    }

    fn indexes() -> Cow<'static, str> {
        Cow::Borrowed(include_str!("indexes.sql"))
    }

    fn views() -> Cow<'static, str> {
        Cow::Borrowed(include_str!("analytics.sql"))
    }

    fn rewrites(event_type: &str) -> bool {
        event_type == "order.personal_data_erased"
    }

    fn decode(event_type: &str, data: &[u8]) -> Result<OrderEvent, BoxError> {
        Ok(OrderEvent::from_data(event_type, data)?)
    }

    fn brings_to(event: &OrderEvent) -> i64 {
        event.after().version
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
        let (movements, shared) = (&mut changes.movements, &mut changes.shared);
        movements.retract(row.order.id, &mut shared.statistics);
        shared.replace(
            row.partition,
            Contribution::of(row),
            Contribution::default(),
        );
    }

    fn clear(id: Uuid, changes: &mut OrderChanges) {
        changes.movements.void.insert(id);
    }

    fn hold_back(page: &mut OrderChanges, held: &mut OrderChanges) {
        page.shared.hold_back(&mut held.shared);
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
        store::write(connection, rows, changes, store::There::Perhaps).await
    }

    async fn write_new(
        connection: &mut PgConnection,
        rows: &BTreeMap<Uuid, OrderRow>,
        changes: &OrderChanges,
    ) -> Result<(), sqlx::Error> {
        store::write(connection, rows, changes, store::There::Not).await
    }

    async fn revision(connection: &mut PgConnection, id: Uuid) -> Result<i64, sqlx::Error> {
        store::revision(connection, id).await
    }

    fn owned() -> Vec<OwnTable> {
        store::owned()
    }

    fn summed() -> Vec<SumTable> {
        let mut summed = shared::summed();
        summed.push(store::known_words());
        summed
    }

    async fn add_up(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        store::gather_words(connection).await
    }
}
