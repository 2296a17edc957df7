//! Racing commands, transactions held open on purpose, aborted ones and
//! roll-backs, with a reader that follows all of it. And the same with a fault
//! put in, which the checks have to notice.

use super::suite;
use anyhow::{Context as _, Result, bail, ensure};
use contracts::LogPosition;
use domain::order::Order;
use futures_util::future::try_join_all;
use infra::{
    clock,
    config::{Config, EventStoreKind},
    event_store::{AppendError, EventStore, LogHint, NewEvent},
    failpoint::{Failpoint, put_in},
    log::{LogReader, Metadata, StoredEvent},
    postgres,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    env,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tests::TestEnv;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Streams that all writers race for.
const STREAMS: u128 = 12;
/// Writers of each process.
const WRITERS: u64 = 8;
/// Commands of each writer, unless `ORDERLOG_STORM_COMMANDS` says otherwise.
const COMMANDS: usize = 60;
/// Longest time that a transaction is held open, in milliseconds.
const HELD: u64 = 30;

/// What a writer was told of its commands.
#[derive(Default)]
struct Told {
    stored: Vec<Uuid>,
    not_stored: Vec<Uuid>,
}

/// One log under a storm.
struct Storm {
    pool: PgPool,
    told: Mutex<Told>,
    seed: u64,
    commands: usize,
}

impl Storm {
    async fn new(config: &Config, seed: u64) -> Result<Self> {
        postgres::migrate_all(config).await?;
        let commands = env::var("ORDERLOG_STORM_COMMANDS").ok();
        Ok(Self {
            pool: postgres::pool(&config.events_url, 24)?,
            told: Mutex::default(),
            seed,
            commands: commands.map_or(Ok(COMMANDS), |n| n.parse())?,
        })
    }

    /// Lets it blow over, read all the while; what is wrong afterwards.
    async fn blow(&self) -> Result<Vec<String>> {
        let over = CancellationToken::new();
        let seen = self.follow(over.clone());
        let blow = async {
            let stores = [0, 1].map(|_| {
                let (kind, hint) = (EventStoreKind::Grouped, LogHint::default());
                EventStore::new(self.pool.clone(), kind, hint)
            });
            let mut writers = Vec::new();
            for (process, store) in (0..).zip(&stores) {
                writers.extend((0..WRITERS).map(|n| self.write(store, process * WRITERS + n)));
            }
            let written = tokio::try_join!(try_join_all(writers), self.disturb(), self.disturb());
            // Whatever came of it, the reader is to end.
            over.cancel();
            written
        };
        let (seen, written) = tokio::join!(seen, blow);
        written?;
        self.judge(&seen?).await
    }

    /// A writer: appends to any stream after what it finds there.
    async fn write(&self, store: &EventStore, number: u64) -> Result<()> {
        let mut rng = StdRng::seed_from_u64(self.seed * 1_000 + number);
        for _ in 0..self.commands {
            let stream = Uuid::from_u128(rng.random_range(0..STREAMS)).to_string();
            let count = rng.random_range(1..4);
            self.append(store, &stream, count).await?;
        }
        Ok(())
    }

    /// One command, decided again until it is stored or refused.
    async fn append(&self, store: &EventStore, stream: &str, count: i64) -> Result<()> {
        for _ in 0..200 {
            let loaded = store.load("order", stream, None).await?;
            let last = loaded.events.last();
            let (version, follows) = last.map_or((0, None), |e| (e.sequence, Some(e.at)));
            let command = clock::new_id();
            let events: Vec<NewEvent> = (1..=count)
                .map(|n| event(command, version + n, n == 1, count))
                .collect();
            let appended = store.append::<Order>(stream, follows, &events).await;
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            match appended {
                Ok(_) => {
                    told.stored.push(command);
                    return Ok(());
                }
                Err(AppendError::Conflict | AppendError::Repeat(_)) => {
                    told.not_stored.push(command);
                }
                Err(AppendError::Unknown(_)) => return Ok(()),
                Err(error) => bail!(error),
            }
        }
        Ok(())
    }

    /// Transactions of somebody else: held open for a while, then committed,
    /// rolled back or broken off.
    async fn disturb(&self) -> Result<()> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        for _ in 0..self.commands / 2 {
            let mut transaction = self.pool.begin().await?;
            let (stream, sequence) = (clock::new_id().to_string(), 1);
            sqlx::query(
                "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
                                     event_version, payload, metadata) \
                 VALUES ('order', $1, $2, 'Happened', '1', '{}', '{\"actor\":\"\",\"after\":\"\"}')",
            )
            .bind(stream)
            .bind(sequence)
            .execute(&mut *transaction)
            .await?;
            sleep(Duration::from_millis(rng.random_range(0..HELD))).await;
            match rng.random_range(0..3) {
                0 => transaction.rollback().await?,
                1 => {
                    let broken = sqlx::query("SELECT 1 / 0").execute(&mut *transaction).await;
                    ensure!(broken.is_err(), "a division by zero");
                }
                _ => transaction.commit().await?,
            }
        }
        Ok(())
    }

    /// Reads from the first event on, in batches of any size, until the storm
    /// is over and nothing is left.
    async fn follow(&self, over: CancellationToken) -> Result<Vec<StoredEvent>> {
        let reader = LogReader::new(self.pool.clone());
        let mut rng = StdRng::seed_from_u64(self.seed);
        let (mut seen, mut after): (Vec<StoredEvent>, _) = (Vec::new(), LogPosition::START);
        loop {
            let ended = over.is_cancelled();
            let horizon = reader.horizon().await?;
            let batch = reader
                .read_batch(after, rng.random_range(1..40), 2_000)
                .await?;
            let last = batch.last().map(|event| event.at);
            seen.extend(batch);
            match last {
                Some(at) => after = at,
                // Somebody else's transaction may hold the horizon still.
                None if ended && self.last().await?.is_none_or(|at| horizon.covers(at)) => {
                    return Ok(seen);
                }
                None => tokio::task::yield_now().await,
            }
        }
    }

    async fn last(&self) -> Result<Option<LogPosition>> {
        let all = self.stored().await?;
        Ok(all.iter().map(|event| event.at).max())
    }

    async fn stored(&self) -> Result<Vec<StoredEvent>> {
        let sql = format!("SELECT {} FROM events", infra::log::COLUMNS);
        let rows = sqlx::query(&sql).fetch_all(&self.pool).await?;
        Ok(rows
            .iter()
            .map(infra::log::stored_event)
            .collect::<Result<_, _>>()?)
    }

    /// What is wrong: with what was read, with what is stored, with what was
    /// said of it.
    async fn judge(&self, seen: &[StoredEvent]) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        let mut stored = self.stored().await?;
        stored.sort_unstable_by_key(|event| event.at);
        let places = |events: &[StoredEvent]| events.iter().map(|e| e.at).collect::<Vec<_>>();
        if places(seen) != places(&stored) {
            wrong.push(format!(
                "{} events were read of {}",
                seen.len(),
                stored.len()
            ));
        }
        let mut versions: HashMap<&str, i64> = HashMap::new();
        for event in seen {
            let before = versions
                .insert(&event.aggregate_id, event.sequence)
                .unwrap_or(0);
            if event.sequence != before + 1 {
                wrong.push(format!(
                    "{} after {before} of {}",
                    event.sequence, event.aggregate_id
                ));
            }
        }
        let mut commands: HashMap<Uuid, i64> = HashMap::new();
        let mut events_of: HashMap<&str, i64> = HashMap::new();
        for event in &stored {
            if let Some(command) = event.metadata.causation_id.as_deref() {
                *events_of.entry(command).or_default() += 1;
            }
            let count = event.metadata.command_events.as_deref();
            if let (Some(command), Some(count)) = (event.metadata.command_id, count) {
                commands.insert(command, count.parse()?);
            }
        }
        for (command, count) in &events_of {
            let expected = commands.get(&command.parse()?);
            if expected != Some(count) {
                wrong.push(format!("{count} events of {expected:?} of {command}"));
            }
        }
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = told
            .stored
            .iter()
            .filter(|id| !commands.contains_key(id))
            .count();
        let undead = told.not_stored.iter();
        let undead = undead
            .filter(|id| events_of.contains_key(id.to_string().as_str()))
            .count();
        if lost + undead > 0 {
            wrong.push(format!(
                "{lost} lost, {undead} stored though they were refused"
            ));
        }
        println!(
            "storm of seed {}: {} stored, {} tried again, {} events",
            self.seed,
            told.stored.len(),
            told.not_stored.len(),
            stored.len()
        );
        Ok(wrong)
    }
}

/// Every event names its command, so that half a command shows.
fn event(command: Uuid, sequence: i64, first: bool, count: i64) -> NewEvent {
    NewEvent {
        sequence,
        event_type: "Happened".into(),
        event_version: "1".into(),
        payload: format!(r#"{{"filler":"{}"}}"#, "x".repeat(100)),
        metadata: Metadata {
            command_id: first.then_some(command),
            command_events: first.then(|| count.to_string()),
            causation_id: Some(command.to_string()),
            ..Metadata::default()
        },
    }
}

fn seed() -> Result<u64> {
    Ok(env::var("ORDERLOG_STORM_SEED").map_or(Ok(1), |seed| seed.parse())?)
}

/// Every committed event once, in each stream's order, none before it is
/// final; every command wholly or not at all, and as it was answered.
pub async fn every_committed_event_is_read_once_in_order(env: &TestEnv) -> Result<()> {
    let wrong = Storm::new(&env.config, seed()?).await?.blow().await?;
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// With a fault put in, some storm shows it.
async fn shows(env: &TestEnv, fault: Failpoint, sign: &str) -> Result<()> {
    let mut all = Vec::new();
    for seed in 1..20 {
        let storm = Storm::new(&env.config, seed).await?;
        put_in(fault, &storm.pool);
        let wrong = storm.blow().await?;
        if wrong.iter().any(|wrong| wrong.contains(sign)) {
            return Ok(());
        }
        all.extend(wrong);
    }
    bail!("{fault:?} goes unnoticed: {all:#?}")
}

pub async fn without_the_horizon_events_are_lost(env: &TestEnv) -> Result<()> {
    shows(env, Failpoint::NoHorizon, "events were read of").await
}

pub async fn half_a_command_shows(env: &TestEnv) -> Result<()> {
    shows(env, Failpoint::HalfACommand, "events of").await
}

pub async fn a_write_before_the_insert_shows(env: &TestEnv) -> Result<()> {
    let pool = postgres::pool(&env.config.events_url, 1)?;
    put_in(Failpoint::WriteBeforeInsert, &pool);
    let checked = suite::nothing_is_written_before_the_insert(env, EventStoreKind::Grouped).await;
    let reason = format!("{:#}", checked.err().context("it goes unnoticed")?);
    ensure!(reason.contains("could not be carried out"), "{reason}");
    Ok(())
}
