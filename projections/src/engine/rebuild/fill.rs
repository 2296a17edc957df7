//! Folding the log up to a horizon into empty tables: one reader, in the order
//! of ids, and several writers.
//!
//! Each writer owns some of Kafka's partitions and writes the aggregates whose
//! events have them, so that no two write a row of shared sums. What it has
//! done moves on in the transaction that writes its rows; whoever goes on with
//! the build begins there.

use super::{
    apply,
    error::RebuildError,
    page,
    progress::Counters,
    store::{self, Done, Part, Stored},
    tables::schema,
};
use crate::engine::{environment::Engine, failure::is_about_data, projection::Projection};
use contracts::partition::partition_of;
use infra::log::StoredEvent;
use sqlx::{Connection as _, PgConnection, Postgres, Transaction};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinSet};

/// About how many events a writer folds and writes at a time; large ones count
/// as several.
const PAGE: i64 = 2_000;
/// A transaction holds at least as many events, or as many seconds of work:
/// shared sums are written once in each.
const EVENTS: i64 = 20_000;
const TIME: Duration = Duration::from_secs(1);
/// Pages that wait for a writer.
const AHEAD: usize = 1;

/// A writer's part of a page of the log: whole streams.
struct Share {
    events: Vec<StoredEvent>,
    done: BTreeMap<i32, Done>,
    /// The last id of the page, whoever's it is.
    last_id: String,
}

/// Why a pass has ended early.
enum Stopped {
    Failed(RebuildError),
    /// The database refuses rows, of whatever aggregates up to this one.
    Refused {
        up_to: String,
    },
}

impl From<RebuildError> for Stopped {
    fn from(error: RebuildError) -> Self {
        Self::Failed(error)
    }
}

impl From<sqlx::Error> for Stopped {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// How far a pass goes, and how.
#[derive(Debug, Clone)]
enum Care {
    /// To the end; many pages in a transaction.
    Little,
    /// Up to an aggregate; page by page, so that those can be found whose rows
    /// are refused.
    Great { up_to: String },
}

/// Fills the tables of a build, from where it stands.
pub(super) async fn fill<P: Projection>(
    engine: &Arc<Engine<P>>,
    build: &Stored,
    mut parts: BTreeMap<i32, Part>,
    workers: usize,
    counters: &Arc<Counters>,
) -> Result<(), RebuildError> {
    let mut care = Care::Little;
    loop {
        let made = Box::pin(pass(engine, build, &parts, workers, counters, &care)).await;
        care = match (made, care) {
            (Err(Stopped::Failed(error)), _) => return Err(error),
            (Err(Stopped::Refused { up_to }), _) => Care::Great { up_to },
            (Ok(()), Care::Great { .. }) => Care::Little,
            (Ok(()), Care::Little) => return Ok(()),
        };
        parts = store::parts(engine.views(), P::NAME, build.build).await?;
    }
}

async fn pass<P: Projection>(
    engine: &Arc<Engine<P>>,
    build: &Stored,
    parts: &BTreeMap<i32, Part>,
    workers: usize,
    counters: &Arc<Counters>,
    care: &Care,
) -> Result<(), Stopped> {
    let workers = workers.clamp(1, parts.len().max(1));
    let (mut writers, mut shares) = (JoinSet::new(), Vec::with_capacity(workers));
    for index in 0..workers {
        let (share, received) = mpsc::channel(AHEAD);
        let writer = Writer {
            engine: engine.clone(),
            connection: engine.connect_to(&schema(P::NAME, build.build)).await?,
            build: build.build,
            held: held(parts, index, workers),
            counters: counters.clone(),
        };
        writers.spawn(writer.run(received, care.clone()));
        shares.push(share);
    }
    let read = read(engine, build, parts, shares, care).await;
    // All of them, also where one has failed: another may be about to commit,
    // and the next pass begins where this one has ended. A writer that has
    // failed tells why; the reader knows only that it has.
    let mut all = Ok(());
    while let Some(written) = writers.join_next().await {
        match written {
            Ok(written) => all = both(all, written),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    both(all, read.map_err(Stopped::Failed))
}

/// What two of them came to: an error before a refusal, and of refusals the
/// furthest.
fn both(one: Result<(), Stopped>, other: Result<(), Stopped>) -> Result<(), Stopped> {
    use Stopped::{Failed, Refused};
    match (one, other) {
        (Err(Failed(error)), _) | (_, Err(Failed(error))) => Err(Failed(error)),
        (Err(Refused { up_to: one }), Err(Refused { up_to: other })) => {
            let up_to = one.max(other);
            Err(Refused { up_to })
        }
        (Err(refused), Ok(())) | (Ok(()), Err(refused)) => Err(refused),
        (Ok(()), Ok(())) => Ok(()),
    }
}

const fn owner(partition: i32, workers: usize) -> usize {
    partition.cast_unsigned() as usize % workers
}

/// Where the partitions of a writer stand.
fn held(parts: &BTreeMap<i32, Part>, index: usize, workers: usize) -> BTreeMap<i32, String> {
    let own = parts.iter().filter(|(p, _)| owner(**p, workers) == index);
    own.map(|(partition, part)| (*partition, part.last_id.clone()))
        .collect()
}

/// Reads the log and deals it out. Ends early when a writer has.
async fn read<P: Projection>(
    engine: &Engine<P>,
    build: &Stored,
    parts: &BTreeMap<i32, Part>,
    shares: Vec<mpsc::Sender<Share>>,
    care: &Care,
) -> Result<(), RebuildError> {
    let limit = PAGE * i64::try_from(shares.len()).unwrap_or(1);
    let first = parts.values().map(|part| part.last_id.as_str()).min();
    let mut after = first.unwrap_or_default().to_owned();
    loop {
        let page = engine
            .log
            .read_streams(P::AGGREGATE_TYPE, &after, build.horizon, limit)
            .await
            .map_err(RebuildError::Log)?;
        let Some(last_id) = page.last_id else {
            return Ok(());
        };
        let dealt = deal::<P>(page.events, &last_id, parts, shares.len());
        for (sender, share) in shares.iter().zip(dealt) {
            if sender.send(share).await.is_err() {
                return Ok(());
            }
        }
        if matches!(care, Care::Great { up_to } if *up_to <= last_id) {
            return Ok(());
        }
        after = last_id;
    }
}

/// A page's whole streams, by the writer that owns their partition; without
/// those that are in the tables already.
fn deal<P: Projection>(
    events: Vec<StoredEvent>,
    last_id: &str,
    parts: &BTreeMap<i32, Part>,
    workers: usize,
) -> Vec<Share> {
    let share = || Share {
        events: Vec::new(),
        done: BTreeMap::new(),
        last_id: last_id.to_owned(),
    };
    let mut shares: Vec<Share> = (0..workers).map(|_| share()).collect();
    for event in events {
        let partition = partition_of(event.aggregate_id.as_bytes(), P::TOPIC.partitions);
        let there = parts.get(&partition);
        if there.is_some_and(|part| event.aggregate_id <= part.last_id) {
            continue;
        }
        let share = &mut shares[owner(partition, workers)];
        let done = share.done.entry(partition).or_default();
        done.events += 1;
        let known = share.events.last().map(|last| &last.aggregate_id);
        done.aggregates += i64::from(known != Some(&event.aggregate_id));
        share.events.push(event);
    }
    shares
}

/// Folds and writes what it is dealt.
struct Writer<P: Projection> {
    engine: Arc<Engine<P>>,
    /// Into the schema of the build.
    connection: PgConnection,
    build: i64,
    /// Where its partitions stand.
    held: BTreeMap<i32, String>,
    counters: Arc<Counters>,
}

/// A share, folded.
struct Ready<P: Projection> {
    streams: page::Page<P>,
    done: BTreeMap<i32, Done>,
    last_id: String,
}

impl<P: Projection> Writer<P> {
    async fn run(mut self, mut shares: mpsc::Receiver<Share>, care: Care) -> Result<(), Stopped> {
        match care {
            Care::Little => {
                let mut page = next(&self.engine, &mut shares).await?;
                while let Some(first) = page {
                    page = Box::pin(self.write(first, &mut shares)).await?;
                }
            }
            Care::Great { .. } => {
                while let Some(share) = shares.recv().await {
                    Box::pin(self.write_carefully(share)).await?;
                }
            }
        }
        Ok(self.connection.close().await?)
    }

    /// One transaction: pages until it is large enough. The next page is
    /// folded while the present one is written. The page that comes after it.
    ///
    /// Its aggregates are not in the tables: who stores them moves their partitions on.
    /// Where another builder has done so meanwhile, the rows of this one are refused.
    async fn write(
        &mut self,
        first: Ready<P>,
        shares: &mut mpsc::Receiver<Share>,
    ) -> Result<Option<Ready<P>>, Stopped> {
        let (mut held_back, mut done) = (P::Changes::default(), BTreeMap::new());
        let (began, mut events, build) = (Instant::now(), 0, self.build);
        let mut transaction = self.connection.begin().await?;
        let mut next_page = first;
        let (last_id, rest) = loop {
            let Ready {
                streams,
                done: of_page,
                last_id,
            } = next_page;
            let mut folded = streams.folded;
            P::hold_back(&mut folded.changes, &mut held_back);
            let (written, next) = tokio::join!(
                P::write_new(&mut transaction, &folded.rows, &folded.changes),
                next(&self.engine, shares),
            );
            if let Err(error) = written {
                let held = (build, &self.held);
                return Err(refused(&self.engine, held, error, &last_id).await);
            }
            for broken in streams.broken {
                apply::park(&self.engine, &mut transaction, build, broken).await?;
            }
            events += add(&mut done, of_page);
            match next? {
                Some(following) if events < EVENTS && began.elapsed() < TIME => {
                    next_page = following;
                }
                rest => break (last_id, rest),
            }
        };
        let written = P::write(&mut transaction, &BTreeMap::new(), &held_back).await;
        if let Err(error) = written {
            let held = (build, &self.held);
            return Err(refused(&self.engine, held, error, &last_id).await);
        }
        let reached = reached(&self.held, &last_id);
        commit::<P>(transaction, build, (&self.held, &reached), &done).await?;
        self.count(&done);
        self.held = reached;
        Ok(rest)
    }

    /// One page in one transaction, without the orders whose rows the database
    /// refuses: those are parked.
    async fn write_carefully(&mut self, share: Share) -> Result<(), RebuildError> {
        let Share {
            events,
            done,
            last_id,
        } = share;
        let build = self.build;
        let mut transaction = self.connection.begin().await?;
        apply::write_streams(&self.engine, &mut transaction, build, events).await?;
        let reached = reached(&self.held, &last_id);
        commit::<P>(transaction, build, (&self.held, &reached), &done).await?;
        self.count(&done);
        self.held = reached;
        Ok(())
    }

    fn count(&self, done: &BTreeMap<i32, Done>) {
        let sum = |of: fn(&Done) -> i64| done.values().map(of).sum::<i64>().cast_unsigned();
        let (aggregates, events) = (sum(|done| done.aggregates), sum(|done| done.events));
        self.counters.add(aggregates, events);
    }
}

/// What it means that the database refuses rows of a page. Where their partitions have
/// moved on without this builder, another one has stored them.
async fn refused<P: Projection>(
    engine: &Engine<P>,
    (build, held): (i64, &BTreeMap<i32, String>),
    error: sqlx::Error,
    last_id: &str,
) -> Stopped {
    if !is_about_data(&error) {
        return error.into();
    }
    let stored = match store::parts(engine.views(), P::NAME, build).await {
        Ok(stored) => stored,
        Err(error) => return error.into(),
    };
    if is_held(held, &stored) {
        let up_to = last_id.to_owned();
        Stopped::Refused { up_to }
    } else {
        RebuildError::Overtaken { build }.into()
    }
}

/// Whether partitions stand where a writer believes them to.
fn is_held(held: &BTreeMap<i32, String>, stored: &BTreeMap<i32, Part>) -> bool {
    held.iter().all(|(partition, last_id)| {
        let stored = stored.get(partition);
        stored.is_some_and(|part| part.last_id == *last_id)
    })
}

/// How many events a page has added.
fn add(done: &mut BTreeMap<i32, Done>, page: BTreeMap<i32, Done>) -> i64 {
    let mut events = 0;
    for (partition, of_page) in page {
        let done = done.entry(partition).or_default();
        done.aggregates += of_page.aggregates;
        done.events += of_page.events;
        events += of_page.events;
    }
    events
}

/// Commits what was done between two places of some partitions.
async fn commit<P: Projection>(
    mut transaction: Transaction<'_, Postgres>,
    build: i64,
    (held, reached): (&BTreeMap<i32, String>, &BTreeMap<i32, String>),
    done: &BTreeMap<i32, Done>,
) -> Result<(), RebuildError> {
    if !store::filled(&mut transaction, P::NAME, build, held, reached, done).await? {
        return Err(RebuildError::Overtaken { build });
    }
    Ok(transaction.commit().await?)
}

/// Where partitions stand once the page that ends with `last_id` is written.
/// One that was further already, in a build that is gone on with, stays there.
fn reached(held: &BTreeMap<i32, String>, last_id: &str) -> BTreeMap<i32, String> {
    let reached = held.iter().map(|(partition, held)| {
        let further = held.as_str().max(last_id);
        (*partition, further.to_owned())
    });
    reached.collect()
}

async fn next<P: Projection>(
    engine: &Engine<P>,
    shares: &mut mpsc::Receiver<Share>,
) -> Result<Option<Ready<P>>, RebuildError> {
    let Some(share) = shares.recv().await else {
        return Ok(None);
    };
    Ok(Some(Ready {
        streams: page::fold(engine, share.events).await?,
        done: share.done,
        last_id: share.last_id,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(places: &[(i32, &str)]) -> BTreeMap<i32, Part> {
        let part = |last_id: &str| Part {
            last_id: last_id.to_owned(),
            aggregates: 1,
            events: 1,
        };
        let places = places.iter();
        places.map(|(p, last_id)| (*p, part(last_id))).collect()
    }

    #[test]
    fn who_has_moved_a_partition_on_has_overtaken_its_writer() {
        let held = BTreeMap::from([(1, "b".to_owned()), (3, String::new())]);
        // What others do in theirs is no matter.
        assert!(is_held(&held, &stored(&[(0, "x"), (1, "b"), (3, "")])));
        assert!(!is_held(&held, &stored(&[(1, "c"), (3, "")])));
        assert!(!is_held(&held, &stored(&[(1, "b")])));
    }
}
