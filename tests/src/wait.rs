//! Waiting for a signal instead of for a time.

use anyhow::bail;
use std::time::{Duration, Instant};

/// How long a test waits for anything unless it says otherwise: far longer
/// than it takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_mins(1);
/// How often the condition is looked at.
const INTERVAL: Duration = Duration::from_millis(20);

/// Asks until there is an answer, at most [`DEADLINE`] long. `what` completes
/// "waited … for"; an error of the condition ends the wait at once.
pub async fn wait_until<T>(
    what: &str,
    condition: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    wait_until_within(DEADLINE, what, condition).await
}

/// [`wait_until`] with another deadline.
pub async fn wait_until_within<T>(
    deadline: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        if let Some(answer) = condition().await? {
            return Ok(answer);
        }
        if began.elapsed() > deadline {
            bail!("waited {} s for {what}", deadline.as_secs());
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
