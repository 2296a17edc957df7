//! Row `sealing`: what it costs an append that its order has personal data, of
//! customers who have a key already, and of customers who get one: the workload of
//! `append`, whose orders then have a customer, beside itself without.

use crate::{
    row::Figure,
    workload::{FOLLOWING, Following, executor, follow, per_second, place},
};
use command_api::Orders;
use contracts::order::Customer;
use futures_util::future::try_join_all;
use infra::{
    clock,
    command::Executor,
    config::{Config, EventStoreKind},
    postgres,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Clients.
const CLIENTS: u64 = 64;
/// Customers of each of them that have a key.
const KNOWN: u64 = 16;

/// Whose orders are placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Nobody's.
    Nobody,
    /// The same customers' again and again.
    Known,
    /// Another customer's each time.
    New,
}

/// Measures both kinds of customers beside none.
pub async fn measure(config: &Config, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    let rounds = if quick { 1 } else { 3 };
    let time = Duration::from_secs(if quick { 1 } else { 3 });
    let executor = executor(config, EventStoreKind::Grouped)?;
    // Now they have their keys.
    rate(&executor, Of::Known, time / 2).await?;
    let (mut known, mut new) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let without = rate(&executor, Of::Nobody, time).await?;
        known.push((rate(&executor, Of::Known, time).await?, without));
        new.push((rate(&executor, Of::New, time).await?, without));
    }
    let figure = |what, least, rounds: &[_]| {
        let case = format!("{CLIENTS} clients, {what}");
        let aim = Some(least);
        Figure::of(
            "sealing",
            case,
            "commands/s",
            "no personal data",
            aim,
            rounds,
        )
    };
    Ok(vec![
        figure("known customers", 0.9, &known),
        figure("new customers every time", 0.8, &new),
    ])
}

/// Commands a second.
async fn rate(executor: &Arc<Executor<Orders>>, of: Of, time: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
    let clients = (0..CLIENTS).map(|number| {
        let executor = Arc::clone(executor);
        tokio::spawn(async move {
            let (mut orders, mut commands) = (0, 0);
            while began.elapsed() < time {
                let id = clock::new_id();
                let customer = match of {
                    Of::Nobody => None,
                    Of::Known => Some(format!("known-{number}-{}", orders % KNOWN)),
                    Of::New => Some(id.to_string()),
                };
                place(&executor, id, customer.map(customer_of)).await?;
                for n in 1..=FOLLOWING {
                    follow(&executor, id, n, Following::Labels).await?;
                }
                orders += 1;
                commands += 1 + FOLLOWING;
            }
            anyhow::Ok(commands)
        })
    });
    let commands = try_join_all(clients).await?;
    let commands: u64 = commands.into_iter().sum::<anyhow::Result<u64>>()?;
    Ok(per_second(commands, began.elapsed()))
}

fn customer_of(id: String) -> Customer {
    Customer {
        id: Some(id),
        name: Some("Ada Example".to_owned()),
        email: Some("ada@example.com".to_owned()),
    }
}
