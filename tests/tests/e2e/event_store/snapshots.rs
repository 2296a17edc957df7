//! Long orders: a command on one loads its snapshot and what came after it.

use super::scene::{Log, context, note, tag, untag};
use anyhow::{Context as _, Result, ensure};
use infra::{
    command::{ExecuteError, Outcome},
    config::EventStoreKind,
};
use sqlx::PgPool;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

const EVENTS: i64 = 10_000;

/// Events 3 to [`EVENTS`] of an order that has two, a label that comes and
/// goes; written by the server, as 10,000 commands would.
const LENGTHEN: &str = "INSERT INTO events \
       (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
     SELECT aggregate_type, aggregate_id, n, \
            CASE WHEN n % 2 = 0 THEN 'Tagged' ELSE 'Untagged' END, '1', \
            CASE WHEN n % 2 = 0 THEN '{\"Tagged\":{\"tag\":\"a\"}}' \
                                ELSE '{\"Untagged\":{\"tag\":\"a\"}}' END::json, \
            json_build_object('actor', 'key_test', 'after', \
                jsonb_set((metadata ->> 'after')::jsonb, '{version}', to_jsonb(n))::text) \
       FROM events, generate_series(3, $2::bigint) n \
      WHERE aggregate_id = $1 AND sequence = 2 ORDER BY n";

/// An order with that many events.
async fn long_order(log: &Log) -> Result<Uuid> {
    let id = log.placed().await?;
    log.send(id, &context(), &tag("a")).await?;
    let done = sqlx::query(LENGTHEN)
        .bind(id.to_string())
        .bind(EVENTS)
        .execute(&log.pool)
        .await?;
    ensure!(done.rows_affected() == u64::try_from(EVENTS - 2)?);
    Ok(id)
}

/// Waits for the snapshot of at least this version.
async fn kept(pool: &PgPool, id: Uuid, version: i64) -> Result<()> {
    wait_until("the snapshot", async || {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT version FROM aggregate_snapshots WHERE aggregate_id = $1 AND version >= $2",
        )
        .bind(id.to_string())
        .bind(version)
        .fetch_optional(pool)
        .await?;
        Ok(found.map(|_| ()))
    })
    .await
}

async fn execute(pool: &PgPool, sql: &str, id: Uuid) -> Result<()> {
    let done = sqlx::query(sql).bind(id.to_string()).execute(pool).await?;
    ensure!(done.rows_affected() == 1, "{} rows", done.rows_affected());
    Ok(())
}

const DAMAGE: &str = "UPDATE events SET payload = '{}' WHERE aggregate_id = $1 AND sequence = 5000";
const MEND: &str = "UPDATE events SET payload = '{\"Tagged\":{\"tag\":\"a\"}}' \
    WHERE aggregate_id = $1 AND sequence = 5000";

/// The events before the snapshot are not read any more: one of them that
/// cannot be read is not noticed. Without the snapshot it is.
pub async fn what_came_before_a_snapshot_is_not_loaded(
    env: &TestEnv,
    kind: EventStoreKind,
) -> Result<()> {
    let log = Log::new(env, kind).await?;
    let id = long_order(&log).await?;
    let whole = Log::another(env, kind)?
        .send(id, &context(), &note())
        .await?;
    ensure!(whole.state.version == EVENTS + 1, "{whole:?}");
    kept(&log.pool, id, EVENTS).await?;
    execute(&log.pool, DAMAGE, id).await?;
    let short = Log::another(env, kind)?
        .send(id, &context(), &untag("a"))
        .await?;
    ensure!(short.state.version == EVENTS + 2, "{short:?}");
    for useless in [
        "UPDATE aggregate_snapshots SET schema_version = 0 WHERE aggregate_id = $1",
        "UPDATE aggregate_snapshots SET schema_version = 1, state = '{}' WHERE aggregate_id = $1",
        "DELETE FROM aggregate_snapshots WHERE aggregate_id = $1",
    ] {
        execute(&log.pool, useless, id).await?;
        let noticed = Log::another(env, kind)?
            .send(id, &context(), &tag("b"))
            .await;
        ensure!(
            matches!(noticed, Err(ExecuteError::Broken(_))),
            "{useless}: {noticed:?}"
        );
    }
    execute(&log.pool, MEND, id).await?;
    let mended = Log::another(env, kind)?
        .send(id, &context(), &tag("b"))
        .await?;
    let view = mended.state.view.as_ref().context("no document")?;
    ensure!(
        view.tags == ["b"] && view.version == EVENTS + 3,
        "{mended:?}"
    );
    Ok(())
}

/// From a snapshot and from the first event on, the same comes of it.
pub async fn a_snapshot_and_all_events_lead_to_the_same(
    env: &TestEnv,
    kind: EventStoreKind,
) -> Result<()> {
    let log = Log::new(env, kind).await?;
    let id = long_order(&log).await?;
    log.send(id, &context(), &note()).await?;
    kept(&log.pool, id, EVENTS).await?;
    let once = context();
    let with = Log::another(env, kind)?.send(id, &once, &note()).await?;
    let delete = "DELETE FROM aggregate_snapshots WHERE aggregate_id = $1";
    execute(&log.pool, delete, id).await?;
    let without = Log::another(env, kind)?.send(id, &once, &note()).await?;
    ensure!(without.replayed, "{without:?}");
    ensure!(with.state.view == without.state.view);
    ensure!(with.state.aggregate == without.state.aggregate);
    Ok(())
}

/// A repeat of what came before the snapshot gets the state as of then.
pub async fn a_snapshot_does_not_know_too_much(env: &TestEnv, kind: EventStoreKind) -> Result<()> {
    let log = Log::new(env, kind).await?;
    let id = log.placed().await?;
    let once = context();
    let first: Outcome<_> = log.send(id, &once, &tag("first")).await?;
    for round in 0..60 {
        log.send(id, &context(), &tag(&format!("t{}", round % 7)))
            .await?;
        log.send(id, &context(), &untag(&format!("t{}", round % 7)))
            .await?;
    }
    kept(&log.pool, id, 100).await?;
    for process in [&log, &Log::another(env, kind)?] {
        let repeat = process.send(id, &once, &tag("first")).await?;
        ensure!(repeat.replayed && repeat.state.version == 2, "{repeat:?}");
        ensure!(repeat.state.view == first.state.view);
    }
    Ok(())
}

/// Personal data in a snapshot is ciphertext, and gone with its key.
pub async fn a_snapshot_is_sealed_and_erased_with_its_events(env: &TestEnv) -> Result<()> {
    let kind = EventStoreKind::Grouped;
    let log = Log::new(env, kind).await?;
    let id = log.placed().await?;
    log.send(id, &context(), &note()).await?;
    for _ in 0..55 {
        log.send(id, &context(), &tag("t")).await?;
        log.send(id, &context(), &untag("t")).await?;
    }
    kept(&log.pool, id, 100).await?;
    let stored: String = sqlx::query_scalar("SELECT state FROM aggregate_snapshots")
        .fetch_one(&log.pool)
        .await?;
    ensure!(
        !stored.contains("call back") && !stored.contains("1001"),
        "{stored}"
    );
    let texts = |outcome: &Outcome<command_api::Orders>| {
        let view = outcome.state.view.clone().expect("a document");
        view.notes
            .into_iter()
            .map(|note| note.text)
            .collect::<Vec<_>>()
    };
    let before = Log::another(env, kind)?
        .send(id, &context(), &tag("u"))
        .await?;
    ensure!(texts(&before) == ["call back"], "{before:?}");
    let ops = infra::postgres::pool(&env.config.ops_url, 1)?;
    sqlx::query("DELETE FROM subject_keys")
        .execute(&ops)
        .await?;
    let after = Log::another(env, kind)?
        .send(id, &context(), &tag("v"))
        .await?;
    ensure!(texts(&after) != ["call back"], "{after:?}");
    // Also the process that has the order in memory forgets it, within seconds.
    wait_until("the other process to forget", async || {
        log.send(id, &context(), &tag("t")).await?;
        let now = log.send(id, &context(), &untag("t")).await?;
        Ok((texts(&now) != ["call back"]).then_some(()))
    })
    .await
}
