//! What there is in the end, beside what clients were told.

use crate::{
    chaos::{clients::Told, judge::judge},
    verify::report,
};
use anyhow::{Result, ensure};
use infra::postgres::pool;
use std::time::Duration;
use tests::{TestEnv, wait_until_within};

/// Steps that a killed worker had taken are nobody else's for a minute.
const CONFIRMED: Duration = Duration::from_mins(3);

/// Orders that are placed, and not confirmed by a worker yet.
const OPEN: &str = "SELECT count(*) FILTER (WHERE event_type = 'OrderPlaced') \
                         - count(*) FILTER (WHERE event_type = 'OrderConfirmed') FROM events";

/// Every command that was answered is in the log, once and with the version of the
/// answer; every event is on Kafka, once and in order; views and statistics are
/// what the log says.
pub async fn nothing_is_lost(env: &TestEnv, told: &[Told]) -> Result<()> {
    let log = pool(&env.config.events_url, 1)?;
    wait_until_within(CONFIRMED, "every order to be confirmed", async || {
        let open: i64 = sqlx::query_scalar(OPEN).fetch_one(&log).await?;
        Ok((open == 0).then_some(()))
    })
    .await?;
    let judged = judge(env, told).await?;
    println!("{judged}");
    ensure!(
        judged.is_clean() && judged.answered == told.len() && judged.answered > 0,
        "{judged}"
    );
    let (code, report) = report(env, &["--wait", "60s"]).await?;
    println!(
        "verify: {} events of {} orders, {} differences",
        report["log_events"], report["log_orders"], report["differences"]
    );
    ensure!(code == 0 && report["differences"] == 0, "{report}");
    ensure!(report["log_events"] == report["kafka_records"], "{report}");
    let views = pool(&env.config.views_url, 1)?;
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM parked_orders")
        .fetch_one(&views)
        .await?;
    ensure!(parked == 0, "{parked} parked: nothing was an order's fault");
    Ok(())
}
