//! Folding the log up to a horizon into empty tables: one reader, in the order
//! of ids, and several writers.
//!
//! Each writer owns some of Kafka's partitions and writes the aggregates whose
//! events have them, so that no two write a row of shared sums. What it has
//! done moves on in the transaction that writes its rows; whoever goes on with
//! the build begins there.

use super::{
    error::RebuildError,
    page,
    progress::Counters,
    store::{self, Done, Part, Stored},
    tables::schema,
};
use crate::engine::{environment::Engine, fold::Folded, projection::Projection};
use contracts::partition::partition_of;
use infra::log::StoredEvent;
use sqlx::{Connection as _, PgConnection};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinSet};

/// About how many events a writer folds and writes at a time.
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

/// Fills the tables of a build, from where it stands.
pub(super) async fn fill<P: Projection>(
    engine: &Arc<Engine<P>>,
    build: &Stored,
    parts: BTreeMap<i32, Part>,
    workers: usize,
    counters: &Arc<Counters>,
) -> Result<(), RebuildError> {
    let workers = workers.clamp(1, parts.len().max(1));
    let (mut writers, mut shares) = (JoinSet::new(), Vec::with_capacity(workers));
    for index in 0..workers {
        let (share, received) = mpsc::channel(AHEAD);
        let writer = Writer {
            engine: engine.clone(),
            connection: engine.connect_to(&schema(P::NAME, build.build)).await?,
            build: build.build,
            held: held(&parts, index, workers),
            counters: counters.clone(),
        };
        writers.spawn(writer.run(received));
        shares.push(share);
    }
    // A writer that has ended has failed: its error is the one that tells why.
    let read = read(engine, build, &parts, shares).await;
    while let Some(written) = writers.join_next().await {
        match written {
            Ok(written) => written?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    read
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
struct Page<P: Projection> {
    folded: Folded<P>,
    done: BTreeMap<i32, Done>,
    last_id: String,
}

impl<P: Projection> Writer<P> {
    async fn run(mut self, mut shares: mpsc::Receiver<Share>) -> Result<(), RebuildError> {
        let mut page = next(&self.engine, &mut shares).await?;
        while let Some(first) = page {
            page = Box::pin(self.write(first, &mut shares)).await?;
        }
        Ok(self.connection.close().await?)
    }

    /// One transaction: pages until it is large enough. The next page is
    /// folded while the present one is written. The page that comes after it.
    async fn write(
        &mut self,
        first: Page<P>,
        shares: &mut mpsc::Receiver<Share>,
    ) -> Result<Option<Page<P>>, RebuildError> {
        let (mut held_back, mut done) = (P::Changes::default(), BTreeMap::<i32, Done>::new());
        let (began, mut events) = (Instant::now(), 0);
        let mut transaction = self.connection.begin().await?;
        let mut page = first;
        let (last_id, rest) = loop {
            P::hold_back(&mut page.folded.changes, &mut held_back);
            let (written, next) = tokio::join!(
                P::write(&mut transaction, &page.folded.rows, &page.folded.changes),
                next(&self.engine, shares),
            );
            written?;
            for (partition, of_page) in page.done {
                let done = done.entry(partition).or_default();
                done.aggregates += of_page.aggregates;
                done.events += of_page.events;
                events += of_page.events;
            }
            match next? {
                Some(following) if events < EVENTS && began.elapsed() < TIME => page = following,
                rest => break (page.last_id, rest),
            }
        };
        P::write(&mut transaction, &BTreeMap::new(), &held_back).await?;
        let (build, reached) = (self.build, reached(&self.held, &last_id));
        let held = &self.held;
        if !store::filled(&mut transaction, P::NAME, build, held, &reached, &done).await? {
            return Err(RebuildError::Overtaken { build });
        }
        transaction.commit().await?;
        let aggregates: i64 = done.values().map(|done| done.aggregates).sum();
        self.counters
            .add(aggregates.cast_unsigned(), events.cast_unsigned());
        self.held = reached;
        Ok(rest)
    }
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
) -> Result<Option<Page<P>>, RebuildError> {
    let Some(share) = shares.recv().await else {
        return Ok(None);
    };
    Ok(Some(Page {
        folded: page::fold(engine, share.events).await?,
        done: share.done,
        last_id: share.last_id,
    }))
}
