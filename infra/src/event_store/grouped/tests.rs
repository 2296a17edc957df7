//! Group commit on a log that fails at every possible point: before it has
//! stored anything, after it has stored all, and later than it said.

use super::{
    GroupCommit,
    batch::{Append, Place, Row},
    insert::{Inserted, Store},
    writer::Patience,
};
use crate::{
    event_store::{AppendError, NewEvent, Stamp},
    log::Metadata,
};
use contracts::LogPosition;
use futures_util::future::join_all;
use proptest::prelude::*;
use sqlx::error::{DatabaseError, ErrorKind};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    error::Error,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// What a call of the log comes to.
#[derive(Debug, Clone, Copy)]
enum Fate {
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
const BAD: &str = "bad";

/// A log in memory, with fates for its first calls.
struct Fragile {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    fates: Vec<Fate>,
    /// Whose event is at a place.
    rows: BTreeMap<Place, (Uuid, Stamp)>,
    /// Statements that the server gets to with the next call.
    late: Vec<Vec<Append>>,
}

impl Inner {
    fn fate(&mut self) -> Fate {
        for appends in std::mem::take(&mut self.late) {
            let appends: Vec<&Append> = appends.iter().collect();
            // Nobody hears what comes of it.
            let _ = self.insert(&appends);
        }
        self.fates.pop().unwrap_or(Fate::Works)
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
        }
    }

    fn refuse_bad(appends: &[&Append]) -> Result<(), sqlx::Error> {
        let bad = |append: &&&Append| append.rows.iter().any(|row| row.payload == BAD);
        appends
            .iter()
            .find(bad)
            .map_or(Ok(()), |_| Err(code("22P02")))
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

/// A command: on which stream, at which version, with how many events, and
/// whether the database takes them.
#[derive(Debug, Clone, Copy)]
struct Wish {
    stream: u8,
    after: i64,
    events: i64,
    bad: bool,
}

fn events(command: Uuid, wish: Wish) -> Vec<NewEvent> {
    (1..=wish.events)
        .map(|number| NewEvent {
            sequence: wish.after + number,
            event_type: "Happened".into(),
            event_version: "1".into(),
            payload: if wish.bad { BAD } else { "{}" }.into(),
            metadata: Metadata {
                command_id: (number == 1).then_some(command),
                ..Metadata::default()
            },
        })
        .collect()
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Works),
        1 => Just(Fate::LostBefore),
        1 => Just(Fate::LostAfter),
        1 => Just(Fate::LostAndLate),
        1 => Just(Fate::NoConnection),
        1 => Just(Fate::Repeat),
        1 => Just(Fate::Locked),
        1 => Just(Fate::Full),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let wish = (0..12_u8, 0..2_i64, 1..4_i64, prop::bool::weighted(0.05));
    wish.prop_map(|(stream, after, events, bad)| Wish {
        stream,
        after,
        events,
        bad,
    })
}

fn patience() -> Patience {
    Patience {
        total: Duration::from_millis(20),
        first_pause: Duration::from_micros(10),
        longest_pause: Duration::from_micros(50),
    }
}

async fn carry_out(fates: Vec<Fate>, wishes: &[Wish]) -> Result<(), TestCaseError> {
    let log = Arc::new(Fragile {
        inner: Mutex::new(Inner {
            fates,
            ..Inner::default()
        }),
    });
    let group = GroupCommit::on(&log, patience());
    let ids: Vec<Uuid> = (1..).take(wishes.len()).map(Uuid::from_u128).collect();
    let appends = wishes.iter().zip(&ids).map(|(wish, id)| {
        let group = group.clone();
        let (stream, events) = (format!("s{}", wish.stream), events(*id, *wish));
        let follows = (wish.after > 0).then_some(1);
        async move { group.append("order", &stream, follows, &events).await }
    });
    let answers = join_all(appends).await;
    let mut inner = log.inner.lock().expect("alive");
    inner.fate();
    for ((wish, id), answer) in wishes.iter().zip(&ids).zip(&answers) {
        let own = inner.rows.iter().filter(|(_, (command, _))| command == id);
        let stored: Vec<Stamp> = own.map(|(_, (_, stamp))| *stamp).collect();
        let whole = i64::try_from(stored.len()).expect("few") == wish.events;
        prop_assert!(stored.is_empty() || whole, "half of {wish:?} is stored");
        match answer {
            Ok(stamps) => prop_assert_eq!(stamps, &stored, "{:?}", wish),
            Err(AppendError::Unknown(_)) => {}
            Err(error) => prop_assert!(stored.is_empty(), "{error} though it is stored"),
        }
        let refused = matches!(answer, Err(AppendError::Refused(_)));
        prop_assert!(!refused || wish.bad, "refused for another one's fault");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// All of a command's events or none; an answer is the truth; nobody
    /// suffers for another one's command.
    #[test]
    fn whatever_fails_an_answer_is_the_truth(
        fates in prop::collection::vec(fate(), 0..24),
        wishes in prop::collection::vec(wish(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(carry_out(fates, &wishes))?;
    }
}

/// A log that works lets everything in that has a place.
#[tokio::test]
async fn without_failures_the_first_of_each_stream_is_stored() {
    let wishes: Vec<Wish> = (0..200)
        .map(|n| Wish {
            stream: n,
            after: 0,
            events: 2,
            bad: false,
        })
        .collect();
    carry_out(Vec::new(), &wishes).await.expect("the truth");
    let log = Arc::new(Fragile {
        inner: Mutex::default(),
    });
    let group = GroupCommit::on(&log, patience());
    let appends = (1..).zip(&wishes).map(|(id, wish)| {
        let (group, events) = (group.clone(), events(Uuid::from_u128(id), *wish));
        async move {
            group
                .append("order", &wish.stream.to_string(), None, &events)
                .await
        }
    });
    assert!(join_all(appends).await.iter().all(Result::is_ok));
    assert_eq!(log.inner.lock().expect("alive").rows.len(), 400);
}
