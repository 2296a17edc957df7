//! How far the relay is behind, and how long the horizon has stood still.

use super::status::{HORIZON_AGE, RelayState, StatusSender, export_lag};
use crate::log::HorizonAge;
use contracts::LogPosition;
use metrics::gauge;
use sqlx::{PgPool, Row as _};
use std::time::Duration;

const EACH: Duration = Duration::from_secs(2);

/// Measures until it is dropped. Both look-ups are single steps in the index.
pub async fn watch(log: PgPool, status: StatusSender) {
    let mut horizon = HorizonAge::default();
    loop {
        tokio::time::sleep(EACH).await;
        if let Err(error) = measure(&log, &status, &mut horizon).await {
            tracing::debug!(error = %error, "relay.lag_unknown");
        }
    }
}

async fn measure(
    log: &PgPool,
    status: &StatusSender,
    horizon: &mut HorizonAge,
) -> Result<(), sqlx::Error> {
    let age = horizon.measure(log).await?;
    gauge!(HORIZON_AGE).set(age.as_secs_f64());
    let now = status.now();
    match (now.state, now.position) {
        // Only the leader knows; what it leaves behind must not go on rising.
        (RelayState::Standby | RelayState::Starting, _) | (_, None) => export_lag(0.0, 0.0),
        (_, Some(at)) => {
            let (events, seconds) = behind(log, at).await?;
            export_lag(events, seconds);
        }
    }
    Ok(())
}

/// (events, seconds) between what was published last and the end of the log, not
/// final events included. Positions are given out before appends commit or fail, so
/// their difference is an estimate.
///
/// # Errors
/// Where the log does not answer.
pub async fn behind(log: &PgPool, at: LogPosition) -> Result<(f64, f64), sqlx::Error> {
    let row = sqlx::query(
        "SELECT coalesce((SELECT position FROM events \
                  ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1) - $3, 0) \
                  ::float8 AS events, \
                coalesce((SELECT extract(epoch FROM clock_timestamp() - recorded_at) FROM events \
                  WHERE (epoch, transaction_id, position) > ($1, $2::text::xid8, $3) \
                  ORDER BY epoch, transaction_id, position LIMIT 1), 0)::float8 AS seconds",
    )
    .bind(at.epoch)
    .bind(at.xid.to_string())
    .bind(at.position)
    .fetch_one(log)
    .await?;
    let (events, seconds): (f64, f64) = (row.try_get("events")?, row.try_get("seconds")?);
    // The last event by log order need not have the greatest position.
    let events = if seconds > 0.0 { events.max(1.0) } else { 0.0 };
    Ok((events, seconds.max(0.0)))
}
