//! Row `append`: durable commands in process. Each client places an order and
//! then writes three notes on it, again and again.

use crate::row::Figure;
use command_api::Orders;
use domain::order::{
    Order, OrderCommand,
    command::{AddNote, NewLine, NewOrder, PlaceOrder},
};
use futures_util::future::try_join_all;
use infra::{
    clock,
    command::{CommandContext, CommandIdentity, Executor},
    config::{Config, EventStoreKind},
    event_store::{EventStore, LogHint},
    postgres,
};
use orderlog::{keys::sealing, mapping::Mapping};
use std::{
    future::ready,
    sync::Arc,
    time::{Duration, Instant},
};
use time::OffsetDateTime;
use uuid::Uuid;

const NOTES: u64 = 3;

/// Ours beside postgres-es at several numbers of clients.
pub async fn measure(config: &Config, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    let (rounds, time) = if quick {
        (1, Duration::from_secs(1))
    } else {
        (5, Duration::from_secs(4))
    };
    let mut figures = Vec::new();
    for clients in [1, 16, 64, 256] {
        let mut measured = Vec::new();
        for _ in 0..rounds {
            let ours = rate(config, EventStoreKind::Grouped, clients, time).await?;
            let stock = rate(config, EventStoreKind::Stock, clients, time).await?;
            measured.push((ours, stock));
        }
        figures.push(Figure::of(
            "append",
            format!("{clients} clients"),
            "commands/s",
            "postgres-es",
            None,
            &measured,
        ));
    }
    Ok(figures)
}

/// Commands a second of `clients` in a closed loop.
async fn rate(
    config: &Config,
    kind: EventStoreKind,
    clients: usize,
    time: Duration,
) -> anyhow::Result<f64> {
    let pool = postgres::pool(&config.events_url, 32)?;
    let store = EventStore::new(pool, kind, LogHint::default());
    let (mapping, sealing) = (Arc::new(Mapping), sealing(config)?);
    let executor = Executor::new(store, mapping, sealing, config.aggregate_cache_bytes);
    let executor = Arc::new(executor);
    let began = Instant::now();
    let deadline = began + time;
    let tasks = (0..clients).map(|_| tokio::spawn(client(Arc::clone(&executor), deadline)));
    let counts = try_join_all(tasks).await?;
    let commands: u64 = counts.into_iter().sum::<anyhow::Result<u64>>()?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of seconds' worth of commands"
    )]
    Ok(commands as f64 / began.elapsed().as_secs_f64())
}

async fn client(executor: Arc<Executor<Orders>>, deadline: Instant) -> anyhow::Result<u64> {
    let mut commands = 0;
    while Instant::now() < deadline {
        let id = clock::new_id();
        send(&executor, id, place(id)).await?;
        for _ in 0..NOTES {
            let text = "call back".try_into()?;
            send(&executor, id, AddNote { text }.into()).await?;
        }
        commands += 1 + NOTES;
    }
    Ok(commands)
}

async fn send(executor: &Executor<Orders>, id: Uuid, command: OrderCommand) -> anyhow::Result<()> {
    let context = CommandContext {
        actor: "key_bench".into(),
        identity: CommandIdentity {
            id: clock::new_id(),
            payload_hash: String::new(),
        },
        if_match: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    };
    let command = |_: &Order| ready(Ok(command.clone()));
    executor.execute(&id.to_string(), &context, command).await?;
    Ok(())
}

fn place(id: Uuid) -> OrderCommand {
    let line = |number: u32| NewLine {
        sku: format!("SKU-{number}")
            .try_into()
            .unwrap_or_else(|_| unreachable!()),
        name: "Desk lamp, brass"
            .try_into()
            .unwrap_or_else(|_| unreachable!()),
        quantity: 2,
        unit_price: domain::money::Price::Minor(1_999),
        tax: 0,
        discount: 0,
    };
    let order = NewOrder {
        order_id: id,
        number: "1001".into(),
        platform: "web".try_into().unwrap_or_else(|_| unreachable!()),
        external_id: None,
        currency: "GBP".parse().unwrap_or_else(|_| unreachable!()),
        prices_include_tax: false,
        customer: None,
        lines: (0..3).map(line).collect(),
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
