//! Exports from a replica: from there as a whole, and cut off where its replay
//! cannot wait for them.

use super::super::views::Views;
use anyhow::{Context as _, ensure};
use infra::{local_servers::Server, postgres::pool};
use libtest_mimic::Trial;
use reqwest::{Method, Response};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use tests::{PrivateServers, TestEnv, on_replicated_servers, wait_until, wait_until_within};
use time::OffsetDateTime;

pub fn trials() -> Vec<Trial> {
    vec![on_replicated_servers(
        "read_api::exports::standby::an_export_that_a_standby_cancels_is_cut_off_and_looks_it",
        an_export_that_a_standby_cancels_is_cut_off_and_looks_it,
    )]
}

/// Orders with documents of 200 kB: some 60 MB, more than is buffered anywhere.
const LARGE: i32 = 300;
const EXPORT: &str = "/v1/orders.ndjson";
const SECOND: Duration = Duration::from_secs(1);
/// How long the standby waits for a statement.
const MAY_WAIT: Duration = Duration::from_millis(200);

/// An export holds its snapshot and its locks on the standby. Where they are in the
/// way of what is replayed, the standby waits as long as it may, then cancels the
/// statement.
async fn an_export_that_a_standby_cancels_is_cut_off_and_looks_it(
    env: &TestEnv,
    servers: &PrivateServers,
) -> anyhow::Result<()> {
    let views = Views::with_orders(env, LARGE).await?;
    let grow = "UPDATE orders SET document = json_build_object('id', id, 'padding', repeat('x', 200000))::text";
    views.execute(grow).await?;
    let standby = pool(&env.config.views_read_urls[0], 2)?;
    follows(&views, &standby).await?;
    // Whole, and from there.
    let mut export = exported(&views, &standby).await?;
    let mut whole = Vec::new();
    while let Some(piece) = export.chunk().await? {
        whole.extend(piece);
    }
    let whole = String::from_utf8(whole)?;
    ensure!(whole.lines().count() == usize::try_from(LARGE)? + 1);
    ensure!(
        whole
            .lines()
            .last()
            .is_some_and(|line| line.starts_with("{\"trailer\""))
    );

    let delay = MAY_WAIT.as_millis();
    let alter = format!("ALTER SYSTEM SET max_standby_streaming_delay = '{delay}ms'");
    for setting in [&*alter, "SELECT pg_reload_conf()"] {
        sqlx::query(setting).execute(&standby).await?;
    }
    // Whoever replays knows of it before the next record.
    wait_until("the setting", async || {
        let set = sqlx::query_scalar("SHOW max_standby_streaming_delay");
        let set: String = set.fetch_one(&standby).await?;
        Ok((set == format!("{delay}ms")).then_some(()))
    })
    .await?;
    views.execute("CREATE TABLE a_record ()").await?;
    follows(&views, &standby).await?;
    let mut export = exported(&views, &standby).await?;
    // A lock that the standby has to take as well, as where a build is switched to.
    let lock = "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE; COMMIT";
    sqlx::raw_sql(lock).execute(&views.pool).await?;
    let up_to = written(&views).await?;
    let mut stands: Option<(String, Instant)> = None;
    wait_until("the standby to have waited for too long", async || {
        // It may have been sending at that moment, and is cancelled at once.
        let cancelled = sqlx::query_scalar(
            "SELECT confl_lock > 0 FROM pg_stat_database_conflicts \
              WHERE datname = current_database()",
        );
        if cancelled.fetch_one(&standby).await? {
            return Ok(Some(()));
        }
        let at = sqlx::query_scalar("SELECT pg_last_wal_replay_lsn()::text");
        let at: String = at.fetch_one(&standby).await?;
        let since = match &stands {
            Some((before, since)) if *before == at => *since,
            _ => Instant::now(),
        };
        stands = Some((at, since));
        let waits = !has_replayed(&standby, &up_to).await?;
        Ok((waits && since.elapsed() > 10 * MAY_WAIT).then_some(()))
    })
    .await?;
    // A client that goes on gets what was sent, then a connection that breaks.
    let mut rest = Vec::new();
    let broken = loop {
        match export.chunk().await {
            Ok(Some(piece)) => rest.extend(piece),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let broken = broken.context("it looks whole")?;
    ensure!(broken.is_body() || broken.is_decode(), "{broken:?}");
    ensure!(
        !String::from_utf8_lossy(&rest).contains("{\"trailer\""),
        "a trailer"
    );
    // Where it took the standby so long that the client, which takes nothing, was
    // waited for in vain, that is cut off likewise.
    let outcome = "export=\"orders\",format=\"ndjson\",outcome=";
    wait_until("an export that was cut off", async || {
        let metrics = reqwest::get(format!("{}/metrics", views.role.url()));
        let metrics = metrics.await?.text().await?;
        let mut counts = metrics.lines().filter_map(|line| line.split_once(outcome));
        let counted = counts.any(|(_, count)| {
            ["\"failed\"} ", "\"stalled\"} "]
                .iter()
                .any(|how| count.strip_prefix(how).is_some_and(|n| n != "0"))
        });
        Ok(counted.then_some(()))
    })
    .await?;

    // Whoever comes again gets all of it, from the standby or, without it, from
    // the primary.
    follows(&views, &standby).await?;
    again_whole(&views).await?;
    servers.kill(Server::Standby).await?;
    again_whole(&views).await
}

/// An export whose rows the standby has begun to send, and cannot go on with, as
/// nothing is read: before that it holds no lock. One that another server answers,
/// as the standby is not trusted yet, is given up.
async fn exported(views: &Views, standby: &PgPool) -> anyhow::Result<Response> {
    wait_until("an export from the standby", async || {
        let now = sqlx::query_scalar("SELECT clock_timestamp()");
        let now: OffsetDateTime = now.fetch_one(standby).await?;
        let export = views.api.request(Method::GET, EXPORT).send().await?;
        ensure!(export.status() == 200, "{}", export.status());
        let there = wait_until_within(10 * SECOND, "it to begin somewhere", async || {
            for (pool, is_there) in [(standby, true), (&views.pool, false)] {
                let sends = sqlx::query_scalar(
                    "SELECT EXISTS (SELECT FROM pg_stat_activity \
                      WHERE application_name = 'orderlog export' AND wait_event = 'ClientWrite' \
                        AND query_start >= $1)",
                );
                let sends: bool = sends.bind(now).fetch_one(pool).await?;
                if sends {
                    return Ok(Some(is_there));
                }
            }
            Ok(None)
        });
        Ok(there.await?.then_some(export))
    })
    .await
}

async fn again_whole(views: &Views) -> anyhow::Result<()> {
    let whole = views.api.request(Method::GET, EXPORT).send().await?;
    let whole = whole.text().await?;
    ensure!(whole.lines().count() == usize::try_from(LARGE)? + 1);
    Ok(())
}

/// Waits until the standby has all that the primary has written.
async fn follows(views: &Views, standby: &PgPool) -> anyhow::Result<()> {
    let written = written(views).await?;
    wait_until("the standby to follow", async || {
        Ok(has_replayed(standby, &written).await?.then_some(()))
    })
    .await
}

async fn has_replayed(standby: &PgPool, written: &str) -> anyhow::Result<bool> {
    let replayed = sqlx::query_scalar("SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn");
    Ok(replayed.bind(written).fetch_one(standby).await?)
}

/// Up to where the primary has written.
async fn written(views: &Views) -> anyhow::Result<String> {
    let written = sqlx::query_scalar("SELECT pg_current_wal_lsn()::text");
    Ok(written.fetch_one(&views.pool).await?)
}
