//! Row `relay`: a backlog to Kafka, exactly once, beside an idempotent producer
//! that sends the same records from memory; and how soon an event is in Kafka.

use crate::{backlog, row::Figure, workload::per_second};
use anyhow::{Context as _, ensure};
use contracts::{LogPosition, topics};
use infra::{
    config::Config,
    kafka::{client_config, ensure_topics},
    lifecycle::Lifecycle,
    log::{ContractMapping as _, LogReader, PublishedEvent},
    postgres,
    relay::{self, RelayStatus},
};
use orderlog::mapping::Mapping;
use rdkafka::{
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
    types::RDKafkaErrorCode,
};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Records that the producer has in memory; it sends them again and again.
const IN_MEMORY: i64 = 100_000;

/// Rounds of a backlog each.
pub async fn measure(config: &Config, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    ensure_topics(config).await?;
    let (rounds, events) = if quick { (1, 20_000) } else { (3, 340_000) };
    let mut measured = Vec::new();
    let mut published = 0;
    for _ in 0..rounds {
        backlog::append(config, events).await?;
        let (ours, count) = drain(config).await?;
        published += count;
        let records = records(config).await?;
        let theirs = produce(config, records, count).await?;
        measured.push((ours, theirs));
    }
    let case = format!("backlog of {published} events");
    Ok(vec![Figure::of(
        "relay",
        case,
        "events/s",
        "idempotent producer",
        Some(0.6),
        &measured,
    )])
}

/// The relay's rate from its first batch to the last; how many events.
pub async fn drain(config: &Config) -> anyhow::Result<(f64, u64)> {
    let lifecycle = Lifecycle::new();
    let pool = postgres::pool(&config.events_url, 1)?;
    let last: i64 = sqlx::query_scalar(
        "SELECT position FROM events ORDER BY epoch DESC, transaction_id DESC, position DESC \
          LIMIT 1",
    )
    .fetch_one(&pool)
    .await?;
    let mut status = relay::spawn(config, Arc::new(Mapping), &lifecycle)?;
    reached(&mut status, |s| s.published > 0).await?;
    let (began, first) = (Instant::now(), status.borrow().published);
    reached(&mut status, |s| {
        s.position.is_some_and(|at| at.position >= last)
    })
    .await?;
    let (took, all) = (began.elapsed(), status.borrow().published);
    lifecycle.shutdown.cancel();
    lifecycle.finished().await?;
    Ok((per_second(all - first, took), all))
}

async fn reached(
    status: &mut watch::Receiver<RelayStatus>,
    reached: impl Fn(&RelayStatus) -> bool,
) -> anyhow::Result<()> {
    let wait = status.wait_for(|status| reached(status));
    tokio::time::timeout(Duration::from_mins(15), wait)
        .await
        .context("the relay takes too long")??;
    Ok(())
}

/// The newest events, as the relay publishes them.
async fn records(config: &Config) -> anyhow::Result<Vec<PublishedEvent>> {
    let reader = LogReader::new(postgres::pool(&config.events_url, 1)?);
    let mut records = Vec::new();
    let mut after = LogPosition::START;
    while i64::try_from(records.len())? < IN_MEMORY {
        let events = reader.read_after(after, 10_000).await?;
        let Some(last) = events.last() else { break };
        after = last.at;
        for event in &events {
            records.extend(Mapping.event(event)?);
        }
    }
    ensure!(!records.is_empty(), "the log is empty");
    Ok(records)
}

async fn produce(config: &Config, records: Vec<PublishedEvent>, count: u64) -> anyhow::Result<f64> {
    let topic = config.kafka_name(topics::ORDER_EVENTS);
    let mut client = client_config(config);
    client
        .set("enable.idempotence", "true")
        .set("compression.codec", "lz4")
        .set("linger.ms", "5")
        .set("batch.num.messages", "10000")
        .set("queue.buffering.max.messages", "500000");
    tokio::task::spawn_blocking(move || {
        let producer: ThreadedProducer<DefaultProducerContext> = client.create()?;
        // Keys and headers are made beforehand: this is about the producer.
        let ready: Vec<(String, OwnedHeaders)> = records
            .iter()
            .map(|event| (event.envelope.subject.to_string(), headers(event)))
            .collect();
        let began = Instant::now();
        let all = records.iter().zip(&ready).cycle();
        for (event, (key, headers)) in all.take(usize::try_from(count)?) {
            let mut record = BaseRecord::to(&topic)
                .partition(event.envelope.position.partition)
                .key(key.as_str())
                .payload(event.data.as_slice())
                .headers(headers.clone());
            while let Err((error, back)) = producer.send(record) {
                let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                ensure!(full, "{error}");
                record = back;
                thread::sleep(Duration::from_micros(200));
            }
        }
        producer.flush(Duration::from_mins(2))?;
        Ok(per_second(count, began.elapsed()))
    })
    .await?
}

fn headers(event: &PublishedEvent) -> OwnedHeaders {
    let all = event.envelope.headers();
    all.iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(value),
            })
        })
}
