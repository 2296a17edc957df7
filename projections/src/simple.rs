//! Projections that are one file: a row per order, kept by the engine as JSON,
//! and one table of sums over what the rows contribute
//! (`docs/PROJECTIONS.md`).

mod added_up;
mod changes;
mod store;

use crate::engine::{
    BoxError, Event, Projection,
    verify::{OwnTable, SumTable},
};
use changes::SumChanges;
use contracts::{
    order::OrderEvent,
    topics::{self, TopicSpec},
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    marker::PhantomData,
};
use uuid::Uuid;

/// A projection of orders. Its sums are in the table `NAME`, its rows in
/// `NAME_rows`.
pub trait Simple: Send + Sync + 'static {
    /// Name of the projection and of its table.
    const NAME: &'static str;
    /// Rises when its table, its rows or their meaning change.
    const VERSION: i32;
    /// What is summed over: columns and their SQL types. The table has the
    /// Kafka partition beside them, so readers sum over it.
    const KEYS: &'static [(&'static str, &'static str)];
    /// What is summed: columns.
    const SUMS: &'static [&'static str];

    /// What has to be remembered of one order.
    type Row: Serialize + DeserializeOwned + Send + Sync;

    /// The row after the order's next event. Pure: no clock, no chance.
    fn apply(row: Option<Self::Row>, event: &Event<OrderEvent>) -> Self::Row;

    /// What the order counts for, as it stands.
    fn contribute(row: &Self::Row) -> Vec<Contribution>;

    /// SQL that is run when the tables have been put in their place: drops and
    /// makes views, grants.
    fn views() -> Cow<'static, str> {
        Cow::Borrowed("")
    }
}

/// What an order counts for in one row of the sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// A value for each key, as text.
    pub keys: Vec<String>,
    /// A number for each sum.
    pub sums: Vec<i64>,
}

impl Contribution {
    /// In the row with these keys, these numbers.
    pub fn new<K: ToString>(
        keys: impl IntoIterator<Item = K>,
        sums: impl IntoIterator<Item = i64>,
    ) -> Self {
        Self {
            keys: keys.into_iter().map(|key| key.to_string()).collect(),
            sums: sums.into_iter().collect(),
        }
    }
}

/// A simple projection, as the engine takes it.
#[derive(Debug)]
pub struct Kept<S>(PhantomData<fn() -> S>);

/// A row, and what the engine has to know of its order.
#[derive(Debug)]
pub struct KeptRow<R> {
    version: i64,
    partition: i32,
    row: R,
}

impl<S: Simple> Projection for Kept<S> {
    const NAME: &'static str = S::NAME;
    const VERSION: i32 = S::VERSION;
    const TOPIC: TopicSpec = topics::ORDERS;
    const AGGREGATE_TYPE: &'static str = "order";

    type Data = OrderEvent;
    type Row = KeptRow<S::Row>;
    type Changes = SumChanges;

    fn tables() -> Cow<'static, str> {
        Cow::Owned(store::tables::<S>())
    }

    fn views() -> Cow<'static, str> {
        S::views()
    }

    fn decode(event_type: &str, data: &[u8]) -> Result<OrderEvent, BoxError> {
        Ok(OrderEvent::from_data(event_type, data)?)
    }

    fn brings_to(event: &OrderEvent) -> i64 {
        event.after().version
    }

    fn version(row: &KeptRow<S::Row>) -> i64 {
        row.version
    }

    fn apply(
        row: Option<KeptRow<S::Row>>,
        event: &Event<OrderEvent>,
        changes: &mut SumChanges,
    ) -> Result<KeptRow<S::Row>, BoxError> {
        if let Some(old) = &row {
            Self::retract(old, changes);
        }
        let partition = event.envelope.position.partition;
        let new = KeptRow {
            version: event.envelope.sequence,
            partition,
            row: S::apply(row.map(|old| old.row), event),
        };
        changes.add(partition, S::contribute(&new.row));
        Ok(new)
    }

    fn retract(row: &KeptRow<S::Row>, changes: &mut SumChanges) {
        changes.subtract(row.partition, S::contribute(&row.row));
    }

    fn hold_back(page: &mut SumChanges, held: &mut SumChanges) {
        held.absorb(std::mem::take(page));
    }

    async fn load(
        connection: &mut PgConnection,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, KeptRow<S::Row>>, sqlx::Error> {
        store::load::<S>(connection, ids).await
    }

    async fn write(
        connection: &mut PgConnection,
        rows: &BTreeMap<Uuid, KeptRow<S::Row>>,
        changes: &SumChanges,
    ) -> Result<(), sqlx::Error> {
        store::write_rows::<S>(connection, rows).await?;
        store::write_sums::<S>(connection, S::NAME, changes).await
    }

    fn owned() -> Vec<OwnTable> {
        let rows = format!("{}_rows", S::NAME);
        vec![OwnTable::new(rows.into(), "id")]
    }

    fn summed() -> Vec<SumTable> {
        vec![added_up::summed::<S>()]
    }

    async fn add_up(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        added_up::add_up::<S>(connection).await
    }
}
