//! How far the relay is behind, and how long the horizon has stood still.

use super::status::{HORIZON_AGE, RelayState, StatusSender, export_lag};
use contracts::LogPosition;
use metrics::gauge;
use sqlx::{PgPool, Row as _};
use std::time::{Duration, Instant};

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
    let row = sqlx::query(
        "SELECT pg_snapshot_xmin(s)::text::bigint AS xmin, \
                pg_snapshot_xmax(s)::text::bigint AS xmax FROM pg_current_snapshot() s",
    )
    .fetch_one(log)
    .await?;
    let age = horizon.observe(row.try_get("xmin")?, row.try_get("xmax")?, Instant::now());
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

/// (events, seconds) between `at` and the end of the log, not final events
/// included. Positions are given out before appends commit or fail, so their
/// difference is an estimate.
async fn behind(log: &PgPool, at: LogPosition) -> Result<(f64, f64), sqlx::Error> {
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

/// How long the same transaction has been the oldest one while newer ones
/// wait behind it. Needs no right to look into other sessions.
#[derive(Debug, Default)]
pub struct HorizonAge(Option<(i64, Instant)>);

impl HorizonAge {
    fn observe(&mut self, xmin: i64, xmax: i64, now: Instant) -> Duration {
        let since = match self.0 {
            Some((same, since)) if same == xmin && xmax > xmin => since,
            _ => now,
        };
        self.0 = Some((xmin, since));
        now.duration_since(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_horizon_ages_only_while_something_waits_behind_it() {
        let mut horizon = HorizonAge::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(horizon.observe(5, 5, at(0)).as_secs(), 0);
        assert_eq!(
            horizon.observe(5, 5, at(9)).as_secs(),
            0,
            "nothing is going on"
        );
        assert_eq!(horizon.observe(5, 8, at(10)).as_secs(), 1);
        assert_eq!(horizon.observe(5, 9, at(12)).as_secs(), 3);
        assert_eq!(horizon.observe(9, 11, at(13)).as_secs(), 0, "it moved");
    }
}
