//! What is written: orders as shops place them, and what happens to them.
//!
//! Each client places an order of three lines (about 0.9 kB as it is stored)
//! and then labels it three times (about 0.5 kB each), again and again. Labels
//! hold no personal data; notes do, and cost a key per order and its sealing.

use command_api::Orders;
use contracts::order::Customer;
use domain::order::{
    Order, OrderCommand,
    command::{AddNote, NewLine, NewOrder, PlaceOrder, TagOrder},
};
use infra::{
    clock,
    command::{CommandContext, CommandIdentity, Executor, Expected},
    config::{Config, EventStoreKind},
    event_store::{EventStore, LogHint},
    postgres,
    sealing::KeysUsed,
};
use orderlog::{keys::sealing, mapping::Mapping};
use std::{
    future::ready,
    sync::Arc,
    time::{Duration, Instant},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Commands on an order after the first one.
pub const FOLLOWING: u64 = 3;
/// Connections that executors load with.
const CONNECTIONS: u32 = 32;

/// What is said of an order after it was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Following {
    /// Labels.
    Labels,
    /// Notes, which are personal data.
    Notes,
}

/// An executor as the command API has it.
pub fn executor(config: &Config, kind: EventStoreKind) -> anyhow::Result<Arc<Executor<Orders>>> {
    executor_with(config, kind, LogHint::default())
}

/// The same, that tells the relay of each append.
pub fn executor_with(
    config: &Config,
    kind: EventStoreKind,
    hint: LogHint,
) -> anyhow::Result<Arc<Executor<Orders>>> {
    let pool = postgres::pool(&config.events_url, CONNECTIONS)?;
    let store = EventStore::new(pool, kind, hint);
    let (mapping, sealing) = (Arc::new(Mapping), sealing(config)?);
    let cache = config.aggregate_cache_bytes;
    Ok(Arc::new(Executor::new(store, mapping, sealing, cache)))
}

/// One client in a closed loop until `deadline`; its commands.
pub async fn client(
    executor: Arc<Executor<Orders>>,
    following: Following,
    deadline: Instant,
) -> anyhow::Result<u64> {
    let mut commands = 0;
    while Instant::now() < deadline {
        let id = clock::new_id();
        for number in 0..=FOLLOWING {
            send(&executor, id, number, following).await?;
        }
        commands += 1 + FOLLOWING;
    }
    Ok(commands)
}

/// Command number `number` on the order `id`, the first of which places it.
pub async fn send(
    executor: &Executor<Orders>,
    id: Uuid,
    number: u64,
    following: Following,
) -> anyhow::Result<()> {
    if number == 0 {
        place(executor, id, None).await
    } else {
        follow(executor, id, number, following).await
    }
}

/// Places the order `id`, of that customer.
pub async fn place(
    executor: &Executor<Orders>,
    id: Uuid,
    customer: Option<Customer>,
) -> anyhow::Result<()> {
    carry_out(executor, id, order(id, customer)?, Expected::Absent).await
}

/// Command number `number` on an order that was placed.
pub async fn follow(
    executor: &Executor<Orders>,
    id: Uuid,
    number: u64,
    following: Following,
) -> anyhow::Result<()> {
    let command = match following {
        Following::Labels => label(number)?,
        Following::Notes => note()?,
    };
    carry_out(executor, id, command, Expected::Unknown).await
}

/// Carries a command on the order `id` out.
pub async fn carry_out(
    executor: &Executor<Orders>,
    id: Uuid,
    command: OrderCommand,
    expected: Expected,
) -> anyhow::Result<()> {
    let command = |_: &Order| ready(Ok(command.clone()));
    let (key, context) = (id.to_string(), context());
    executor
        .execute_expecting(expected, &key, &context, command)
        .await?;
    Ok(())
}

/// Commands a second of `clients` in a closed loop of this length.
pub async fn rate(
    executor: &Arc<Executor<Orders>>,
    following: Following,
    clients: usize,
    time: Duration,
) -> anyhow::Result<f64> {
    let began = Instant::now();
    let deadline = began + time;
    let tasks = (0..clients).map(|_| {
        let executor = Arc::clone(executor);
        tokio::spawn(client(executor, following, deadline))
    });
    let counts = futures_util::future::try_join_all(tasks).await?;
    let commands: u64 = counts.into_iter().sum::<anyhow::Result<u64>>()?;
    Ok(per_second(commands, began.elapsed()))
}

/// So many in that time, a second.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
pub fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn context() -> CommandContext {
    CommandContext {
        actor: "key_bench".into(),
        identity: CommandIdentity {
            id: clock::new_id(),
            payload_hash: "5b2c3e3ff4f9ee6ea3ff1dbdb0a4a1a8f7bd9a5ac1a9a1a5ba4b2a5d9e2b5c1d".into(),
        },
        if_match: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        is_line: false,
        copied: KeysUsed::default(),
    }
}

/// The command that labels an order.
pub fn label(number: u64) -> anyhow::Result<OrderCommand> {
    let tag = format!("label-{number}").as_str().try_into()?;
    Ok(TagOrder { tag }.into())
}

fn note() -> anyhow::Result<OrderCommand> {
    let text = "call back before noon".try_into()?;
    Ok(AddNote { text }.into())
}

/// The command that places the order `id`.
pub fn order(id: Uuid, customer: Option<Customer>) -> anyhow::Result<OrderCommand> {
    let line = |number: u32| {
        Ok(NewLine {
            sku: format!("SKU-{number}").as_str().try_into()?,
            name: "Desk lamp, brass".try_into()?,
            quantity: 2,
            unit_price: domain::money::Price::Minor(1_999),
            tax: 0,
            discount: 0,
        })
    };
    let order = NewOrder {
        country: None,
        order_id: id,
        number: "1001".into(),
        platform: "web".try_into()?,
        external_id: None,
        currency: "GBP".parse()?,
        prices_include_tax: false,
        customer,
        lines: (0..3).map(line).collect::<anyhow::Result<_>>()?,
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
    Ok(command.into())
}
