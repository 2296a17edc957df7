//! Log and topic side by side. The relay publishes in log order, so each
//! partition has the events of its orders in that order: every event of the log
//! is either the next record of its partition, or it is missing there.

use super::{
    error::VerifyError,
    report::{Difference, Report},
    store::{self, Key, ORDER},
    topic::{Event, Record, Topic, in_place, partition_of},
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

/// One partition, as far as it was read.
#[derive(Debug, Default)]
struct Reading {
    /// The next record, if it was looked at already.
    head: Option<(Record, Event)>,
    /// Place in the log of the last record.
    last: LogPosition,
}

/// Where an event is.
enum Place {
    Here,
    /// Its partition goes on without it.
    Missing,
    /// Its partition ends before it.
    Late,
}

/// Both sides.
struct Comparison<'a> {
    log: &'a PgPool,
    topic: Topic,
    readings: Vec<Reading>,
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
    let topic = Topic::open(config).await?;
    let readings = (0..topic.partitions()).map(|_| Reading::default());
    let mut comparison = Comparison {
        log,
        readings: readings.collect(),
        topic,
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
    /// Every event of the log is looked for.
    async fn log(&mut self) -> Result<(), VerifyError> {
        let mut after = LogPosition::START;
        loop {
            let page = store::keys(self.log, after, self.horizon, PAGE).await;
            let page = page.map_err(VerifyError::Log)?;
            let Some(last) = page.last() else { break };
            after = last.at;
            for key in page.into_iter().filter(|key| key.kind == ORDER) {
                match self.find(&key).await? {
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

    /// Whether an event is the next record of its partition.
    async fn find(&mut self, key: &Key) -> Result<Place, VerifyError> {
        let partition = partition_of(&key.id);
        loop {
            self.await_head(partition, key.at).await?;
            let head = &mut self.readings[partition].head;
            let Some((record, event)) = head.take_if(|(_, event)| event.at <= key.at) else {
                return Ok(match head {
                    Some(_) => Place::Missing,
                    None => Place::Late,
                });
            };
            if event.at < key.at {
                self.unexpected(partition, &record, event);
                continue;
            }
            self.readings[partition].last = event.at;
            self.report.kafka_orders += u64::from(event.sequence == 1);
            if event.order.to_string() == key.id && event.sequence == key.sequence {
                return Ok(Place::Here);
            }
            self.foreign(partition, &record, event);
            return Ok(Place::Missing);
        }
    }

    /// Waits for the next record of a partition, as long as it may be late for
    /// the event at `at`. All waiting together is bounded.
    async fn await_head(&mut self, partition: usize, at: LogPosition) -> Result<(), VerifyError> {
        let began = Instant::now();
        loop {
            if self.peek(partition, Instant::now()).await?.is_some() {
                return Ok(());
            }
            let deadline = *self.deadline.get_or_insert(Instant::now() + self.wait);
            let published = self.is_beyond(at).await?;
            let patience = if published { began + MARKERS } else { deadline };
            if Instant::now() >= patience.min(deadline) {
                return Ok(());
            }
            let until = Instant::now() + LOOK;
            self.peek(partition, until.min(deadline)).await?;
        }
    }

    /// Whether a later event of the log is there, in any partition.
    async fn is_beyond(&mut self, at: LogPosition) -> Result<bool, VerifyError> {
        for partition in 0..self.readings.len() {
            let head = self.peek(partition, Instant::now()).await?;
            if head.is_some_and(|(_, event)| event.at > at) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next record of a partition that has an envelope.
    async fn peek(
        &mut self,
        partition: usize,
        until: Instant,
    ) -> Result<Option<&(Record, Event)>, VerifyError> {
        while self.readings[partition].head.is_none() {
            let Some(record) = self.topic.next(partition, until).await? else {
                return Ok(None);
            };
            self.report.kafka_records += 1;
            let offset = record.offset;
            match &record.envelope {
                Err(error) => {
                    self.report.kafka_unreadable += 1;
                    let what =
                        format!("record {offset} of partition {partition} on Kafka: {error}");
                    self.report.tell(Difference::general(what));
                }
                Ok(event) if !is_true(&self.epochs, event.at) => {}
                Ok(event) => {
                    let event = *event;
                    if !in_place(&record, partition, event.order) {
                        self.report.kafka_misplaced += 1;
                        let what = format!(
                            "record {offset} is in partition {partition} of Kafka, not in its own"
                        );
                        self.report.tell(Difference::of_order(event.order, what));
                    }
                    self.readings[partition].head = Some((record, event));
                }
            }
        }
        Ok(self.readings[partition].head.as_ref())
    }

    /// A record where another one belongs.
    fn unexpected(&mut self, partition: usize, record: &Record, event: Event) {
        if event.at > self.readings[partition].last {
            return self.foreign(partition, record, event);
        }
        let (sequence, offset) = (event.sequence, record.offset);
        self.report.kafka_duplicates += 1;
        let what = format!("event {sequence} is on Kafka again: record {offset} of {partition}");
        self.report.tell(Difference::of_order(event.order, what));
    }

    fn foreign(&mut self, partition: usize, record: &Record, event: Event) {
        let (sequence, offset) = (event.sequence, record.offset);
        self.report.kafka_foreign += 1;
        let what =
            format!("event {sequence} on Kafka is not in the log: record {offset} of {partition}");
        self.report.tell(Difference::of_order(event.order, what));
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
        for partition in 0..self.readings.len() {
            let mut later = Vec::new();
            loop {
                let more = self.peek(partition, Instant::now()).await?.is_some();
                if let Some((record, event)) = self.readings[partition].head.take() {
                    if event.at <= self.readings[partition].last || self.horizon.covers(event.at) {
                        self.unexpected(partition, &record, event);
                    } else {
                        self.readings[partition].last = event.at;
                        self.report.kafka_orders += u64::from(event.sequence == 1);
                        later.push((record, event));
                    }
                }
                if !more || i64::try_from(later.len()).is_ok_and(|n| n >= PAGE) {
                    self.are_logged(partition, &later).await?;
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
        partition: usize,
        later: &[(Record, Event)],
    ) -> Result<(), VerifyError> {
        let keys = later.iter().map(|(_, e)| (e.order.to_string(), e.sequence));
        let keys: Vec<_> = keys.collect();
        let missing = store::missing(self.log, &keys).await;
        for index in missing.map_err(VerifyError::Log)? {
            let (record, event) = &later[index];
            self.foreign(partition, record, *event);
        }
        Ok(())
    }
}
