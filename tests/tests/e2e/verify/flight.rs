//! A system at work: what is on its way is no difference.

use super::report;
use crate::{
    chaos::clients::Clients,
    import::{synthetic, system::System},
};
use anyhow::{Result, ensure};
use infra::postgres::pool;
use std::sync::{Arc, Mutex};
use tests::TestEnv;

/// Orders are placed and paid all the time, the projector is started anew, and
/// rows are repaired meanwhile.
pub async fn orders_in_flight_are_no_differences(env: &TestEnv) -> Result<()> {
    let mut system = System::start(env).await?;
    let (text, _) = synthetic::file(40);
    system.import(&system.file(&text)?, &[]).await?;
    let address = vec![system.command_api.url().to_owned()];
    let mut clients = Clients::start(env, Arc::new(Mutex::new(address))).await?;
    clients.are_answered(40).await?;
    let views = pool(&env.config.views_url, 1)?;
    for round in 0..3 {
        let (code, found) = report(env, &[]).await?;
        ensure!(code == 0 && found["differences"] == 0, "{found}");
        let spoiled = sqlx::query(
            "DELETE FROM order_lines WHERE order_id = (SELECT id FROM orders ORDER BY id DESC LIMIT 1)",
        );
        ensure!(spoiled.execute(&views).await?.rows_affected() > 0);
        // Behind by what comes until the next one has its partitions.
        if let Some(projector) = system.projector.take() {
            projector.kill9().await?;
        }
        clients.are_answered(60).await?;
        system.projector = Some(env.role("projector").spawn()?);
        let (code, found) = report(env, &["--repair"]).await?;
        ensure!(code == 0 && found["differences"] == 0, "{round}: {found}");
        let repaired = &found["projections"]["orders"]["repaired"];
        ensure!(*repaired == 1, "{round}: {found}");
    }
    clients.stop().await?;
    let (code, found) = report(env, &[]).await?;
    ensure!(
        code == 0 && found["kafka_records"] == found["log_events"],
        "{found}"
    );
    Ok(())
}
