//! A log, a topic and views of its own for one test; whoever plays the relay
//! and the projector between them; and what has to come of it.

use super::{
    orders::{AsStored, NewEvent},
    rows,
};
use anyhow::{Context as _, Result, ensure};
use contracts::{LogPosition, order::Order, topics};
use infra::{
    config::Config,
    kafka,
    lifecycle::Lifecycle,
    log::{ContractMapping as _, LogReader, PublishedEvent},
    postgres,
    views::{
        ORDERS,
        parked::{self, Parked},
    },
};
use orderlog::keys::sealing;
use projections::{
    Sources, Status,
    engine::RawRecord,
    orders::{milestones, replay, stored_movements},
    registry,
};
use rdkafka::{
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};
use sqlx::{PgPool, Row as _, postgres::PgListener};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::timeout};
use uuid::Uuid;

/// Nothing that a test waits for takes as long, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

type Producer = ThreadedProducer<DefaultProducerContext>;

pub struct World {
    pub config: Config,
    pub log: PgPool,
    pub views: PgPool,
    /// Up to where the log has been published.
    published: Mutex<LogPosition>,
    producer: Mutex<Option<Arc<Producer>>>,
}

impl World {
    /// Tables and topics in the places that `config` names.
    pub async fn new(config: &Config) -> Result<Self> {
        postgres::migrate_all(config).await?;
        projections::make_empty(config).await?;
        kafka::ensure_topics(config).await?;
        Ok(Self {
            log: postgres::pool(&config.events_url, 8)?,
            views: postgres::pool(&config.views_url, 8)?,
            config: config.clone(),
            published: Mutex::new(LogPosition::START),
            producer: Mutex::default(),
        })
    }

    pub fn reader(&self) -> LogReader {
        LogReader::new(self.log.clone())
    }

    /// Stores events, all in one statement, and waits until they are final:
    /// another test's transaction may hold the horizon back.
    pub async fn append(&self, events: &[NewEvent]) -> Result<()> {
        let column = |of: fn(&NewEvent) -> String| events.iter().map(of).collect::<Vec<_>>();
        let mut payloads = Vec::new();
        for new in events {
            payloads.push(String::from_utf8(new.event.to_data()?)?);
        }
        let appended: i64 = sqlx::query_scalar(
            "WITH appended AS (INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
                                 event_version, payload, metadata) \
             SELECT 'order', id, sequence, type, '1', payload::json, \
                    '{\"actor\":\"key_1\",\"after\":\"{}\"}' \
               FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) \
                    AS e (id, sequence, type, payload) \
             RETURNING transaction_id) SELECT max(transaction_id)::text::bigint FROM appended",
        )
        .bind(column(|e| e.order.to_string()))
        .bind(events.iter().map(|e| e.sequence).collect::<Vec<_>>())
        .bind(column(|e| e.event.event_type().into()))
        .bind(payloads)
        .fetch_one(&self.log)
        .await?;
        while self.reader().horizon().await?.xid <= appended.cast_unsigned() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Publishes what the log has beyond what was published.
    pub async fn publish(&self) -> Result<()> {
        let mut published = self.published.lock().await;
        loop {
            let stored = self.reader().read_after(*published, 5_000).await?;
            let Some(at) = stored.last().map(|event| event.at) else {
                return Ok(());
            };
            self.send(AsStored.stream(&stored)?).await?;
            *published = at;
        }
    }

    /// [`Self::append`] and [`Self::publish`].
    pub async fn happen(&self, events: &[NewEvent]) -> Result<()> {
        self.append(events).await?;
        self.publish().await
    }

    /// What the log holds of an order, in its published form.
    pub async fn stream(&self, order: Uuid) -> Result<Vec<PublishedEvent>> {
        let stored = self
            .reader()
            .read_stream("order", &order.to_string())
            .await?;
        Ok(AsStored.stream(&stored)?)
    }

    /// Publishes these, in one transaction, as the relay does it.
    pub async fn send(&self, events: Vec<PublishedEvent>) -> Result<()> {
        self.send_raw(events.iter().map(as_record).collect()).await
    }

    /// Publishes whatever this is; where it comes to stand, Kafka says.
    pub async fn send_raw(&self, events: Vec<RawRecord>) -> Result<()> {
        let producer = self.producer().await?;
        let topic = self.config.kafka_name(topics::ORDER_EVENTS);
        tokio::task::spawn_blocking(move || send_all(&producer, &topic, &events)).await?
    }

    async fn producer(&self) -> Result<Arc<Producer>> {
        let mut producer = self.producer.lock().await;
        if let Some(producer) = &*producer {
            return Ok(producer.clone());
        }
        let mut client = kafka::client_config(&self.config);
        client.set("transactional.id", self.config.kafka_name("test.publisher"));
        let made = tokio::task::spawn_blocking(move || {
            let producer: Producer = client.create()?;
            producer.init_transactions(PATIENCE)?;
            anyhow::Ok(Arc::new(producer))
        });
        Ok(producer.insert(made.await??).clone())
    }

    /// Nothing was published to the topic as it is now.
    pub async fn forget_published(&self) {
        *self.published.lock().await = LogPosition::START;
        *self.producer.lock().await = None;
    }

    /// Starts a projector role, of the orders only.
    pub fn projector(&self) -> Result<Projector> {
        Self::projector_told(&self.config)
    }

    /// Starts a projector role that is told something else.
    pub fn projector_told(config: &Config) -> Result<Projector> {
        let lifecycle = Lifecycle::new();
        let sources = Sources {
            log: LogReader::new(postgres::pool(&config.events_url, 4)?),
            mapping: Arc::new(AsStored),
            sealing: sealing(config)?,
            config: config.clone(),
        };
        let orders = registry::find(ORDERS).context("the projection of the orders")?;
        let status = projections::spawn_these(&[orders], &sources, &lifecycle)?;
        Ok(Projector { lifecycle, status })
    }

    /// Makes the projection anew.
    pub async fn rebuild(&self) -> Result<projections::RebuildReport> {
        self.rebuild_with(self.config.projector_workers).await
    }

    /// The same by so many writers.
    pub async fn rebuild_with(&self, workers: usize) -> Result<projections::RebuildReport> {
        let mut told = self.config.clone();
        told.projector_workers = workers;
        let (log, mapping, sealing) = (self.reader(), Arc::new(AsStored), sealing(&told)?);
        Ok(projections::rebuild(&told, log, mapping, sealing, &|_| {}).await?)
    }

    /// Waits for the views to hold the last version of every order.
    pub async fn settled(&self) -> Result<()> {
        self.settled_but(&[]).await
    }

    /// The same for all orders but these.
    pub async fn settled_but(&self, parked: &[Uuid]) -> Result<()> {
        let others = |mut versions: BTreeMap<Uuid, i64>| {
            versions.retain(|id, _| !parked.contains(id));
            versions
        };
        let expected = others(self.log_versions().await?);
        self.until("every order's last version", async || {
            Ok(others(self.versions().await?) == expected)
        })
        .await
    }

    /// Waits until everything that was published is dealt with.
    pub async fn read_to_the_end(&self) -> Result<()> {
        self.until("the ends of the partitions", async || {
            // Markers come a moment after their transaction was committed.
            let ranges = kafka::watermarks(&self.config, topics::ORDER_EVENTS).await?;
            let ends: Vec<i64> = ranges.iter().map(|range| range.end).collect();
            let next: Vec<i64> = sqlx::query_scalar(
                "SELECT next FROM projection_offsets WHERE projection = 'orders' \
                  ORDER BY \"partition\"",
            )
            .fetch_all(&self.views)
            .await?;
            // The marker at the end of a transaction is no record.
            Ok(next.len() == ends.len() && next.iter().zip(&ends).all(|(n, end)| n + 1 >= *end))
        })
        .await
    }

    /// What is parked.
    pub async fn parked(&self) -> Result<Vec<Parked>> {
        Ok(parked::list(&self.views, ORDERS, 0, 1_000).await?)
    }

    /// Waits until so much is parked.
    pub async fn parks(&self, count: usize) -> Result<Vec<Parked>> {
        let what = format!("sign of {count} parked");
        self.until(&what, async || Ok(self.parked().await?.len() == count))
            .await?;
        self.parked().await
    }

    /// Asks that all that is parked be driven again, and waits until it was.
    pub async fn redrive(&self) -> Result<()> {
        parked::request_redrive(&self.views, ORDERS, None).await?;
        self.driven().await
    }

    /// Waits until no mark is left.
    pub async fn driven(&self) -> Result<()> {
        self.until("end of the marks", async || {
            let marks: i64 = sqlx::query_scalar("SELECT count(*) FROM redrives")
                .fetch_one(&self.views)
                .await?;
            Ok(marks == 0)
        })
        .await
    }

    /// Waits, woken by the projector's own notifications.
    pub async fn until(&self, what: &str, reached: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let mut listener = PgListener::connect_with(&self.views).await?;
        listener.listen(infra::views::NOTIFY_CHANNEL).await?;
        let waiting = async {
            while !reached().await? {
                // Some changes (a new build) are not told to everybody.
                let _ = timeout(Duration::from_millis(200), listener.recv()).await;
            }
            Ok(())
        };
        timeout(PATIENCE, waiting)
            .await
            .with_context(|| format!("no {what}"))?
    }

    /// Waits without asking the views: they may be away.
    pub async fn until_role(&self, reached: impl Fn() -> bool, what: &str) -> Result<()> {
        let waiting = async {
            while !reached() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, waiting)
            .await
            .with_context(|| format!("waited for {what}"))
    }

    pub async fn versions(&self) -> Result<BTreeMap<Uuid, i64>> {
        let rows = sqlx::query("SELECT id, version FROM orders")
            .fetch_all(&self.views)
            .await?;
        let pairs = rows
            .iter()
            .map(|row| Ok((row.try_get("id")?, row.try_get("version")?)));
        pairs.collect()
    }

    async fn log_versions(&self) -> Result<BTreeMap<Uuid, i64>> {
        let rows = sqlx::query(
            "SELECT aggregate_id::uuid AS id, max(sequence) AS version FROM events GROUP BY 1",
        )
        .fetch_all(&self.log)
        .await?;
        let pairs = rows
            .iter()
            .map(|row| Ok((row.try_get("id")?, row.try_get("version")?)));
        pairs.collect()
    }

    /// The tables of the projection.
    pub async fn projected(&self) -> Result<Vec<String>> {
        let tables = "SELECT unnest(tables) FROM projections WHERE name = 'orders' ORDER BY 1";
        Ok(sqlx::query_scalar(tables).fetch_all(&self.views).await?)
    }

    /// Every row of the projection, as text.
    pub async fn tables(&self) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for table in self.projected().await? {
            let sql = format!("SELECT '{table}' || t::text FROM {table} t ORDER BY 1");
            all.extend(
                sqlx::query_scalar::<_, String>(&sql)
                    .fetch_all(&self.views)
                    .await?,
            );
        }
        Ok(all)
    }

    /// (build, sum of the offsets and of what changed rows beside them).
    pub async fn data_version(&self) -> Result<(i64, i64)> {
        let row = sqlx::query(
            "SELECT coalesce(max(build), 0) AS build, coalesce(sum(next + redriven), 0)::bigint AS next \
               FROM projection_offsets",
        )
        .fetch_one(&self.views)
        .await?;
        Ok((row.try_get("build")?, row.try_get("next")?))
    }

    /// The views are a plain fold of the log, and the sums those of the views;
    /// nothing is parked.
    pub async fn check(&self) -> Result<()> {
        let parked = self.parked().await?;
        ensure!(parked.is_empty(), "{parked:?}");
        let rows = sqlx::query("SELECT * FROM orders")
            .fetch_all(&self.views)
            .await?;
        ensure!(
            rows.len() == self.log_versions().await?.len(),
            "{} orders",
            rows.len()
        );
        let (mut events, mut orders, mut moved) = (0, Vec::new(), BTreeMap::new());
        for row in &rows {
            let id: Uuid = row.try_get("id")?;
            let stored: Order = serde_json::from_str(row.try_get("document")?)?;
            let stream = self.stream(id).await?;
            let replayed = replay(&stream).map_err(|error| anyhow::anyhow!(error))?;
            let replayed = replayed.context("an order without events")?;
            ensure!(
                stored == replayed.row.order,
                "order {id} is not what the log says"
            );
            ensure!(
                milestones(row)? == replayed.row.milestones,
                "order {id} came to its states at other times"
            );
            moved.extend(replayed.movements);
            events += stream.len();
            orders.push(stored);
        }
        let entries: i64 = sqlx::query_scalar("SELECT count(*) FROM order_events")
            .fetch_one(&self.views)
            .await?;
        ensure!(
            usize::try_from(entries)? == events,
            "{entries} entries of {events}"
        );
        rows::check(&self.views, &orders).await?;
        let ids: Vec<Uuid> = orders.iter().map(|order| order.id).collect();
        let mut views = self.views.acquire().await?;
        let stored = stored_movements(&mut views, &ids).await?;
        ensure!(
            stored == moved,
            "{} movements of {}",
            stored.len(),
            moved.len()
        );
        drop(views);
        self.check_sums().await
    }

    /// The sums of every projection are those of its rows.
    pub async fn check_sums(&self) -> Result<()> {
        let mut views = self.views.acquire().await?;
        for projection in registry::ALL {
            for table in projection.compare_sums(&mut views, 10).await? {
                ensure!(table.differing == 0, "{table:?}");
            }
        }
        Ok(())
    }
}

/// An event as the relay publishes it.
pub fn as_record(event: &PublishedEvent) -> RawRecord {
    let PublishedEvent { envelope, data, .. } = event;
    let headers = envelope.headers().into_iter();
    RawRecord {
        partition: envelope.position.partition,
        offset: 0,
        key: Some(envelope.subject.to_string().into_bytes()),
        headers: headers
            .map(|(name, value)| (name.to_owned(), Some(value.into_bytes())))
            .collect(),
        value: Some(data.clone()),
    }
}

fn send_all(producer: &Producer, topic: &str, records: &[RawRecord]) -> Result<()> {
    producer.begin_transaction()?;
    for record in records {
        let headers = record.headers.iter();
        let headers = headers.fold(OwnedHeaders::new(), |all, (key, value)| {
            let value = value.as_deref();
            all.insert(Header { key, value })
        });
        let mut sent = BaseRecord::<[u8], [u8]>::to(topic)
            .partition(record.partition)
            .headers(headers);
        sent.key = record.key.as_deref();
        sent.payload = record.value.as_deref();
        producer.send(sent).map_err(|(error, _)| error)?;
    }
    producer.commit_transaction(PATIENCE)?;
    Ok(())
}

/// A running projector role.
pub struct Projector {
    lifecycle: Lifecycle,
    pub status: Status,
}

impl Projector {
    /// Waits until it follows.
    pub async fn ready(&self) -> Result<()> {
        let waiting = async {
            while !self.status.ready() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = timeout(PATIENCE, waiting).await;
        waited.with_context(|| format!("the projector is {:?}", self.status.workers()))
    }

    /// Stops it as a signal would.
    pub async fn stop(self) -> Result<()> {
        self.lifecycle.shutdown.cancel();
        Ok(timeout(PATIENCE, self.lifecycle.finished()).await??)
    }
}
