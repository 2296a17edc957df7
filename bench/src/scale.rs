//! Row `scale`: what the size of the log costs an append.

use crate::{
    backlog,
    row::Figure,
    workload::{Following, executor, rate},
};
use infra::{
    config::{Config, EventStoreKind},
    postgres,
};
use sqlx::{PgPool, Row as _};
use std::{env, time::Duration};

/// Append rate at growing sizes, up to `ORDERLOG_BENCH_LARGEST` events, beside
/// that at the smallest one.
pub async fn measure(config: &Config, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let config = &Config {
        events_url: format!("{}_scale", config.events_url),
        ..config.clone()
    };
    postgres::migrate_all(config).await?;
    let pool = postgres::pool(&config.events_url, 1)?;
    let sizes: &[i64] = if quick {
        &[1_000, 10_000]
    } else {
        &[10_000, 100_000, 1_000_000, 10_000_000]
    };
    let largest = env::var("ORDERLOG_BENCH_LARGEST").map_or(Ok(i64::MAX), |n| n.parse())?;
    let sizes = sizes.iter().filter(|size| **size <= largest);
    let time = Duration::from_secs(if quick { 1 } else { 6 });
    let executor = executor(config, EventStoreKind::Grouped)?;
    let (mut figures, mut smallest) = (Vec::new(), None);
    for size in sizes {
        let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM events")
            .fetch_one(&pool)
            .await?;
        backlog::append(config, size - stored).await?;
        for statement in ["VACUUM ANALYZE events", "CHECKPOINT"] {
            sqlx::query(statement).execute(&pool).await?;
        }
        let mut rates = Vec::new();
        for _ in 0..3 {
            rates.push(rate(&executor, Following::Labels, 64, time / 3).await?);
        }
        let smallest = smallest.get_or_insert_with(|| rates.clone());
        let rounds: Vec<(f64, f64)> = rates.into_iter().zip(smallest.iter().copied()).collect();
        let case = format!("append at {size} events ({})", sizes_of(&pool).await?);
        figures.push(Figure::of(
            "scale",
            case,
            "commands/s",
            "at the smallest",
            None,
            &rounds,
        ));
    }
    Ok(figures)
}

/// Table and indexes, in MB.
async fn sizes_of(pool: &PgPool) -> anyhow::Result<String> {
    let row = sqlx::query(
        "SELECT pg_table_size('events') / 1000000 AS heap, \
                pg_relation_size('events_pkey') / 1000000 AS key, \
                pg_relation_size('events_log_order') / 1000000 AS log_order, \
                pg_relation_size('events_command') / 1000000 AS command",
    )
    .fetch_one(pool)
    .await?;
    let mb = |column| row.try_get::<i64, _>(column);
    Ok(format!(
        "table {} MB, key {}, log order {}, command {}",
        mb("heap")?,
        mb("key")?,
        mb("log_order")?,
        mb("command")?
    ))
}
