//! Row `append`: durable commands through cqrs-es, in process, beside stock
//! postgres-es under the same executor and beside one-row INSERTs.

use crate::{
    one_row,
    row::Figure,
    workload::{Following, executor, rate},
};
use infra::{
    config::{Config, EventStoreKind},
    postgres,
};
use std::time::Duration;

/// Rounds of each case, and how long each side of a round takes.
const FULL: (usize, Duration) = (3, Duration::from_secs(3));
const QUICK: (usize, Duration) = (1, Duration::from_secs(1));

/// Ours beside both yardsticks at several numbers of clients.
pub async fn measure(config: &Config, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    let (rounds, time) = if quick { QUICK } else { FULL };
    let ours = executor(config, EventStoreKind::Grouped)?;
    let stock = executor(config, EventStoreKind::Stock)?;
    rate(&ours, Following::Labels, 16, time / 2).await?;
    let rows = one_row::Rows::of(config).await?;
    let mut figures = Vec::new();
    for clients in [1, 16, 64, 256] {
        let (mut to_stock, mut to_rows) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let mine = rate(&ours, Following::Labels, clients, time).await?;
            let theirs = rate(&stock, Following::Labels, clients, time).await?;
            let bare = one_row::rate(config, &rows, clients, time).await?;
            to_stock.push((mine, theirs));
            to_rows.push((mine, bare));
        }
        let figure = |yardstick, aim, rounds: &[(f64, f64)]| {
            let case = format!("{clients} clients");
            Figure::of("append", case, "commands/s", yardstick, aim, rounds)
        };
        let aims = match clients {
            1 => (Some(1.0), None),
            64 => (Some(5.0), Some(2.0)),
            _ => (None, None),
        };
        figures.push(figure("postgres-es", aims.0, &to_stock));
        figures.push(figure(one_row::NAME, aims.1, &to_rows));
    }
    let mut personal = Vec::new();
    for _ in 0..rounds {
        let with = rate(&ours, Following::Notes, 64, time).await?;
        let without = rate(&ours, Following::Labels, 64, time).await?;
        personal.push((with, without));
    }
    figures.push(Figure::of(
        "append",
        "64 clients, personal data".into(),
        "commands/s",
        "without",
        None,
        &personal,
    ));
    Ok(figures)
}
