//! The horizon of a comparison: everything that is stored when it begins.

use super::{error::VerifyError, store};
use infra::log::{Horizon, LogReader};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long transactions that are under way may hold the horizon back.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const POLL: Duration = Duration::from_millis(50);
/// Covers every event there is.
const EVERYTHING: Horizon = Horizon {
    epoch: i32::MAX,
    xid: u64::MAX,
};

/// A horizon that covers what is stored now. Somebody's open transaction may
/// hold it back for a moment, and orders beyond it would not be compared.
pub(super) async fn take(log: &PgPool) -> Result<Horizon, VerifyError> {
    let newest = store::last_event(log, EVERYTHING).await;
    let newest = newest.map_err(VerifyError::Log)?;
    let (reader, began) = (LogReader::new(log.clone()), Instant::now());
    loop {
        let horizon = reader.horizon().await.map_err(VerifyError::Log)?;
        if newest.is_none_or(|at| horizon.covers(at)) {
            return Ok(horizon);
        }
        if began.elapsed() >= PATIENCE {
            return Err(VerifyError::HorizonHeld { waited: PATIENCE });
        }
        sleep(POLL).await;
    }
}
