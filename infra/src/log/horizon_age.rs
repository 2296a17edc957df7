//! How long the horizon has stood still.

use sqlx::{PgPool, Row as _};
use std::time::{Duration, Instant};

/// How long the same transaction has been the oldest one while newer ones
/// wait behind it. Needs no right to look into other sessions.
#[derive(Debug, Default)]
pub struct HorizonAge(Option<(i64, Instant)>);

impl HorizonAge {
    /// Looks again; its age, as far as it was seen by looks before.
    ///
    /// # Errors
    /// Where the log does not answer.
    pub async fn measure(&mut self, log: &PgPool) -> Result<Duration, sqlx::Error> {
        let row = sqlx::query(
            "SELECT pg_snapshot_xmin(s)::text::bigint AS xmin, \
                    pg_snapshot_xmax(s)::text::bigint AS xmax FROM pg_current_snapshot() s",
        )
        .fetch_one(log)
        .await?;
        Ok(self.observe(row.try_get("xmin")?, row.try_get("xmax")?, Instant::now()))
    }

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
