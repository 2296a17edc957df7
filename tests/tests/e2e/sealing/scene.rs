//! A log, keys, a topic and views of its own, and processes on them.

use super::diary::{Diaries, Diary, Never, Untagged, Write, customer, text};
use crate::relay::scene::Scene as Published;
use anyhow::{Result, ensure};
use infra::{
    clock,
    command::{CommandContext, CommandIdentity, ExecuteError, Executor, Outcome},
    config::{Config, EventStoreKind},
    event_store::{EventStore, LogHint},
    kafka,
    lifecycle::Lifecycle,
    log::LogReader,
    postgres, relay,
    sealing::KeysUsed,
};
use orderlog::keys::sealing;
use projections::Status;
use sqlx::PgPool;
use std::{future::ready, sync::Arc};
use tests::wait_until;
use uuid::Uuid;

pub struct Scene {
    pub config: Config,
    pub log: PgPool,
    pub views: PgPool,
    pub ops: PgPool,
}

impl Scene {
    pub async fn new(config: &Config) -> Result<Self> {
        postgres::migrate_all(config).await?;
        projections::make_empty(config).await?;
        kafka::ensure_topics(config).await?;
        Ok(Self {
            config: config.clone(),
            log: postgres::pool(&config.events_url, 8)?,
            views: postgres::pool(&config.views_url, 4)?,
            ops: postgres::pool(&config.ops_url, 4)?,
        })
    }

    /// A process that takes commands.
    pub fn process(&self) -> Result<Process> {
        Process::told(&self.config, EventStoreKind::Grouped)
    }

    /// Starts the relay and a projector, which follows Kafka from here on.
    pub async fn readers(&self) -> Result<Readers> {
        let readers = Readers::none();
        readers.relay(&self.config)?;
        let projector = readers.projector(&self.config)?;
        following(&projector).await?;
        Ok(readers)
    }

    /// Erases a subject.
    pub async fn erase(&self, subject: Uuid) -> Result<()> {
        let deleted = sqlx::query("DELETE FROM subject_keys WHERE subject = $1")
            .bind(subject)
            .execute(&self.ops)
            .await?;
        ensure!(deleted.rows_affected() == 1, "there was no key to delete");
        Ok(())
    }

    /// Waits until a read model of the order holds a text.
    pub async fn shows(&self, id: Uuid, text: &str) -> Result<String> {
        wait_until(&format!("{text:?} in the views"), async || {
            let document = self.document(id).await?;
            Ok(document.filter(|document| document.contains(text)))
        })
        .await
    }

    /// The order's document, if there is one.
    pub async fn document(&self, id: Uuid) -> Result<Option<String>> {
        let found = sqlx::query_scalar("SELECT document FROM orders WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.views)
            .await?;
        Ok(found)
    }

    /// Everything that the views hold, as text.
    pub async fn all_views(&self) -> Result<String> {
        let mut all = String::new();
        let tables: Vec<String> = sqlx::query_scalar("SELECT unnest(tables) FROM projections")
            .fetch_all(&self.views)
            .await?;
        for table in tables {
            let rows: Vec<String> = sqlx::query_scalar(&format!("SELECT t::text FROM {table} t"))
                .fetch_all(&self.views)
                .await?;
            all.extend(rows);
        }
        Ok(all)
    }

    /// Every row of the log, as text.
    pub async fn all_stored(&self) -> Result<String> {
        let rows: Vec<String> = sqlx::query_scalar("SELECT e::text FROM events e")
            .fetch_all(&self.log)
            .await?;
        Ok(rows.concat())
    }

    /// Every byte of every record, read as text.
    pub async fn all_published(&self) -> Result<String> {
        let records = Published::existing(&self.config)?.published().await?;
        let texts = records.iter().map(|record| {
            let (key, value) = (&record.key, &record.value);
            let bytes = [String::from_utf8_lossy(key), String::from_utf8_lossy(value)];
            format!("{}{:?}", bytes.concat(), record.envelope)
        });
        Ok(texts.collect())
    }
}

/// Waits until the projector has built its views: what happens afterwards it
/// has from Kafka.
pub async fn following(projector: &Status) -> Result<()> {
    let ready = async || Ok(projector.ready().then_some(()));
    wait_until("the projector to follow", ready).await
}

/// Keys in memory, and an executor.
pub struct Process {
    executor: Executor<Diaries>,
    pub sealing: infra::sealing::Sealing,
    log: LogReader,
}

impl Process {
    /// One that is told something else than the others.
    pub fn told(config: &Config, kind: EventStoreKind) -> Result<Self> {
        let pool = postgres::pool(&config.events_url, 8)?;
        let sealing = sealing(config)?;
        let store = EventStore::new(pool.clone(), kind, LogHint::default());
        let mapping = Arc::new(Untagged);
        Ok(Self {
            executor: Executor::new(store, mapping, sealing.clone(), 1 << 20),
            sealing,
            log: LogReader::new(pool),
        })
    }

    pub async fn write(
        &self,
        id: Uuid,
        write: Write,
    ) -> Result<Outcome<Diaries>, ExecuteError<Never>> {
        let command = |_: &Diary| ready(Ok(write.clone()));
        let (id, context) = (id.to_string(), context());
        self.executor.execute(&id, &context, command).await
    }

    /// The same, of what comes from where these keys are used.
    pub async fn write_copying(
        &self,
        id: Uuid,
        write: Write,
        copied: KeysUsed,
    ) -> Result<Outcome<Diaries>, ExecuteError<Never>> {
        let command = |_: &Diary| ready(Ok(write.clone()));
        let context = CommandContext {
            copied,
            ..context()
        };
        self.executor
            .execute(&id.to_string(), &context, command)
            .await
    }

    /// Notes what the first event says of somebody; `meanwhile` happens after it is
    /// known and before it is written.
    pub async fn repeat_first(
        &self,
        id: Uuid,
        meanwhile: impl AsyncFn() -> Result<()>,
    ) -> Result<Outcome<Diaries>> {
        let meanwhile = &meanwhile;
        let command = move |diary: &Diary| {
            let personal = diary.seen[0].clone();
            let meanwhile = meanwhile();
            async move {
                meanwhile
                    .await
                    .map_err(|error| ExecuteError::Broken(error.into()))?;
                Ok(Write::Note { id, personal })
            }
        };
        let (id, context) = (id.to_string(), context());
        Ok(self.executor.execute(&id, &context, command).await?)
    }

    /// The keys of what an aggregate is known to hold.
    pub async fn keys_of(&self, id: Uuid) -> Result<KeysUsed> {
        let state = self.executor.aggregate(&id.to_string()).await?;
        Ok(state.keys.clone())
    }

    /// Erases a subject, who has a new key at once, known to this process.
    pub async fn forget(&self, scene: &Scene, subject: Uuid) -> Result<()> {
        let keys = self.keys_of(subject).await?;
        scene.erase(subject).await?;
        wait_until("the key to be forgotten", async || {
            Ok((!self.sealing.all_there(&keys).await?).then_some(()))
        })
        .await?;
        let other = clock::new_id();
        let write = Write::Place {
            id: other,
            subject: Some(subject),
            personal: customer("somebody-else"),
        };
        self.write(other, write).await?;
        Ok(())
    }

    /// A new order of a customer whose data is their own subject's.
    pub async fn place(&self, name: &str) -> Result<Uuid> {
        let id = clock::new_id();
        self.write(id, place(id, name)).await?;
        Ok(id)
    }

    pub async fn note(
        &self,
        id: Uuid,
        note: &str,
    ) -> Result<Outcome<Diaries>, ExecuteError<Never>> {
        let personal = text(note);
        self.write(id, Write::Note { id, personal }).await
    }

    /// The stream as it is stored.
    pub async fn stored(&self, id: Uuid) -> Result<Vec<infra::log::StoredEvent>> {
        Ok(self.log.read_stream("order", &id.to_string()).await?)
    }
}

/// The subject of an order is the order.
pub fn place(id: Uuid, name: &str) -> Write {
    Write::Place {
        id,
        subject: Some(id),
        personal: customer(name),
    }
}

fn context() -> CommandContext {
    CommandContext {
        actor: "key_test".into(),
        identity: CommandIdentity {
            id: clock::new_id(),
            payload_hash: "payload".into(),
        },
        if_match: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        is_line: false,
        copied: KeysUsed::default(),
    }
}

/// Relay and projector, in this process; they end with this value.
pub struct Readers {
    lifecycle: Lifecycle,
}

impl Readers {
    pub fn none() -> Self {
        Self {
            lifecycle: Lifecycle::new(),
        }
    }

    pub fn relay(&self, config: &Config) -> Result<()> {
        relay::spawn(config, Arc::new(Untagged), &self.lifecycle)?;
        Ok(())
    }

    pub fn projector(&self, config: &Config) -> Result<Status> {
        let log = LogReader::new(postgres::pool(&config.events_url, 2)?);
        let (mapping, sealing) = (Arc::new(Untagged), sealing(config)?);
        Ok(projections::spawn(
            config,
            log,
            mapping,
            sealing,
            &self.lifecycle,
        )?)
    }

    pub async fn stop(self) -> Result<()> {
        self.lifecycle.shutdown.cancel();
        Ok(self.lifecycle.finished().await?)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.lifecycle.shutdown.cancel();
    }
}
