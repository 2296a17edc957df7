//! Some orders only.

use super::report;
use crate::import::{synthetic, system::System};
use anyhow::{Result, ensure};
use infra::postgres::pool;
use serde_json::Value;
use tests::TestEnv;

/// Every order is spoiled, so a sample tells which ones it consists of.
pub async fn a_sample_is_the_same_for_the_same_seed(env: &TestEnv) -> Result<()> {
    let system = System::start(env).await?;
    let (text, shape) = synthetic::file(60);
    system.import(&system.file(&text)?, &[]).await?;
    let orders = shape.invoices - shape.stock_movements;
    let (code, clean) = report(env, &["--sample", "20"]).await?;
    ensure!(code == 0 && clean["log_orders"] == 20, "{clean}");
    ensure!(clean["kafka_records"] == 0, "Kafka was read: {clean}");
    let views = pool(&env.config.views_url, 1)?;
    sqlx::query("UPDATE orders SET total = total + 1")
        .execute(&views)
        .await?;

    let sample = async |args: &[&str]| -> Result<Value> {
        let (code, found) = report(env, args).await?;
        ensure!(code == 1, "{found}");
        ensure!(found["differences"] == found["log_orders"], "{found}");
        Ok(found["examples"].clone())
    };
    let one = sample(&["--sample", "20", "--seed", "7"]).await?;
    ensure!(one.as_array().map(Vec::len) == Some(20), "{one}");
    ensure!(sample(&["--sample", "20", "--seed", "7"]).await? == one);
    ensure!(sample(&["--sample", "20", "--seed", "8"]).await? != one);
    let all = sample(&["--sample", "100%"]).await?;
    ensure!(
        all.as_array().map(|all| all.len() as u64) == Some(orders),
        "{all}"
    );

    let args = ["--sample", "20", "--seed", "7", "--repair"];
    let (code, repaired) = report(env, &args).await?;
    let of = &repaired["projections"]["orders"];
    ensure!(
        code == 0 && of["repaired"] == 20 && of["rows"] == 0,
        "{repaired}"
    );
    let (code, whole) = report(env, &[]).await?;
    let of = &whole["projections"]["orders"];
    ensure!(code == 1 && of["rows"] == orders - 20, "{whole}");
    Ok(())
}
