//! Holding a projection's rows against the log, as `orderlog verify` does it.
//!
//! ```text
//!  a page of the log ── fold (the projection's own) ── write ──> pg_temp: a twin of each table
//!                                                                   │ full join, column by column
//!  one snapshot of the views ────────── the same orders' rows <─────┘
//! ```
//!
//! The rows are taken as of the version that they have, so what is in flight is
//! no difference; that they have as many events as the checkpoint of their
//! partition promises is. Twins hide the served tables on their connection, and
//! its transactions are read only: nothing can be written but into twins.

mod compare;
mod documents;
mod store;
mod sums;

pub use documents::{Documents, DocumentsDifference, Look, Record, Stray};
pub use sums::{Sums, SumsDifference};

use super::{
    announce::announce_rebuilt, lock::UNHURRIED, projection::Projection, publish::Published,
};
use crate::{Sources, registry::Entry};
use contracts::topics::TopicSpec;
use futures_util::future::BoxFuture;
use infra::{
    config::Config,
    log::PublishedEvent,
    postgres::{self, Database},
    redis::Redis,
    sealing::OpenError,
};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
};
use uuid::Uuid;

/// A table of which each row belongs to one aggregate.
#[derive(Debug, Clone)]
pub struct OwnTable {
    /// Its name.
    pub table: Cow<'static, str>,
    /// Column with the aggregate's id.
    pub id: &'static str,
    /// Columns that the log does not determine.
    pub ignored: &'static [&'static str],
}

impl OwnTable {
    /// All of whose columns follow from the log.
    pub const fn new(table: Cow<'static, str>, id: &'static str) -> Self {
        Self {
            table,
            id,
            ignored: &[],
        }
    }
}

/// A table of what aggregates come to together: sums over what they count for,
/// or a set of what any of them has.
#[derive(Debug, Clone)]
pub struct SumTable {
    /// Its name.
    pub table: &'static str,
    /// Its key, the Kafka partition last.
    pub key: Vec<&'static str>,
    /// What a row holds beside its key.
    pub content: Content,
    /// The query of what it has to hold: key, then sums.
    pub computed: Cow<'static, str>,
}

/// What a row holds that aggregates share.
#[derive(Debug, Clone)]
pub enum Content {
    /// Columns that are added to.
    Sums(&'static [&'static str]),
    /// Nothing: that it is there says that an aggregate has what its key says.
    Presence {
        /// Whether one has what the key of the row `k` says, as SQL.
        condition: Cow<'static, str>,
    },
}

/// Streams of the log that are compared together.
#[derive(Debug, Clone, Default)]
pub struct Page(pub BTreeMap<Uuid, Stream>);

/// One aggregate, as the log has it below the horizon: its events, opened, or
/// why there are none to be had.
pub type Stream = Result<Vec<PublishedEvent>, String>;

/// What a page came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// What differs.
    pub differing: BTreeMap<Uuid, Difference>,
    /// Events that the projection has not come to yet, by partition.
    pub behind: BTreeMap<i32, u64>,
}

/// How an aggregate's rows differ from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It has none.
    Missing,
    /// It has some, and the log knows nothing of it.
    Extra,
    /// They are of another version than they have to be.
    Version {
        /// Theirs.
        found: i64,
        /// What the log has.
        log: i64,
    },
    /// The aggregate is parked, and served in an older version.
    Parked {
        /// Which.
        found: i64,
        /// What the log has.
        log: i64,
    },
    /// They are not what the log makes of their version: which, by table.
    Rows(Vec<String>),
    /// The log cannot be folded.
    Unfolded(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it has no rows"),
            Self::Extra => f.write_str("it has rows, and the log has no such order"),
            Self::Version { found, log } => {
                write!(f, "its rows are of version {found}, the log has {log}")
            }
            Self::Parked { found, log } => {
                write!(f, "it is parked at version {found}, the log has {log}")
            }
            Self::Rows(tables) => f.write_str(&tables.join("; ")),
            Self::Unfolded(why) => write!(f, "the log cannot be folded: {why}"),
        }
    }
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[source] sqlx::Error),
    /// The views cannot be read.
    #[error("the views cannot be read")]
    Views(#[from] sqlx::Error),
    /// The keys of personal data cannot be read.
    #[error(transparent)]
    Closed(OpenError),
    /// It was never built.
    #[error("projection {0} was never built; is the projector running?")]
    NeverBuilt(&'static str),
    /// It was made by another release.
    #[error(
        "projection {projection} is of version {found}, this program makes version {ours}: a \
         running projector of the newer one rebuilds it, or `orderlog rebuild {projection}`"
    )]
    OtherVersion {
        /// Which.
        projection: &'static str,
        /// What is served.
        found: i32,
        /// What we could compare it with.
        ours: i32,
    },
}

/// A connection on which a comparison may take its time.
pub async fn connect(config: &Config) -> Result<PgConnection, sqlx::Error> {
    let options = postgres::connect_options(Database::Views.session_url(config))?
        .options(UNHURRIED)
        .options([("client_min_messages", "warning")])
        .disable_statement_logging();
    PgConnection::connect_with(&options).await
}

/// A projection that can be held against the log: on one connection of
/// [`connect`] its rows, on another its sums.
pub trait Compared: Send + Sync {
    /// Kind of its aggregates.
    fn aggregate_type(&self) -> &'static str;

    /// Where its events come from.
    fn topic(&self) -> TopicSpec;

    /// Where its documents are published, if they are: [`Documents`] compares
    /// them.
    fn published(&self) -> Option<Published>;

    /// Makes the twins of its tables on the connection for rows.
    fn prepare<'a>(
        &'a self,
        views: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), CompareError>>;

    /// Compares the rows of these aggregates.
    fn compare<'a>(
        &'a self,
        sources: &'a Sources,
        views: &'a mut PgConnection,
        page: &'a Page,
    ) -> BoxFuture<'a, Result<Found, CompareError>>;

    /// The next `limit` aggregates with ids in `(after, last]` that have rows
    /// and are not among `known`, by id.
    fn others<'a>(
        &'a self,
        views: &'a mut PgConnection,
        range: (Uuid, Uuid),
        known: &'a [Uuid],
        limit: i64,
    ) -> BoxFuture<'a, Result<BTreeSet<Uuid>, sqlx::Error>>;

    /// Compares its sums with its rows; up to `limit` differences of each table
    /// are told in full. The connection remembers all of them.
    fn compare_sums<'a>(
        &'a self,
        views: &'a mut PgConnection,
        limit: i64,
    ) -> BoxFuture<'a, Result<Vec<Sums>, sqlx::Error>>;

    /// Sets right what [`compare_sums`](Self::compare_sums) found; how many rows
    /// that were. None: another build is served since.
    fn repair_sums<'a>(
        &'a self,
        sources: &'a Sources,
        views: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Option<u64>, sqlx::Error>>;
}

impl<P: Projection> Compared for Entry<P> {
    fn aggregate_type(&self) -> &'static str {
        P::AGGREGATE_TYPE
    }

    fn topic(&self) -> TopicSpec {
        P::TOPIC
    }

    fn published(&self) -> Option<Published> {
        P::PUBLISHED
    }

    fn prepare<'a>(
        &'a self,
        views: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), CompareError>> {
        Box::pin(compare::prepare::<P>(views))
    }

    fn compare<'a>(
        &'a self,
        sources: &'a Sources,
        views: &'a mut PgConnection,
        page: &'a Page,
    ) -> BoxFuture<'a, Result<Found, CompareError>> {
        Box::pin(compare::compare::<P>(sources, views, page))
    }

    fn others<'a>(
        &'a self,
        views: &'a mut PgConnection,
        range: (Uuid, Uuid),
        known: &'a [Uuid],
        limit: i64,
    ) -> BoxFuture<'a, Result<BTreeSet<Uuid>, sqlx::Error>> {
        Box::pin(async move { store::others(views, &P::owned(), range, known, limit).await })
    }

    fn compare_sums<'a>(
        &'a self,
        views: &'a mut PgConnection,
        limit: i64,
    ) -> BoxFuture<'a, Result<Vec<Sums>, sqlx::Error>> {
        Box::pin(sums::compare::<P>(views, limit))
    }

    fn repair_sums<'a>(
        &'a self,
        sources: &'a Sources,
        views: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Option<u64>, sqlx::Error>> {
        Box::pin(async move {
            let repaired = sums::repair::<P>(views).await?;
            let config = &sources.config;
            // Without Redis what is cached expires by itself.
            if let Ok(redis) = Redis::new(config) {
                announce_rebuilt::<P>(&postgres::pool(&config.views_url, 1)?, &redis).await;
            }
            Ok(repaired)
        })
    }
}
