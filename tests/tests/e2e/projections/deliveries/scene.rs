//! A world in which the test itself delivers.

use crate::projections::{
    builds::{projection, sources},
    fencing::{applied, applier, applier_at, record},
    orders::{NewEvent, cancelled, noted, placed},
    stories::{STORIES, story},
    wire::Wire,
    world::{World, as_record},
};
use anyhow::{Context as _, Result, ensure};
use contracts::order::OrderEvent;
use histories::{Batch, Delivery, interleaved};
use infra::{clock, config::Config, log::PublishedEvent, postgres::pool};
use projections::{
    Sources,
    engine::{
        Applier, BatchError, Delivered, Held, Outcome, Unreadable,
        verify::{self, Found, Page},
    },
    orders::Orders,
};
use sqlx::{PgConnection, PgPool};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Records of a batch, at most.
const LONGEST: usize = 24;
/// Statements of a batch, about, in which nothing is new.
const FEW_STATEMENTS: usize = 8;
/// No batch has more.
pub const MOST_STATEMENTS: usize = 40;

/// A world in which the test itself says what is delivered, and when it is
/// interrupted.
pub struct Scene {
    pub world: World,
    pub wire: Wire,
    /// The views by the wire.
    pub through: PgPool,
    /// Writes by the wire, and is interrupted.
    pub fragile: Applier<Orders>,
    /// Another one of the same group.
    pub other: Applier<Orders>,
    sources: Sources,
    /// Where rows are held against the log.
    rows: PgConnection,
    /// Where each partition ends.
    ends: BTreeMap<i32, i64>,
    pub met: Met,
}

/// What was met with.
#[derive(Debug, Default)]
pub struct Met {
    pub applied: u64,
    pub skipped: u64,
    pub refolded: u64,
    pub crashed: u64,
    /// Crashes after the commit, before anybody heard of it.
    pub unheard: u64,
    pub overtaken: u64,
}

impl Met {
    fn add(&mut self, outcome: &Outcome) {
        self.applied += outcome.applied;
        self.skipped += outcome.skipped;
        self.refolded += outcome.refolded;
    }
}

pub type Records = Vec<Delivered<OrderEvent>>;

impl Scene {
    pub async fn new(config: &Config) -> Result<Self> {
        let world = World::new(config).await?;
        world.rebuild().await?;
        let wire = Wire::to(&config.views_url).await?;
        let through = pool(wire.url(), 1)?;
        let mut rows = verify::connect(config).await?;
        projection()?.prepare(&mut rows).await?;
        Ok(Self {
            fragile: applier_at(&world, through.clone())?,
            other: applier(&world)?,
            sources: sources(&world)?,
            rows,
            ends: BTreeMap::new(),
            met: Met::default(),
            through,
            wire,
            world,
        })
    }

    /// One delivery from its beginning to its end, and everything once more.
    pub async fn deliver(&mut self, seed: u8) -> Result<()> {
        let first_id = 1 + (u128::from(seed) << 64);
        let delivery = histories::seeded(seed, first_id, LONGEST);
        let starts = self.ends.clone();
        let (ids, topic) = self.published(&delivery).await?;
        let mut batches = delivery.batches.iter().cycle();
        for begin in [delivery.start.index(topic.len()), 0] {
            let mut next = begin;
            while next < topic.len() {
                let batch = batches.next().context("an endless cycle")?;
                let from = next.saturating_sub(batch.back);
                let to = (from + batch.length).min(topic.len());
                self.begin_at(&starts, &topic, from).await?;
                self.meet(batch, &topic[from..to]).await?;
                // It goes on from what was delivered, and always somewhere.
                next = to.max(next + 1);
                self.plainly(&topic[to..next]).await?;
            }
        }
        self.equals_the_log(&ids).await
    }

    /// A batch, and whatever happens meanwhile.
    async fn meet(&mut self, batch: &Batch, records: &[Delivered<OrderEvent>]) -> Result<()> {
        let statement = |of| 1 + batch.which.index(of);
        match batch.what {
            0 => self.crash(statement(FEW_STATEMENTS), records).await,
            1 => self.crash(statement(MOST_STATEMENTS), records).await,
            2 => self.overtake(records).await,
            _ => self.plainly(records).await,
        }
    }

    async fn plainly(&mut self, records: &[Delivered<OrderEvent>]) -> Result<()> {
        let mut held = self.fragile.held().await?;
        let outcome = applied(&self.fragile, &mut held, records).await?;
        self.met.add(&outcome);
        Ok(())
    }

    /// The connection ends after a statement of the batch, if it has so many.
    /// Whoever comes next reads what Kafka has from the stored offsets on.
    async fn crash(&mut self, statement: usize, records: &[Delivered<OrderEvent>]) -> Result<()> {
        self.wire.cut_after(statement);
        let mut held = self.fragile.held().await?;
        match applied(&self.fragile, &mut held, records).await {
            Err(BatchError::Unavailable(_)) => self.met.crashed += 1,
            ended => {
                self.met.add(&ended?);
                return Ok(());
            }
        }
        let stored = self.other.held().await?;
        let behind = records.iter().filter(|record| is_behind(record, &stored));
        match behind.count() {
            0 => self.plainly(records).await,
            all if all == records.len() => {
                self.met.unheard += 1;
                self.are_applied(records).await
            }
            some => anyhow::bail!("{some} of {} records were stored", records.len()),
        }
    }

    /// No offset is stored without the rows.
    async fn are_applied(&self, records: &[Delivered<OrderEvent>]) -> Result<()> {
        let versions = self.world.versions().await?;
        for record in records {
            let Delivered::Event(record) = record else {
                continue;
            };
            let envelope = &record.event.envelope;
            let version = versions.get(&envelope.subject).copied();
            let there = version >= Some(envelope.sequence);
            ensure!(there, "{envelope:?} is passed, the order is {version:?}");
        }
        Ok(())
    }

    /// The partitions go to another projector; their old owner goes on with
    /// what it has in its hands, and is refused.
    async fn overtake(&mut self, records: &[Delivered<OrderEvent>]) -> Result<()> {
        let (mut old, mut new) = (self.fragile.held().await?, self.other.held().await?);
        let outcome = applied(&self.other, &mut new, records).await?;
        self.met.add(&outcome);
        let late = applied(&self.fragile, &mut old, records).await;
        ensure!(matches!(late, Err(BatchError::Refused)), "{late:?}");
        self.met.overtaken += 1;
        Ok(())
    }

    /// The histories of a delivery are in the log; their orders, and what Kafka
    /// has of them.
    async fn published(&mut self, delivery: &Delivery) -> Result<(BTreeSet<Uuid>, Records)> {
        let events = delivery.histories.iter().flatten().cloned();
        let events: Vec<_> = events.map(new).collect();
        let stored = self.stored(&events).await?;
        let subject = |event: &PublishedEvent| event.envelope.subject;
        let streams = stored.chunk_by(|a, b| subject(a) == subject(b));
        let streams: Vec<_> = streams.map(<[_]>::to_vec).collect();
        let ids = streams.iter().map(|stream| subject(&stream[0])).collect();
        let topic = interleaved(&streams, &delivery.choices);
        Ok((ids, self.at_the_end(topic)?))
    }

    /// New events are in the log; in their published form, order by order.
    pub async fn stored(&self, events: &[NewEvent]) -> Result<Vec<PublishedEvent>> {
        self.world.append(events).await?;
        let ids: BTreeSet<Uuid> = events.iter().map(|event| event.order).collect();
        let mut published = Vec::new();
        for id in ids {
            published.extend(self.world.stream(id).await?);
        }
        Ok(published)
    }

    /// Kafka has these next.
    pub fn at_the_end(&mut self, events: Vec<PublishedEvent>) -> Result<Records> {
        let events = events.into_iter();
        events.map(|event| record(event, &mut self.ends)).collect()
    }

    /// The stored offsets are those of the record at `index`.
    async fn begin_at(
        &self,
        starts: &BTreeMap<i32, i64>,
        topic: &[Delivered<OrderEvent>],
        index: usize,
    ) -> Result<()> {
        let mut offsets = BTreeMap::new();
        for (at, record) in topic.iter().enumerate() {
            let (partition, offset) = place(record);
            let start = starts.get(&partition).copied().unwrap_or_default();
            let next = offsets.entry(partition).or_insert(start);
            if at < index {
                *next = offset + 1;
            }
        }
        let (partitions, next): (Vec<i32>, Vec<i64>) = offsets.into_iter().unzip();
        sqlx::query(
            "UPDATE projection_offsets o SET next = n.next \
               FROM unnest($1::int[], $2::bigint[]) AS n (\"partition\", next) \
              WHERE projection = 'orders' AND o.\"partition\" = n.\"partition\"",
        )
        .bind(partitions)
        .bind(next)
        .execute(&self.world.views)
        .await?;
        Ok(())
    }

    /// What is to be there already, and a batch that writes every table: stories
    /// in their middle and whole ones, an order with a gap, and one whose event
    /// cannot be read.
    pub async fn of_every_kind(&mut self) -> Result<(Records, Records)> {
        let (mut begun, mut batch) = (Vec::new(), Vec::new());
        for n in 0..2 * STORIES {
            let mut events = self.stored(&story(n)?).await?;
            let half = if n < STORIES { events.len() / 2 } else { 0 };
            batch.extend(events.split_off(half));
            begun.extend(events);
        }
        let (gap, damaged) = (clock::new_id(), clock::new_id());
        let gap = [placed(gap, 1), noted(gap, 2), cancelled(gap, 3)];
        let gap = self.stored(&gap).await?;
        begun.push(gap[0].clone());
        batch.push(gap[2].clone());
        let damaged = [placed(damaged, 2), noted(damaged, 2)];
        let damaged = self.stored(&damaged).await?;
        begun.push(damaged[0].clone());
        let begun = self.at_the_end(begun)?;
        let mut batch = self.at_the_end(batch)?;
        let mut raw = as_record(&damaged[1]);
        (_, raw.offset) = place(&record(damaged[1].clone(), &mut self.ends)?);
        batch.push(Delivered::Unreadable(Unreadable {
            record: raw,
            source: "damaged".into(),
        }));
        Ok((begun, batch))
    }

    /// The rows of these orders are what the log says, as `orderlog verify`
    /// finds it, and all sums are those of the rows.
    pub async fn equals_the_log(&mut self, ids: &BTreeSet<Uuid>) -> Result<()> {
        let mut page = Page::default();
        for id in ids {
            page.0.insert(*id, Ok(self.world.stream(*id).await?));
        }
        let compared = projection()?.compare(&self.sources, &mut self.rows, &page);
        let found = compared.await?;
        ensure!(found == Found::default(), "{found:?}");
        self.world.check_sums().await
    }
}

/// An event of a random history, to be stored.
pub fn new(event: histories::Event) -> NewEvent {
    NewEvent {
        order: event.envelope.subject,
        sequence: event.envelope.sequence,
        event: event.data,
    }
}

const fn place(record: &Delivered<OrderEvent>) -> (i32, i64) {
    match record {
        Delivered::Event(record) => (record.partition, record.offset),
        Delivered::Unreadable(unreadable) => {
            (unreadable.record.partition, unreadable.record.offset)
        }
        Delivered::Passed(passed) => (passed.partition, passed.offset),
    }
}

/// Whether the stored offsets are beyond a record.
pub fn is_behind(record: &Delivered<OrderEvent>, stored: &Held) -> bool {
    let (partition, offset) = place(record);
    let next = stored.partitions.get(&partition);
    next.is_some_and(|checkpoint| checkpoint.next > offset)
}

/// Tables and their rows, as text.
pub type Everything = BTreeMap<String, Vec<String>>;

/// Every row of the views database.
pub async fn everything(world: &World) -> Result<Everything> {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&world.views)
            .await?;
    let mut all = Everything::new();
    for name in names {
        let sql = format!("SELECT t::text FROM {name} t ORDER BY 1");
        let rows = sqlx::query_scalar(&sql).fetch_all(&world.views).await?;
        all.insert(name, rows);
    }
    Ok(all)
}
