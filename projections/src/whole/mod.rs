//! Projections of reference data, whose events carry all of what they are about
//! (`docs/DECISIONS.md`, 165): a table each, a row for each aggregate, which is its
//! last event.

mod kinds;
mod store;
#[cfg(test)]
mod tests;

pub use kinds::{Platforms, Products, ShippingMethods, ShippingZones};

use crate::engine::{
    BoxError, Event, Projection,
    verify::{OwnTable, SumTable},
};
use contracts::{order::UnknownEvent, topics::TopicSpec, whole::Versioned};
use infra::views::models::ReadModel;
use serde::Serialize;
use sqlx::PgConnection;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    marker::PhantomData,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// A kind of reference data.
pub trait Carried: Send + Sync + 'static {
    /// Its read model.
    const MODEL: ReadModel;
    /// Rises when the table, the document or their meaning change.
    const VERSION: i32;
    /// Family of cached documents, if there is one.
    const DOCUMENTS: Option<&'static str> = None;
    /// Whether it is searched by [`title`](Self::title) and key.
    const SEARCHED: bool = false;

    /// Its event.
    type Event: Send + Sync;
    /// What an event carries.
    type Document: Serialize;

    /// Reads a record's value as the type that its envelope names.
    fn decode(event_type: &str, data: &[u8]) -> Result<Self::Event, UnknownEvent>;

    /// The version that an event brings it to.
    fn version(event: &Self::Event) -> i64;

    /// All of it, as the event left it.
    fn document(event: &Self::Event) -> &Self::Document;

    /// Its natural key.
    fn key(document: &Self::Document) -> &str;

    /// Whether it is archived.
    fn archived(document: &Self::Document) -> bool;

    /// What it is called, where it is searched by that.
    fn title(_document: &Self::Document) -> Option<&str> {
        None
    }
}

/// A kind of reference data, as the engine takes it.
#[derive(Debug)]
pub struct Whole<C>(PhantomData<fn() -> C>);

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// As it is stored, in this version. All else comes with the next event.
    Stored(i64),
    /// As its last event left it.
    Left(Box<Left>),
}

/// What an event left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// How many events there were.
    pub version: i64,
    /// Partition of its events.
    pub partition: i32,
    /// Its natural key.
    pub key: String,
    /// What it is called; empty where it is not searched.
    pub title: String,
    /// Whether it is out of the way.
    pub archived: bool,
    /// When the event was recorded.
    pub updated_at: OffsetDateTime,
    /// JSON of [`Versioned`], as it is sent.
    pub document: String,
}

impl<C: Carried> Projection for Whole<C> {
    const NAME: &'static str = C::MODEL.name;
    const VERSION: i32 = C::VERSION;
    const DOCUMENTS: Option<&'static str> = C::DOCUMENTS;
    const TOPIC: TopicSpec = C::MODEL.topic;
    const AGGREGATE_TYPE: &'static str = C::MODEL.aggregate_type;
    /// It changes rarely, and what it costs to be idle counts.
    const MOST_WORKERS: usize = 1;
    const FETCHED_AHEAD: u32 = 2_048;

    type Data = C::Event;
    type Row = Row;
    type Changes = ();

    fn tables() -> Cow<'static, str> {
        Cow::Owned(store::tables::<C>())
    }

    fn indexes() -> Cow<'static, str> {
        Cow::Owned(store::indexes::<C>())
    }

    fn decode(event_type: &str, data: &[u8]) -> Result<C::Event, BoxError> {
        Ok(C::decode(event_type, data)?)
    }

    fn brings_to(event: &C::Event) -> i64 {
        C::version(event)
    }

    fn version(row: &Row) -> i64 {
        match row {
            Row::Stored(version) => *version,
            Row::Left(left) => left.version,
        }
    }

    fn apply(_row: Option<Row>, event: &Event<C::Event>, (): &mut ()) -> Result<Row, BoxError> {
        let (envelope, document) = (&event.envelope, C::document(&event.data));
        let versioned = Versioned {
            document,
            subject: envelope.subject,
            version: envelope.sequence,
            updated_at: envelope.time,
        };
        Ok(Row::Left(Box::new(Left {
            version: envelope.sequence,
            partition: envelope.position.partition,
            key: C::key(document).to_owned(),
            title: C::title(document).unwrap_or_default().to_owned(),
            archived: C::archived(document),
            updated_at: envelope.time,
            document: serde_json::to_string(&versioned)?,
        })))
    }

    fn retract(_row: &Row, (): &mut ()) {}

    fn hold_back((): &mut (), (): &mut ()) {}

    async fn load(
        connection: &mut PgConnection,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Row>, sqlx::Error> {
        store::load::<C>(connection, ids).await
    }

    async fn write(
        connection: &mut PgConnection,
        rows: &BTreeMap<Uuid, Row>,
        (): &(),
    ) -> Result<(), sqlx::Error> {
        store::write::<C>(connection, rows).await
    }

    fn owned() -> Vec<OwnTable> {
        vec![OwnTable::new(C::MODEL.name.into(), "id")]
    }

    fn summed() -> Vec<SumTable> {
        Vec::new()
    }
}
