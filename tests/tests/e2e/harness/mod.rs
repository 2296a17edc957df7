//! The harness itself.

use anyhow::ensure;
use infra::{config::Config, postgres::pool};
use libtest_mimic::Trial;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tests::{TestEnv, wait_until, wait_until_within};

pub fn trials() -> Vec<Trial> {
    vec![
        tests::on_servers(
            "harness::a_test_has_databases_of_its_own",
            a_test_has_databases_of_its_own,
        ),
        tests::alone("harness::a_wait_ends_with_its_answer", a_wait_ends),
    ]
}

async fn a_test_has_databases_of_its_own(env: &TestEnv) -> anyhow::Result<()> {
    let shared = Config::default();
    ensure!(env.config.kafka_prefix != shared.kafka_prefix);
    ensure!(env.config.redis_prefix != shared.redis_prefix);
    for url in [
        &env.config.events_url,
        &env.config.views_url,
        &env.config.ops_url,
    ] {
        let database = pool(url, 1)?;
        let tables = sqlx::query("SELECT FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&database)
            .await?;
        ensure!(tables.is_empty());
        database.close().await;
    }
    Ok(())
}

async fn a_wait_ends() -> anyhow::Result<()> {
    let asked = AtomicU32::new(0);
    let answer = wait_until("three questions", async || {
        let count = asked.fetch_add(1, Ordering::Relaxed) + 1;
        Ok((count == 3).then_some(count))
    });
    ensure!(answer.await? == 3);

    let never = wait_until_within(Duration::ZERO, "what never comes", async || Ok(None::<()>));
    let error = never.await.err().map(|error| error.to_string());
    ensure!(error.is_some_and(|error| error.contains("what never comes")));

    let broken = wait_until("an error", async || anyhow::bail!("broken"));
    let error: anyhow::Result<()> = broken.await;
    ensure!(error.is_err_and(|error| error.to_string() == "broken"));
    Ok(())
}
