//! Log and topics side by side. The relay publishes in log order, so each
//! partition has the events of its aggregates in that order: every event of the
//! log is either the next record of its partition, or it is missing there.

use super::{
    error::VerifyError,
    report::{Difference, Report},
    store::{self, Key},
    topic::{Event, Published, Record, Topic},
};
use contracts::LogPosition;
use infra::{
    config::Config,
    epoch::{Epoch, is_true},
    log::Horizon,
};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::Instant;

/// Events of the log, and records beyond it, that are looked at together.
const PAGE: i64 = 5_000;
/// The markers that end a transaction reach its partitions one by one: so long
/// after a later event is visible in one of them, the others are given to
/// follow.
const MARKERS: Duration = Duration::from_secs(5);
/// Between two looks whether that is so.
const LOOK: Duration = Duration::from_millis(200);

/// One topic, as far as it was read.
struct Side {
    topic: Topic,
    readings: Vec<Reading>,
}

/// One partition, as far as it was read.
#[derive(Debug, Default)]
struct Reading {
    /// The next record, if it was looked at already.
    head: Option<(Record, Event)>,
    /// Place in the log of the last record.
    last: LogPosition,
}

/// A partition of a topic: the index of the side, and its own.
#[derive(Debug, Clone, Copy)]
struct Spot {
    side: usize,
    partition: usize,
}

/// Where an event is.
enum Place {
    Here,
    /// Its partition goes on without it.
    Missing,
    /// Its partition ends before it.
    Late,
}

/// The log, and all topics.
struct Comparison<'a> {
    log: &'a PgPool,
    sides: Vec<Side>,
    horizon: Horizon,
    /// What the log lost when it was restored is no longer expected.
    epochs: Vec<Epoch>,
    wait: Duration,
    /// Until when Kafka may be behind, once it is.
    deadline: Option<Instant>,
    /// Events that are missing, since the last one that is not: all that is to
    /// come may be.
    behind: Vec<Key>,
    report: &'a mut Report,
}

/// Compares everything below the horizon, and what is beyond it with the log as
/// it is by then.
pub(super) async fn compare(
    (config, wait): (&Config, Duration),
    log: &PgPool,
    (horizon, epochs): (Horizon, Vec<Epoch>),
    report: &mut Report,
) -> Result<(), VerifyError> {
    let mut sides = Vec::new();
    for published in Published::all() {
        let topic = Topic::open(config, published).await?;
        let readings = (0..topic.partitions()).map(|_| Reading::default());
        sides.push(Side {
            readings: readings.collect(),
            topic,
        });
    }
    let mut comparison = Comparison {
        log,
        sides,
        horizon,
        epochs,
        wait,
        deadline: None,
        behind: Vec::new(),
        report,
    };
    comparison.log().await?;
    comparison.rest().await
}

impl Comparison<'_> {
    /// Every event of the log is looked for that is published.
    async fn log(&mut self) -> Result<(), VerifyError> {
        let mut after = LogPosition::START;
        loop {
            let page = store::keys(self.log, after, self.horizon, PAGE).await;
            let page = page.map_err(VerifyError::Log)?;
            let Some(last) = page.last() else { break };
            after = last.at;
            for key in page {
                let Some(spot) = self.spot(&key) else {
                    continue;
                };
                match self.find(spot, &key).await? {
                    Place::Here => self.lost(),
                    Place::Missing => {
                        self.behind.push(key);
                        self.lost();
                    }
                    Place::Late => {
                        self.behind.push(key);
                        self.too_far_behind()?;
                    }
                }
            }
        }
        if self.behind.is_empty() {
            return Ok(());
        }
        Err(self.late())
    }

    /// Where an event belongs, if it is published.
    fn spot(&self, key: &Key) -> Option<Spot> {
        let of = |side: &Side| side.topic.published.kinds.contains(&key.kind.as_str());
        let side = self.sides.iter().position(of)?;
        let partition = self.sides[side].topic.published.partition_of(&key.id);
        Some(Spot { side, partition })
    }

    fn spots(&self) -> Vec<Spot> {
        let sides = self.sides.iter().enumerate();
        let spots = sides.flat_map(|(side, of)| {
            let partitions = 0..of.readings.len();
            partitions.map(move |partition| Spot { side, partition })
        });
        spots.collect()
    }

    fn reading(&mut self, Spot { side, partition }: Spot) -> &mut Reading {
        &mut self.sides[side].readings[partition]
    }

    const fn topic(&self, spot: Spot) -> &'static str {
        self.sides.as_slice()[spot.side].topic.published.topic.name
    }

    /// Whether an event is the next record of its partition.
    async fn find(&mut self, spot: Spot, key: &Key) -> Result<Place, VerifyError> {
        loop {
            self.await_head(spot, key.at).await?;
            let head = &mut self.reading(spot).head;
            let Some((record, event)) = head.take_if(|(_, event)| event.at <= key.at) else {
                return Ok(match head {
                    Some(_) => Place::Missing,
                    None => Place::Late,
                });
            };
            if event.at < key.at {
                self.unexpected(spot, &record, event);
                continue;
            }
            self.reading(spot).last = event.at;
            self.report.kafka_orders += u64::from(event.sequence == 1);
            if event.subject.to_string() == key.id && event.sequence == key.sequence {
                return Ok(Place::Here);
            }
            self.foreign(spot, &record, event);
            return Ok(Place::Missing);
        }
    }

    /// Waits for the next record of a partition, as long as it may be late for
    /// the event at `at`. All waiting together is bounded.
    async fn await_head(&mut self, spot: Spot, at: LogPosition) -> Result<(), VerifyError> {
        let began = Instant::now();
        loop {
            if self.peek(spot, Instant::now()).await?.is_some() {
                return Ok(());
            }
            let deadline = *self.deadline.get_or_insert(Instant::now() + self.wait);
            let published = self.is_beyond(at).await?;
            let patience = if published { began + MARKERS } else { deadline };
            if Instant::now() >= patience.min(deadline) {
                return Ok(());
            }
            let until = Instant::now() + LOOK;
            self.peek(spot, until.min(deadline)).await?;
        }
    }

    /// Whether a later event of the log is there, in any partition.
    async fn is_beyond(&mut self, at: LogPosition) -> Result<bool, VerifyError> {
        for spot in self.spots() {
            let head = self.peek(spot, Instant::now()).await?;
            if head.is_some_and(|(_, event)| event.at > at) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next record of a partition that has an envelope.
    async fn peek(
        &mut self,
        spot: Spot,
        until: Instant,
    ) -> Result<Option<&(Record, Event)>, VerifyError> {
        let (partition, name) = (spot.partition, self.topic(spot));
        while self.reading(spot).head.is_none() {
            let topic = &mut self.sides[spot.side].topic;
            let Some(record) = topic.next(partition, until).await? else {
                return Ok(None);
            };
            self.report.kafka_records += 1;
            let offset = record.offset;
            match &record.envelope {
                Err(error) => {
                    self.report.kafka_unreadable += 1;
                    let what =
                        format!("record {offset} of partition {partition} of {name}: {error}");
                    self.report.tell(Difference::general(what));
                }
                Ok(event) if !is_true(&self.epochs, event.at) => {}
                Ok(event) => {
                    let event = *event;
                    if !topic.published.in_place(&record, partition, event.subject) {
                        self.report.kafka_misplaced += 1;
                        let what = format!(
                            "record {offset} is in partition {partition} of {name}, not in its own"
                        );
                        self.report.tell(Difference::of_order(event.subject, what));
                    }
                    self.reading(spot).head = Some((record, event));
                }
            }
        }
        Ok(self.reading(spot).head.as_ref())
    }

    /// A record where another one belongs.
    fn unexpected(&mut self, spot: Spot, record: &Record, event: Event) {
        if event.at > self.reading(spot).last {
            return self.foreign(spot, record, event);
        }
        let (sequence, offset) = (event.sequence, record.offset);
        let (partition, name) = (spot.partition, self.topic(spot));
        self.report.kafka_duplicates += 1;
        let what = format!(
            "event {sequence} is on {name} again: record {offset} of partition {partition}"
        );
        self.report.tell(Difference::of_order(event.subject, what));
    }

    fn foreign(&mut self, spot: Spot, record: &Record, event: Event) {
        let (sequence, offset) = (event.sequence, record.offset);
        let (partition, name) = (spot.partition, self.topic(spot));
        self.report.kafka_foreign += 1;
        let what = format!(
            "event {sequence} on {name} is not in the log: record {offset} of partition {partition}"
        );
        self.report.tell(Difference::of_order(event.subject, what));
    }

    /// Kafka goes on after events that it does not have.
    fn lost(&mut self) {
        for key in self.behind.drain(..) {
            self.report.kafka_gaps += 1;
            let Key { id, sequence, .. } = key;
            let what = format!("event {sequence} of {id} is not on Kafka");
            self.report.tell(Difference::general(what));
        }
    }

    /// What is behind is not remembered without end.
    fn too_far_behind(&self) -> Result<(), VerifyError> {
        if i64::try_from(self.behind.len()).is_ok_and(|behind| behind < PAGE) {
            return Ok(());
        }
        Err(self.late())
    }

    fn late(&self) -> VerifyError {
        VerifyError::KafkaBehind {
            events: self.behind.len(),
            waited: self.wait,
        }
    }

    /// What Kafka has beyond the horizon: the log has it by now, too.
    async fn rest(&mut self) -> Result<(), VerifyError> {
        for spot in self.spots() {
            let mut later = Vec::new();
            loop {
                let more = self.peek(spot, Instant::now()).await?.is_some();
                if let Some((record, event)) = self.reading(spot).head.take() {
                    let last = self.reading(spot).last;
                    if event.at <= last || self.horizon.covers(event.at) {
                        self.unexpected(spot, &record, event);
                    } else {
                        self.reading(spot).last = event.at;
                        self.report.kafka_orders += u64::from(event.sequence == 1);
                        later.push((record, event));
                    }
                }
                if !more || i64::try_from(later.len()).is_ok_and(|n| n >= PAGE) {
                    self.are_logged(spot, &later).await?;
                    later.clear();
                }
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn are_logged(
        &mut self,
        spot: Spot,
        later: &[(Record, Event)],
    ) -> Result<(), VerifyError> {
        let keys = later
            .iter()
            .map(|(_, event)| (event.subject.to_string(), event.sequence));
        let keys: Vec<_> = keys.collect();
        let kinds = &self.sides[spot.side].topic.published.kinds;
        let missing = store::missing(self.log, kinds, &keys).await;
        for index in missing.map_err(VerifyError::Log)? {
            let (record, event) = &later[index];
            self.foreign(spot, record, *event);
        }
        Ok(())
    }
}
