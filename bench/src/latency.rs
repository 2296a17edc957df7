//! Row `latency`: how long after its append is answered an event is with a
//! `read_committed` consumer, at fixed rates.

use crate::{
    load::{self, Latencies, Schedule, p50_p99},
    row::Figure,
    workload::{FOLLOWING, Following, executor_with, send},
};
use anyhow::{Context as _, ensure};
use command_api::Orders;
use contracts::{CloudEvent, topics};
use infra::{
    clock,
    command::Executor,
    config::{Config, EventStoreKind},
    event_store::LogHint,
    kafka::{client_config, ensure_topics},
    lifecycle::Lifecycle,
    postgres, relay,
};
use orderlog::mapping::Mapping;
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    message::Headers as _,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task::JoinHandle, time::sleep};
use uuid::Uuid;

/// Events a second.
const RATES: [u32; 2] = [500, 5_000];
/// Commands a second of one client.
const OF_ONE: u32 = 25;
/// For the last events to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// An event: order, version.
type Place = (Uuid, i64);
type Times = Arc<Mutex<HashMap<Place, Instant>>>;

/// p50 and p99 at each rate.
pub async fn measure(config: &Config, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    ensure_topics(config).await?;
    let time = Duration::from_secs(if quick { 2 } else { 12 });
    let lifecycle = Lifecycle::new();
    let mut status = relay::spawn(config, Arc::new(Mapping), &lifecycle)?;
    status
        .wait_for(|status| status.state == relay::RelayState::Leading)
        .await?;
    let log = postgres::pool(&config.events_url, 1)?;
    let hint = LogHint::start(log, lifecycle.shutdown.clone());
    let executor = executor_with(config, EventStoreKind::Grouped, hint)?;
    let consumer = Consuming::start(config)?;
    let mut figures = Vec::new();
    for rate in RATES {
        let answered = Times::default();
        offer(&executor, rate, time, &answered).await?;
        let took = consumer.since(&answered).await?;
        figures.extend(p50_p99(&took, "latency", |name| {
            format!("append to Kafka, {name} at {rate} events/s")
        }));
    }
    consumer.stop().await?;
    lifecycle.shutdown.cancel();
    lifecycle.finished().await?;
    Ok(figures)
}

/// Commands at a fixed rate; when each was answered.
async fn offer(
    executor: &Arc<Executor<Orders>>,
    rate: u32,
    time: Duration,
    answered: &Times,
) -> anyhow::Result<()> {
    let client = |_| Client {
        executor: Arc::clone(executor),
        answered: Arc::clone(answered),
        order: clock::new_id(),
        command: 0,
    };
    let clients: Vec<_> = (0..rate / OF_ONE).map(client).collect();
    load::open(clients, Schedule::steady(f64::from(rate)), time).await?;
    Ok(())
}

/// The workload in process, with the time at which each command is answered.
struct Client {
    executor: Arc<Executor<Orders>>,
    answered: Times,
    order: Uuid,
    command: u64,
}

impl load::Client for Client {
    async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
        send(&self.executor, self.order, self.command, Following::Labels).await?;
        let place = (self.order, i64::try_from(self.command)? + 1);
        let now = Instant::now();
        let answered = self.answered.lock();
        answered
            .unwrap_or_else(PoisonError::into_inner)
            .insert(place, now);
        self.command += 1;
        if self.command > FOLLOWING {
            (self.order, self.command) = (clock::new_id(), 0);
        }
        Ok(true)
    }
}

/// A consumer of the events' topic that notes when it has seen what.
struct Consuming {
    seen: Times,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Consuming {
    fn start(config: &Config) -> anyhow::Result<Self> {
        let mut client = client_config(config);
        client
            .set("group.id", "bench")
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            .set("fetch.wait.max.ms", "10");
        let consumer: BaseConsumer = client.create()?;
        let mut assignment = TopicPartitionList::new();
        let topic = config.kafka_name(topics::ORDER_EVENTS);
        for partition in 0..topics::ORDER_EVENTS_PARTITIONS {
            assignment.add_partition_offset(&topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&assignment)?;
        let (seen, stop) = (Times::default(), Arc::new(AtomicBool::new(false)));
        let (noted, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = tokio::task::spawn_blocking(move || {
            while !stopped.load(Ordering::Relaxed) {
                let Some(message) = consumer.poll(Duration::from_millis(100)) else {
                    continue;
                };
                let message = message?;
                let now = Instant::now();
                let headers = message.headers().context("headers")?;
                let pairs = headers.iter().map(|h| (h.key, h.value.unwrap_or_default()));
                let event = CloudEvent::from_headers(pairs)?;
                let mut seen = noted.lock().unwrap_or_else(PoisonError::into_inner);
                seen.insert((event.subject, event.sequence), now);
            }
            Ok(())
        });
        Ok(Self { seen, stop, thread })
    }

    /// How long after its answer each was seen.
    async fn since(&self, answered: &Times) -> anyhow::Result<Latencies> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let took = {
                let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                let answered = answered.lock().unwrap_or_else(PoisonError::into_inner);
                let took = answered.iter().map(|(place, then)| {
                    let now = seen.get(place)?;
                    // Now and then a consumer is faster than the answer.
                    Some(now.saturating_duration_since(*then))
                });
                took.collect::<Option<Vec<_>>>()
            };
            if let Some(took) = took {
                return Latencies::of(took);
            }
            ensure!(Instant::now() < deadline, "events do not arrive");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.await?
    }
}
