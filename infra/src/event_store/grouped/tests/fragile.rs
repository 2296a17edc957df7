//! A log in memory that fails when it is told to.

use crate::event_store::{
    Stamp,
    grouped::{
        batch::{Append, Place, Row},
        insert::{Inserted, Store},
    },
};
use contracts::LogPosition;
use sqlx::error::{DatabaseError, ErrorKind};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    error::Error,
    fmt,
    sync::{Mutex, MutexGuard},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// What a call of the log comes to.
#[derive(Debug, Clone, Copy)]
pub enum Fate {
    /// It does what it should.
    Works,
    /// The connection is lost before anything was done.
    LostBefore,
    /// The connection is lost after the commit.
    LostAfter,
    /// The connection is lost; the server gets to the statement later.
    LostAndLate,
    /// No connection is to be had.
    NoConnection,
    /// `serialization_failure`.
    Repeat,
    /// `lock_not_available`.
    Locked,
    /// `disk_full`.
    Full,
    /// `internal_error`: refused, for no reason that lies in a command.
    Broken,
}

impl Fate {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Works,
        Self::LostBefore,
        Self::LostAfter,
        Self::LostAndLate,
        Self::NoConnection,
        Self::Repeat,
        Self::Locked,
        Self::Full,
        Self::Broken,
    ];
}

/// An error of the database with this code.
#[derive(Debug)]
struct Code(&'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Code {}

impl DatabaseError for Code {
    fn message(&self) -> &str {
        self.0
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.0.into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

fn code(code: &'static str) -> sqlx::Error {
    sqlx::Error::Database(Box::new(Code(code)))
}

fn lost() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())
}

/// A payload that the database refuses.
pub const BAD: &str = "bad";
/// `invalid_text_representation`: why.
pub const BAD_CODE: &str = "22P02";

/// A log in memory, with fates for its first calls.
#[derive(Default)]
pub struct Fragile {
    inner: Mutex<Inner>,
}

impl Fragile {
    /// The first calls come to these, the last one first.
    pub fn with(fates: Vec<Fate>) -> Self {
        let inner = Inner {
            fates,
            ..Inner::default()
        };
        Self {
            inner: Mutex::new(inner),
        }
    }

    /// What is in it, once the server has got to everything.
    pub fn at_rest(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().expect("alive");
        inner.catch_up();
        inner
    }
}

#[derive(Default)]
pub struct Inner {
    fates: Vec<Fate>,
    /// Whose event is at a place.
    pub rows: BTreeMap<Place, (Uuid, Stamp)>,
    /// Statements that the server gets to with the next call.
    late: Vec<Vec<Append>>,
}

impl Inner {
    fn fate(&mut self) -> Fate {
        self.catch_up();
        self.fates.pop().unwrap_or(Fate::Works)
    }

    fn catch_up(&mut self) {
        for appends in std::mem::take(&mut self.late) {
            let appends: Vec<&Append> = appends.iter().collect();
            // Nobody hears what comes of it.
            let _ = self.insert(&appends);
        }
    }

    /// Whether a row is in the way of it.
    fn in_the_way(&self, append: &Append) -> bool {
        let place = |row: &Row| (append.aggregate_id.clone(), row.sequence);
        let mut rows = append.rows.iter();
        rows.any(|row| self.rows.contains_key(&place(row)))
    }

    /// Whether it follows what is not there.
    fn left_out(&self, append: &Append) -> bool {
        let place = (append.aggregate_id.clone(), append.first() - 1);
        append.follows.is_some() && !self.rows.contains_key(&place)
    }

    fn losers(&self, appends: &[&Append]) -> Vec<usize> {
        let indexed = appends.iter().enumerate();
        let lose = |append: &Append| self.in_the_way(append) || self.left_out(append);
        let losers = indexed.filter(|(_, append)| lose(append));
        losers.map(|(index, _)| index).collect()
    }

    /// As the INSERT does: a row in the way refuses all.
    fn insert(&mut self, appends: &[&Append]) -> Result<HashMap<Place, Stamp>, sqlx::Error> {
        Self::refuse_bad(appends)?;
        let kept = appends.iter().filter(|append| !self.left_out(append));
        let kept: Vec<&Append> = kept.copied().collect();
        if kept.iter().any(|append| self.in_the_way(append)) {
            return Err(code("23505"));
        }
        Ok(self.store(&kept))
    }

    fn store(&mut self, appends: &[&Append]) -> HashMap<Place, Stamp> {
        let mut stamps = HashMap::new();
        for append in appends {
            let command = append.command_id().expect("each command has an id");
            for row in &append.rows {
                let stamp = Stamp {
                    sequence: row.sequence,
                    at: LogPosition {
                        position: i64::try_from(self.rows.len()).expect("few"),
                        ..LogPosition::START
                    },
                    recorded_at: OffsetDateTime::UNIX_EPOCH,
                };
                let place = (append.aggregate_id.clone(), row.sequence);
                let before = self.rows.insert(place.clone(), (command, stamp));
                assert!(before.is_none(), "two events at {place:?}");
                stamps.insert(place, stamp);
            }
        }
        stamps
    }

    /// One statement, or transaction, with its fate.
    fn call<T>(
        &mut self,
        appends: &[&Append],
        work: impl FnOnce(&mut Self) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        match self.fate() {
            Fate::Works => work(self),
            Fate::LostBefore => Err(lost()),
            Fate::LostAfter => {
                // Whatever it answered, nobody hears it.
                let _ = work(self);
                Err(lost())
            }
            Fate::LostAndLate => {
                self.late.push(appends.iter().map(|&a| a.clone()).collect());
                Err(lost())
            }
            Fate::NoConnection => Err(sqlx::Error::PoolTimedOut),
            Fate::Repeat => Err(code("40001")),
            Fate::Locked => Err(code("55P03")),
            Fate::Full => Err(code("53100")),
            Fate::Broken => Err(code("XX000")),
        }
    }

    fn refuse_bad(appends: &[&Append]) -> Result<(), sqlx::Error> {
        let bad = |append: &&&Append| append.rows.iter().any(|row| row.payload == BAD);
        appends
            .iter()
            .find(bad)
            .map_or(Ok(()), |_| Err(code(BAD_CODE)))
    }
}

impl Store for Fragile {
    async fn insert(&self, appends: &[&Append]) -> Result<HashMap<Place, Stamp>, sqlx::Error> {
        tokio::task::yield_now().await;
        let mut inner = self.inner.lock().expect("alive");
        inner.call(appends, |inner| inner.insert(appends))
    }

    async fn insert_or_losers(&self, appends: &[&Append]) -> Result<Inserted, sqlx::Error> {
        tokio::task::yield_now().await;
        let mut inner = self.inner.lock().expect("alive");
        inner.call(appends, |inner| {
            Inner::refuse_bad(appends)?;
            let losers = inner.losers(appends);
            if losers.is_empty() {
                Ok(Inserted::All(inner.store(appends)))
            } else {
                Ok(Inserted::None(losers))
            }
        })
    }

    async fn find(&self, append: &Append) -> Result<Option<Vec<Stamp>>, sqlx::Error> {
        let mut inner = self.inner.lock().expect("alive");
        if matches!(inner.fate(), Fate::Works) {
            let mine = append.rows.iter().map(|row| {
                let place = (append.aggregate_id.clone(), row.sequence);
                let (command, stamp) = inner.rows.get(&place)?;
                (Some(*command) == append.command_id()).then_some(*stamp)
            });
            return Ok(mine.collect());
        }
        Err(lost())
    }
}
