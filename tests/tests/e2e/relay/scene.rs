//! A log and topics of its own for one test, a relay between them, and what
//! came of it.

use anyhow::{Context as _, Result, ensure};
use contracts::{
    CloudEvent, LogPosition,
    epoch::{EpochBegan, Kind, kind_of},
    partition::partition_of,
    topics,
};
use infra::{
    config::Config,
    kafka,
    lifecycle::{Lifecycle, TaskFailed},
    log::{ContractMapping, MappingError, PublishedEvent, StoredEvent},
    postgres,
    relay::{self, RelayState, RelayStatus},
};
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    message::Headers as _,
};
use sqlx::{PgPool, Row as _};
use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

/// Nothing that a test waits for takes as long, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A log and topics that no other test touches.
pub struct Scene {
    pub config: Config,
    pub log: PgPool,
}

impl Scene {
    /// In the databases and under the prefix of `config`.
    pub async fn new(config: &Config) -> Result<Self> {
        let scene = Self::without_topics(config).await?;
        kafka::ensure_topics(&scene.config).await?;
        Ok(scene)
    }

    /// A relay whose runtime disappears once `until` has come about: what it was
    /// sending is left behind as a crash leaves it.
    pub async fn relay_crashes(
        &self,
        until: impl AsyncFnOnce(&mut RunningRelay) -> Result<()>,
    ) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let entered = runtime.enter();
        let mut relay = self.relay()?;
        drop(entered);
        let came = until(&mut relay).await;
        runtime.shutdown_background();
        came
    }

    pub async fn without_topics(config: &Config) -> Result<Self> {
        postgres::migrate_all(config).await?;
        Self::existing(config)
    }

    /// A log and topics that somebody else has made.
    pub fn existing(config: &Config) -> Result<Self> {
        Ok(Self {
            log: postgres::pool(&config.events_url, 32)?,
            config: config.clone(),
        })
    }

    /// Another log for the same topics.
    pub async fn another_log(&self) -> Result<Self> {
        Self::without_topics(&Config {
            events_url: format!("{}_other", self.config.events_url),
            ..self.config.clone()
        })
        .await
    }

    /// Appends events of one aggregate in a transaction of their own.
    pub async fn append(&self, aggregate: Uuid, sequences: RangeInclusive<i64>) -> Result<()> {
        append(&self.log, aggregate, sequences).await?;
        Ok(())
    }

    /// Appends `orders` aggregates with `events` events each, a few hundred a
    /// transaction; how many that are.
    pub async fn backlog(&self, orders: i64, events: i64) -> Result<u64> {
        let mut stored = 0;
        let each = (500 / events).max(1);
        for first in (0..orders).step_by(usize::try_from(each)?) {
            let done = sqlx::query(
                "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
                                     event_version, payload, metadata) \
                 SELECT 'order', id, sequence, 'Happened', '1', \
                        json_build_object('sequence', sequence, 'filler', repeat('x', 400)), \
                        '{\"actor\":\"test\",\"after\":\"{}\"}' \
                 FROM (SELECT gen_random_uuid()::text AS id FROM generate_series(1, $1)) ids, \
                      generate_series(1, $2) sequence",
            )
            .bind(each.min(orders - first))
            .bind(events)
            .execute(&self.log)
            .await?;
            stored += done.rows_affected();
        }
        Ok(stored)
    }

    /// Where the log ends at the moment.
    pub async fn last_position(&self) -> Result<LogPosition> {
        let row = sqlx::query(
            "SELECT epoch, transaction_id::text::bigint AS xid, position FROM events \
              ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1",
        )
        .fetch_one(&self.log)
        .await?;
        Ok(LogPosition {
            epoch: row.try_get("epoch")?,
            xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
            position: row.try_get("position")?,
        })
    }

    /// Starts a relay on this log and these topics.
    pub fn relay(&self) -> Result<RunningRelay> {
        let lifecycle = Lifecycle::new();
        let status = relay::spawn(&self.config, Arc::new(AsStored), &lifecycle)?;
        Ok(RunningRelay { lifecycle, status })
    }

    /// The names that the relay's topics have here.
    pub fn topic(&self, name: &str) -> String {
        self.config.kafka_name(name)
    }

    /// What a `read_committed` consumer sees from the first record to the
    /// present end of each partition.
    pub async fn published(&self) -> Result<Vec<Record>> {
        Ok(self.read().await?.0)
    }

    /// The announcements of epochs that it sees.
    pub async fn announced(&self) -> Result<Vec<Announced>> {
        Ok(self.read().await?.1)
    }

    async fn read(&self) -> Result<(Vec<Record>, Vec<Announced>)> {
        read_from(&self.config, self.topic(topics::ORDER_EVENTS)).await
    }

    /// Each event of the log is published once, with its own id, in the
    /// partition of its key, after the events before it; and nothing else is.
    pub async fn check_published_once(&self) -> Result<usize> {
        let rows = sqlx::query("SELECT aggregate_id, sequence FROM events")
            .fetch_all(&self.log)
            .await?;
        let mut missing = HashSet::new();
        for row in &rows {
            let id: String = row.try_get("aggregate_id")?;
            missing.insert((Uuid::parse_str(&id)?, row.try_get::<i64, _>("sequence")?));
        }
        let mut last = HashMap::new();
        for record in self.published().await? {
            let CloudEvent {
                subject, sequence, ..
            } = record.envelope;
            let before = last.insert(subject, sequence).unwrap_or(0);
            ensure!(before < sequence, "{sequence} of {subject} after {before}");
            let known = missing.remove(&(subject, sequence));
            ensure!(known, "{sequence} of {subject} is twice, or not in the log");
            let key = subject.to_string();
            ensure!(
                record.key == key.as_bytes(),
                "the key is the aggregate's id"
            );
            let partition = partition_of(key.as_bytes(), topics::ORDER_EVENTS_PARTITIONS);
            ensure!(
                record.partition == partition,
                "the partition is that of the key"
            );
            ensure!(
                record.envelope.position.partition == partition,
                "so says the token"
            );
        }
        ensure!(missing.is_empty(), "{} are not published", missing.len());
        Ok(rows.len())
    }
}

/// What there is in a topic of the events' shape, with this full name.
pub async fn read_topic(config: &Config, topic: &str) -> Result<Vec<Record>> {
    Ok(read_from(config, topic.to_owned()).await?.0)
}

/// The announcements of epochs in a topic with this full name.
pub async fn announced_on(config: &Config, topic: &str) -> Result<Vec<Announced>> {
    Ok(read_from(config, topic.to_owned()).await?.1)
}

/// A client that reads what is committed, to the end of each partition.
pub fn subscriber(config: &Config) -> ClientConfig {
    let mut client = kafka::client_config(config);
    client
        .set("group.id", "nobody")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("fetch.wait.max.ms", "10")
        .set("isolation.level", "read_committed");
    client
}

async fn read_from(config: &Config, topic: String) -> Result<(Vec<Record>, Vec<Announced>)> {
    let client = subscriber(config);
    tokio::task::spawn_blocking(move || {
        read_all(&client.create_with_context(kafka::QuietContext)?, &topic)
    })
    .await?
}

/// Appends events of one aggregate, in a transaction or by itself.
pub async fn append(
    executor: impl sqlx::PgExecutor<'_>,
    aggregate: Uuid,
    sequences: RangeInclusive<i64>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                             payload, metadata) \
         SELECT 'order', $1, sequence, 'Happened', '1', \
                json_build_object('sequence', sequence), \
                '{\"actor\":\"test\",\"after\":\"{}\"}' \
         FROM generate_series($2, $3) sequence",
    )
    .bind(aggregate.to_string())
    .bind(sequences.start())
    .bind(sequences.end())
    .execute(executor)
    .await?;
    Ok(())
}

/// A relay that runs in the background.
pub struct RunningRelay {
    lifecycle: Lifecycle,
    pub status: watch::Receiver<RelayStatus>,
}

impl RunningRelay {
    pub async fn is(&mut self, state: RelayState) -> Result<()> {
        self.until(|status| status.state == state)
            .await
            .with_context(|| format!("waiting for {state:?}"))
    }

    pub async fn has_published(&mut self, events: u64) -> Result<()> {
        self.until(|status| status.published >= events).await
    }

    pub async fn has_reached(&mut self, position: LogPosition) -> Result<()> {
        self.until(|status| status.position >= Some(position)).await
    }

    async fn until(&mut self, reached: impl Fn(&RelayStatus) -> bool) -> Result<()> {
        let waited = timeout(PATIENCE, self.status.wait_for(|status| reached(status))).await;
        if matches!(waited, Ok(Ok(_))) {
            return Ok(());
        }
        drop(waited);
        anyhow::bail!("the relay is {:?}", *self.status.borrow())
    }

    /// Stops it as a signal would.
    pub async fn stop(&self) -> Result<()> {
        self.lifecycle.shutdown.cancel();
        Ok(timeout(PATIENCE, self.lifecycle.finished()).await??)
    }

    /// Waits until it ends by itself; why.
    pub async fn failure(&self) -> Result<String> {
        match timeout(PATIENCE, self.lifecycle.finished()).await? {
            Err(TaskFailed { reason, .. }) => Ok(reason),
            Ok(()) => anyhow::bail!("the relay was told to stop"),
        }
    }
}

impl Drop for RunningRelay {
    fn drop(&mut self) {
        self.lifecycle.shutdown.cancel();
    }
}

/// The announcement of an epoch, on one partition.
pub struct Announced {
    pub partition: i32,
    pub offset: i64,
    pub data: EpochBegan,
}

/// One record as a subscriber sees it.
pub struct Record {
    pub partition: i32,
    pub offset: i64,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    pub envelope: CloudEvent,
}

fn read_all(
    consumer: &BaseConsumer<kafka::QuietContext>,
    topic: &str,
) -> Result<(Vec<Record>, Vec<Announced>)> {
    let mut assignment = TopicPartitionList::new();
    let of_ours = topics::ALL.iter().find(|spec| topic.ends_with(spec.name));
    let partitions = of_ours.map_or(topics::ORDER_EVENTS_PARTITIONS, |spec| spec.partitions);
    let mut open: HashSet<i32> = (0..partitions).collect();
    for partition in &open {
        assignment.add_partition_offset(topic, *partition, Offset::Beginning)?;
    }
    consumer.assign(&assignment)?;
    let (mut records, mut announced) = (Vec::new(), Vec::new());
    while !open.is_empty() {
        match consumer.poll(PATIENCE).context("nothing comes")? {
            Ok(message) => {
                let headers = message.headers().context("headers")?;
                let pairs = || headers.iter().map(|h| (h.key, h.value.unwrap_or_default()));
                let data = message.payload().unwrap_or_default();
                if let Kind::EpochBegan(_) = kind_of(pairs(), data)? {
                    ensure!(message.key().is_none(), "it is about no order");
                    announced.push(Announced {
                        partition: message.partition(),
                        offset: message.offset(),
                        data: serde_json::from_slice(data)?,
                    });
                    continue;
                }
                records.push(Record {
                    partition: message.partition(),
                    offset: message.offset(),
                    key: message.key().unwrap_or_default().to_vec(),
                    value: message.payload().unwrap_or_default().to_vec(),
                    envelope: CloudEvent::from_headers(pairs())?,
                });
            }
            Err(KafkaError::PartitionEOF(partition)) => {
                open.remove(&partition);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok((records, announced))
}

/// Publishes the stored payload; knows no order. An event `Broken` is one that
/// today's domain cannot read.
struct AsStored;

impl ContractMapping for AsStored {
    fn event(&self, stored: &StoredEvent) -> Result<Option<PublishedEvent>, MappingError> {
        let error = |source: Box<dyn std::error::Error + Send + Sync>| MappingError {
            aggregate_type: stored.aggregate_type.clone(),
            aggregate_id: stored.aggregate_id.clone(),
            sequence: stored.sequence,
            source,
        };
        if stored.event_type == "Broken" {
            return Err(error("it is broken".into()));
        }
        let envelope = stored.envelope("test.happened", &topics::ALL[0]);
        Ok(Some(PublishedEvent {
            topic: topics::ORDER_EVENTS,
            envelope: envelope.map_err(|e| error(e.into()))?,
            data: stored.payload.clone().into_bytes(),
        }))
    }

    fn stream(&self, stored: &[StoredEvent]) -> Result<Vec<PublishedEvent>, MappingError> {
        let events = stored.iter().map(|event| self.event(event));
        events.filter_map(Result::transpose).collect()
    }
}
