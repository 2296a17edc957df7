//! Order numbers, handed out in blocks.

use anyhow::{Context as _, Result, ensure};
use futures_util::future::{join_all, try_join_all};
use infra::{command::NumberBlocks, postgres};
use std::collections::HashSet;
use tests::TestEnv;

/// Two processes, two platforms, many at a time, over several blocks.
pub async fn no_number_is_given_twice(env: &TestEnv) -> Result<()> {
    postgres::migrate_all(&env.config).await?;
    let pool = postgres::pool(&env.config.events_url, 8)?;
    let processes = [NumberBlocks::new(pool.clone()), NumberBlocks::new(pool)];
    for platform in ["web", "shop"] {
        let asked = (0..700).map(|n| processes[n % 2].next(platform));
        let given = try_join_all(asked).await?;
        let distinct: HashSet<_> = given.iter().collect();
        ensure!(distinct.len() == 700 && given.iter().min() == Some(&1_001));
    }
    Ok(())
}

/// A block that somebody else is taking keeps nobody waiting whose own block
/// has numbers left, or who has another platform.
pub async fn a_block_is_fetched_before_it_is_needed(env: &TestEnv) -> Result<()> {
    postgres::migrate_all(&env.config).await?;
    let pool = postgres::pool(&env.config.events_url, 8)?;
    let numbers = NumberBlocks::new(pool.clone());
    for platform in ["web", "shop"] {
        numbers.next(platform).await?;
    }
    let mut open = pool.begin().await?;
    sqlx::query("SELECT FROM order_numbers WHERE platform = 'web' FOR UPDATE")
        .execute(&mut *open)
        .await?;
    // The rest of the first block, while the second cannot be had.
    try_join_all((1..100).map(|_| numbers.next("web"))).await?;
    let web = numbers.next("web");
    let shop = join_all((1..80).map(|_| numbers.next("shop")));
    tokio::pin!(web);
    tokio::select! {
        given = &mut web => ensure!(false, "{given:?} although the block is locked"),
        given = shop => ensure!(given.iter().all(Result::is_ok)),
    }
    open.rollback().await?;
    ensure!(web.await.context("a block that is free again")? > 1_100);
    Ok(())
}
