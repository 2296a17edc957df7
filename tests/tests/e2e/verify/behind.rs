//! Roles that do not come to the end: the comparison says which one.

use crate::import::{synthetic, system::System};
use anyhow::{Context as _, ensure};
use tests::TestEnv;

pub async fn what_is_behind_is_named(env: &TestEnv) -> anyhow::Result<()> {
    let mut system = System::start(env).await?;
    let orders = import(&system, 20).await?;
    // From here on every role has begun: it can only be behind.
    system.verify_clean(orders).await?;

    let projector = system.projector.take().context("a projector")?;
    projector.kill9().await?;
    import(&system, 40).await?;
    behind(env, "5s", "the projector").await?;

    let relay = system.relay.take().context("a relay")?;
    relay.kill9().await?;
    let orders = import(&system, 80).await?;
    behind(env, "1s", "the relay").await?;

    system.relay = Some(env.role("relay").spawn()?);
    system.projector = Some(env.role("projector").spawn()?);
    system.verify_clean(orders).await
}

/// Imports a file of so many invoices; how many orders there are then.
async fn import(system: &System<'_>, invoices: u64) -> anyhow::Result<u64> {
    let (text, shape) = synthetic::file(invoices);
    system.import(&system.file(&text)?, &[]).await?;
    Ok(shape.invoices - shape.stock_movements)
}

async fn behind(env: &TestEnv, wait: &str, who: &str) -> anyhow::Result<()> {
    let output = env.orderlog(&["verify", "--wait", wait]).await?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "{}", output.status);
    ensure!(
        error.contains("behind") && error.contains(&format!("is {who} running?")),
        "{error}"
    );
    Ok(())
}
