//! What a projection says about itself.

use super::{
    event::Event,
    publish::Published,
    verify::{OwnTable, SumTable},
};
use contracts::topics::TopicSpec;
use sqlx::PgConnection;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};
use uuid::Uuid;

/// Any error, kept as a cause.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A read model of one kind of aggregate. Its rows belong to one aggregate
/// each and carry the aggregate's version; what many aggregates share is kept
/// in [`Changes`](Self::Changes) as differences.
///
/// Everything but `load` and `write` is pure. An implementation knows nothing
/// of Kafka, offsets, batches or rebuilds.
pub trait Projection: Send + Sync + 'static {
    /// Name in the tables `projections` and `projection_offsets`, in metrics
    /// and on the command line.
    const NAME: &'static str;
    /// Rises when the tables or their meaning change: a build of an older
    /// version is served until a new one is made.
    const VERSION: i32;
    /// Family of cached values that are computed from it, if there is one.
    const CACHED: Option<&'static str> = None;
    /// Family of cached documents, one of each aggregate, if there is one.
    const DOCUMENTS: Option<&'static str> = None;
    /// Where its documents are published, if they are.
    const PUBLISHED: Option<Published> = None;
    /// Where its events come from.
    const TOPIC: TopicSpec;
    /// Kind of aggregate in the log.
    const AGGREGATE_TYPE: &'static str;
    /// How many workers it has use for, however many the configuration allows: no
    /// more than its topic has partitions.
    const MOST_WORKERS: usize = Self::TOPIC.partitions.cast_unsigned() as usize;
    /// What a worker fetches ahead at most, in kilobytes.
    const FETCHED_AHEAD: u32 = 16_384;

    /// An event's data, read.
    type Data: Send + Sync;
    /// State of one aggregate.
    type Row: Send + Sync;
    /// What a batch changes beside its rows.
    type Changes: Default + Send + Sync;

    /// Its tables, as SQL, with the keys that it writes by. Names are not
    /// qualified, here and in every statement: each build has a schema of its
    /// own until it is switched to.
    fn tables() -> Cow<'static, str>;

    /// Indexes that only readers need, as SQL: made one by one when a build has
    /// filled its tables. Comments are lines of their own, and no statement has a
    /// semicolon in it.
    fn indexes() -> Cow<'static, str> {
        Cow::Borrowed("")
    }

    /// What else depends on its tables, as SQL: run after its tables have been
    /// put in the place of older ones, in the same transaction. Drops views
    /// and makes them anew, grants what there is to grant.
    fn views() -> Cow<'static, str> {
        Cow::Borrowed("")
    }

    /// Whether events of this type (`ce_type`) are its own. Of others on its topic,
    /// which may be another projection's or a later release's, it takes note only
    /// that they have passed.
    fn concerns(event_type: &str) -> bool {
        let rest = event_type.strip_prefix(Self::AGGREGATE_TYPE);
        rest.is_some_and(|rest| rest.starts_with('.'))
    }

    /// Whether an event of this type says that earlier ones read differently from
    /// now on, as keys that they were sealed under are gone: its aggregate is
    /// folded anew from the log.
    fn rewrites(_event_type: &str) -> bool {
        false
    }

    /// Reads a record's value as the type that its envelope names.
    fn decode(event_type: &str, data: &[u8]) -> Result<Self::Data, BoxError>;

    /// The version that an event says it brings its aggregate to. A record of
    /// which the envelope says another one cannot be read.
    fn brings_to(data: &Self::Data) -> i64;

    /// How many events made the row what it is.
    fn version(row: &Self::Row) -> i64;

    /// The row after its next event, and what that event changes elsewhere.
    /// The engine has checked that it is the next one.
    fn apply(
        row: Option<Self::Row>,
        event: &Event<Self::Data>,
        changes: &mut Self::Changes,
    ) -> Result<Self::Row, BoxError>;

    /// Takes back what the row contributes to what is shared, before it is
    /// folded anew from its first event.
    fn retract(row: &Self::Row, changes: &mut Self::Changes);

    /// Takes back what may be stored beside the row of an aggregate that has
    /// no row: somebody has deleted it.
    fn clear(_id: Uuid, _changes: &mut Self::Changes) {}

    /// Moves what is shared from the changes of one page into `held`. A build
    /// writes it once for many pages.
    fn hold_back(page: &mut Self::Changes, held: &mut Self::Changes);

    /// The stored rows of these aggregates.
    fn load(
        connection: &mut PgConnection,
        ids: &[Uuid],
    ) -> impl Future<Output = Result<HashMap<Uuid, Self::Row>, sqlx::Error>> + Send;

    /// Stores rows and changes, with a number of statements that does not
    /// depend on theirs, and in an order that does not depend on chance.
    fn write(
        connection: &mut PgConnection,
        rows: &BTreeMap<Uuid, Self::Row>,
        changes: &Self::Changes,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The same where neither these rows nor anything beside them is there, as in the
    /// empty tables of a build: nothing has to be looked for first. Where something is
    /// there all the same, it is refused like any value that the tables do not take.
    fn write_new(
        connection: &mut PgConnection,
        rows: &BTreeMap<Uuid, Self::Row>,
        changes: &Self::Changes,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send {
        Self::write(connection, rows, changes)
    }

    /// How often the stored document of an aggregate has changed without the
    /// aggregate; asked for where documents are cached.
    fn revision(
        _connection: &mut PgConnection,
        _id: Uuid,
    ) -> impl Future<Output = Result<i64, sqlx::Error>> + Send {
        async { Ok(0) }
    }

    /// Its tables of which each row is one aggregate's. The first has one row
    /// of each aggregate, and the column `version`.
    fn owned() -> Vec<OwnTable>;

    /// Its tables that aggregates share, and what they have to hold.
    fn summed() -> Vec<SumTable>;

    /// Makes the temporary tables that the queries of [`summed`](Self::summed)
    /// read, where SQL alone cannot say what rows add up to.
    fn add_up(
        _connection: &mut PgConnection,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send {
        async { Ok(()) }
    }
}
