//! What can be followed.

use contracts::LogPosition;
use infra::{
    log::{MappingError, PageSize},
    sealing::OpenError,
};
use std::{fmt, mem, str::FromStr, sync::Arc, time::Duration};
use uuid::Uuid;

/// Bytes of what is told that one page of the ring holds; its last item may
/// exceed it.
const RING_PAGE: usize = 128 << 10;

/// Something that can be read from any place in the log on, always with the
/// same result.
pub trait Feed: Clone + Send + Sync + 'static {
    /// Name of the stream, in metrics.
    const NAME: &'static str;

    /// What woke up the tail.
    type Hints: Send;

    /// What was read and could not be told yet, for a reader that stays.
    type Ahead: Default + Send;

    /// Listens for hints that there may be more.
    fn hints(&self) -> Self::Hints;

    /// Waits for a hint, at most so long; whether one came.
    fn wait(hints: &mut Self::Hints, at_most: Duration) -> impl Future<Output = bool> + Send;

    /// A place after which everything is that happens from now on, and as
    /// little as possible of what happened before.
    fn end(&self) -> impl Future<Output = Result<Edge, FeedError>> + Send;

    /// What comes after `after`; of these orders only, where there are any. A
    /// reader that stays keeps what is `ahead` of it, which is not read again;
    /// whatever becomes of a page, the next one is right.
    fn page(
        &self,
        after: LogPosition,
        of: &[Uuid],
        size: PageSize,
        ahead: &mut Self::Ahead,
    ) -> impl Future<Output = Result<Page, FeedError>> + Send;
}

/// Why a feed cannot be read at the moment.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The log or the views do not answer.
    #[error("a database does not answer")]
    Database(#[from] sqlx::Error),
    /// The log must not be read.
    #[error("the log was restored from a backup")]
    Refused,
    /// An event is of a later release.
    #[error(transparent)]
    Unknown(#[from] MappingError),
    /// Keys cannot be read.
    #[error(transparent)]
    Closed(#[from] OpenError),
    /// An event cannot be written as JSON.
    #[error("an event is not JSON")]
    Json(#[from] serde_json::Error),
}

/// Which documents there are besides what events make of them: rises with a
/// build, and where an order was driven again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Generation {
    /// Number of the served build.
    pub build: i64,
    /// Orders that were driven again in it.
    pub redriven: i64,
}

/// `<build>.<redriven>`.
impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.build, self.redriven)
    }
}

impl FromStr for Generation {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (build, redriven) = text.split_once('.').ok_or(())?;
        Ok(Self {
            build: build.parse().map_err(|_| ())?,
            redriven: redriven.parse().map_err(|_| ())?,
        })
    }
}

/// How far something was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Everything up to here.
    pub at: LogPosition,
    /// None: the feed depends on the log alone.
    pub generation: Option<Generation>,
}

/// What something is about: all that a filter asks for.
#[derive(Debug, Clone)]
pub struct About {
    /// Its place.
    pub at: LogPosition,
    /// The order that it is about.
    pub order: Uuid,
    /// The order's platform.
    pub platform: Option<Arc<str>>,
    /// Type of the event.
    pub event_type: Arc<str>,
}

/// Something to be told.
#[derive(Debug)]
pub struct Item {
    /// What it is about.
    pub about: About,
    /// The data, on one line.
    pub json: Vec<u8>,
}

/// Some of a feed.
#[derive(Debug)]
pub struct Page {
    /// It holds everything after this.
    pub after: LogPosition,
    /// Up to this, and as of this generation.
    pub reached: Edge,
    /// What is to be told.
    pub items: Vec<Item>,
}

impl Page {
    /// Whether it leads nowhere.
    pub fn is_empty(&self) -> bool {
        self.after == self.reached.at
    }

    /// The same in parts that are small enough for the ring.
    pub fn split(self) -> Vec<Self> {
        let (mut parts, mut after, mut bytes) = (Vec::new(), self.after, 0);
        let (mut items, generation) = (Vec::new(), self.reached.generation);
        for item in self.items {
            bytes += item.json.len();
            let at = item.about.at;
            items.push(item);
            if bytes >= RING_PAGE {
                let reached = Edge { at, generation };
                let items = mem::take(&mut items);
                parts.push(Self {
                    after,
                    reached,
                    items,
                });
                (after, bytes) = (at, 0);
            }
        }
        parts.push(Self {
            after,
            reached: self.reached,
            items,
        });
        parts
    }
}
