//! Appends of several commands in one INSERT: each is on its own all the same.

use super::scene::{Log, context, place, tag};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::{join_all, try_join_all};
use infra::{clock, config::EventStoreKind, postgres};
use sqlx::PgPool;
use std::time::Duration;
use tests::TestEnv;
use tokio::time::timeout;
use uuid::Uuid;

/// A hundred commands at once take far fewer transactions than a hundred.
pub async fn what_comes_together_is_stored_together(env: &TestEnv) -> Result<()> {
    let log = Log::new(env, EventStoreKind::Grouped).await?;
    let ids: Vec<Uuid> = (0..100).map(|_| clock::new_id()).collect();
    let placed = ids
        .iter()
        .map(async |id| log.send(*id, &context(), &place(*id)).await);
    try_join_all(placed).await?;
    let transactions = "SELECT count(DISTINCT transaction_id) FROM events";
    let transactions: i64 = sqlx::query_scalar(transactions)
        .fetch_one(&log.pool)
        .await?;
    ensure!(
        transactions < 50,
        "{transactions} transactions for 100 commands"
    );
    Ok(())
}

/// Makes the database refuse events of one order.
async fn refuse(pool: &PgPool, id: Uuid) -> Result<()> {
    let sql = format!("ALTER TABLE events ADD CHECK (aggregate_id <> '{id}' OR sequence < 2)");
    sqlx::query(&sql).execute(pool).await?;
    Ok(())
}

/// One command that the database refuses fails none that it was joined with.
pub async fn a_bad_command_fails_no_neighbour(env: &TestEnv) -> Result<()> {
    let log = Log::new(env, EventStoreKind::Grouped).await?;
    let ids = try_join_all((0..20).map(|_| log.placed())).await?;
    refuse(&log.pool, ids[7]).await?;
    let sent = ids
        .iter()
        .map(async |id| log.send(*id, &context(), &tag("a")).await);
    for (id, sent) in ids.iter().zip(join_all(sent).await) {
        ensure!(sent.is_err() == (*id == ids[7]), "{id}: {sent:?}");
    }
    Ok(())
}

/// A stream that somebody else's open transaction has locked keeps only its
/// own commands waiting.
pub async fn a_locked_stream_keeps_no_neighbour_waiting(env: &TestEnv) -> Result<()> {
    let log = Log::new(env, EventStoreKind::Grouped).await?;
    let ids = try_join_all((0..20).map(|_| log.placed())).await?;
    let mut open = postgres::pool(&env.config.events_url, 1)?.begin().await?;
    sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                             payload, metadata) \
         SELECT aggregate_type, aggregate_id, 2, event_type, event_version, payload, '{}' \
           FROM events WHERE aggregate_id = $1",
    )
    .bind(ids[7].to_string())
    .execute(&mut *open)
    .await?;
    let locked = ids[7];
    let waiting = async { log.send(locked, &context(), &tag("a")).await };
    let others = ids.iter().filter(|id| **id != locked);
    let others = try_join_all(others.map(async |id| log.send(*id, &context(), &tag("a")).await));
    let release = async {
        let done = timeout(Duration::from_secs(30), others).await;
        // Only now is the stream free again.
        open.rollback().await?;
        done.context("the others wait for the stream of one")?
            .map_err(anyhow::Error::from)
    };
    let (waited, released) = tokio::join!(waiting, release);
    released?;
    ensure!(waited?.state.version == 2);
    Ok(())
}
