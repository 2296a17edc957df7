//! Processes on one log, and commands for them.

use command_api::Orders;
use domain::order::{
    Order, OrderCommand, Rejection,
    command::{AddNote, NewLine, NewOrder, PlaceOrder, TagOrder, UntagOrder},
};
use infra::{
    clock,
    command::{CommandContext, CommandIdentity, ExecuteError, Executor, Outcome},
    config::{Config, EventStoreKind},
    event_store::{EventStore, LogHint},
    log::{LogReader, StoredEvent},
    postgres,
    sealing::KeysUsed,
};
use orderlog::{keys::sealing, mapping::Mapping};
use sqlx::PgPool;
use std::{future::ready, sync::Arc};
use tests::TestEnv;
use time::OffsetDateTime;
use uuid::Uuid;

/// A log with an executor on it: one process of several.
pub struct Log {
    pub pool: PgPool,
    executor: Executor<Orders>,
}

impl Log {
    pub async fn new(env: &TestEnv, kind: EventStoreKind) -> anyhow::Result<Self> {
        Self::on(&env.config, kind).await
    }

    /// The same on a log elsewhere.
    pub async fn on(config: &Config, kind: EventStoreKind) -> anyhow::Result<Self> {
        postgres::migrate_all(config).await?;
        Self::of(config, kind)
    }

    /// Another process on the same log.
    pub fn another(env: &TestEnv, kind: EventStoreKind) -> anyhow::Result<Self> {
        Self::of(&env.config, kind)
    }

    fn of(config: &Config, kind: EventStoreKind) -> anyhow::Result<Self> {
        let pool = postgres::pool(&config.events_url, 16)?;
        let store = EventStore::new(pool.clone(), kind, LogHint::default());
        let (mapping, sealing) = (Arc::new(Mapping), sealing(config)?);
        let executor = Executor::new(store, mapping, sealing, config.aggregate_cache_bytes);
        Ok(Self { pool, executor })
    }

    pub async fn send(
        &self,
        id: Uuid,
        context: &CommandContext,
        command: &OrderCommand,
    ) -> Result<Outcome<Orders>, ExecuteError<Rejection>> {
        let command = |_: &Order| ready(Ok(command.clone()));
        self.executor
            .execute(&id.to_string(), context, command)
            .await
    }

    pub async fn placed(&self) -> anyhow::Result<Uuid> {
        let id = clock::new_id();
        self.send(id, &context(), &place(id)).await?;
        Ok(id)
    }

    pub async fn stream(&self, id: Uuid) -> anyhow::Result<Vec<StoredEvent>> {
        let reader = LogReader::new(self.pool.clone());
        Ok(reader.read_stream("order", &id.to_string()).await?)
    }
}

pub fn context() -> CommandContext {
    under(clock::new_id(), "payload")
}

pub fn under(id: Uuid, payload_hash: &str) -> CommandContext {
    CommandContext {
        actor: "key_test".into(),
        identity: CommandIdentity {
            id,
            payload_hash: payload_hash.into(),
        },
        if_match: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        is_line: false,
        copied: KeysUsed::default(),
    }
}

pub fn place(id: Uuid) -> OrderCommand {
    let order = NewOrder {
        country: None,
        order_id: id,
        number: "1001".into(),
        platform: "web".try_into().expect("valid"),
        external_id: None,
        currency: "GBP".parse().expect("known"),
        prices_include_tax: false,
        customer: None,
        lines: vec![NewLine {
            sku: "A".try_into().expect("valid"),
            name: "Lamp".try_into().expect("valid"),
            quantity: 2,
            unit_price: "2.55".parse().expect("valid"),
            tax: 0,
            discount: 0,
        }],
        shipping: None,
        billing_address: None,
        shipping_address: None,
        tags: Vec::new(),
    };
    let command = PlaceOrder {
        order,
        placed_at: OffsetDateTime::UNIX_EPOCH,
        exchange_of: None,
    };
    command.into()
}

pub fn note() -> OrderCommand {
    let note = AddNote {
        text: "call back".try_into().expect("valid"),
    };
    note.into()
}

pub fn tag(tag: &str) -> OrderCommand {
    let tag = tag.try_into().expect("valid");
    TagOrder { tag }.into()
}

pub fn untag(tag: &str) -> OrderCommand {
    let tag = tag.try_into().expect("valid");
    UntagOrder { tag }.into()
}
