//! Statements that take long: told in the log, and cut off.

use super::views::Views;
use anyhow::ensure;
use sqlx::{Connection as _, PgConnection};
use tests::{TestEnv, wait_until};

super::suite![
    a_slow_statement_is_logged_as_it_was_written_without_its_values,
    what_takes_too_long_is_503_and_says_so,
    whoever_counts_leaves_connections_to_others,
];

/// Nobody reads the orders as long as the session lives.
async fn locked(env: &TestEnv) -> anyhow::Result<PgConnection> {
    let mut session = PgConnection::connect(&env.config.views_url).await?;
    sqlx::raw_sql("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        .execute(&mut session)
        .await?;
    Ok(session)
}

async fn a_slow_statement_is_logged_as_it_was_written_without_its_values(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let mut views = Views::start_told(env, |config| config.slow_statement_ms = 200).await?;
    views.add_orders(1, 2).await?;
    let session = locked(env).await?;
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND wait_event_type = 'Lock' AND now() - query_start > interval '400 milliseconds'";
    let let_go = async {
        wait_until("the list to wait long enough", async || {
            let waiting: i64 = sqlx::query_scalar(waits).fetch_one(&views.pool).await?;
            Ok((waiting > 0).then_some(()))
        })
        .await?;
        session.close().await?;
        anyhow::Ok(())
    };
    let (list, gone) = tokio::join!(views.api.get("/v1/orders?customer=somebody"), let_go);
    gone?;
    list?.expect(200)?;
    // A busy machine may have had others.
    let line = views.role.log_line("customer_id").await?;
    for part in [
        "WARN",
        "slow statement",
        "sqlx::query",
        "customer_id",
        "$1",
        "rows_returned=0",
        "elapsed",
    ] {
        ensure!(line.contains(part), "{part}: {line}");
    }
    ensure!(!line.contains("somebody"), "{line}");
    let metrics = reqwest::get(format!("{}/metrics", views.role.url())).await?;
    let metrics = metrics.text().await?;
    ensure!(
        metrics.contains("orderlog_slow_statement_seconds_count"),
        "{metrics}"
    );
    Ok(())
}

async fn what_takes_too_long_is_503_and_says_so(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start_told(env, |config| config.views_statement_timeout_ms = 300).await?;
    let session = locked(env).await?;
    for path in [
        "/v1/orders",
        "/v1/orders?count=exact&q=lamp",
        "/v1/statistics/orders?tag=gift",
        "/v1/statistics/funnel?time_zone=Asia/Tokyo",
    ] {
        let late = views.api.get(path).await?;
        let late = late.expect_problem(503, "took_too_long")?;
        ensure!(late.header("retry-after") == "5");
        ensure!(
            !late.json.to_string().contains("statement"),
            "{}",
            late.json
        );
    }
    session.close().await?;
    views.api.get("/v1/orders").await?.expect(200)?;
    Ok(())
}

async fn whoever_counts_leaves_connections_to_others(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start_told(env, |config| {
        config.views_pool_size = 4;
        config.views_acquire_timeout_ms = 300;
    })
    .await?;
    views.add_orders(1, 20).await?;
    let session = locked(env).await?;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND wait_event_type = 'Lock'";
    let others = async {
        wait_until("one who counts", async || {
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&views.pool).await?;
            Ok((waiting == 1).then_some(()))
        })
        .await?;
        for path in ["orders?tag=b", "products?time_zone=Asia/Tokyo"] {
            let refused = views.api.get(&format!("/v1/statistics/{path}")).await?;
            let refused = refused.expect_problem(503, "unavailable")?;
            ensure!(!refused.header("retry-after").is_empty());
        }
        // Three connections are left.
        views.api.get("/v1/admin/projections").await?.expect(200)?;
        session.close().await?;
        anyhow::Ok(())
    };
    let (counted, others) = tokio::join!(views.api.get("/v1/statistics/products?tag=gift"), others);
    others?;
    counted?.expect(200)?;
    let next = views.api.get("/v1/statistics/products?tag=b").await?;
    next.expect(200)?;
    Ok(())
}
