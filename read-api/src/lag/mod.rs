//! How far the views are behind the log, told with every answer.

mod store;

pub use store::frontier;

use crate::background::Background;
use actix_web::http::header::{HeaderName, HeaderValue};
use contracts::{LogPosition, partition::partition_of, topics::ORDER_EVENTS_PARTITIONS};
use infra::clock;
use sqlx::PgPool;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use store::Newest;
use time::OffsetDateTime;
use tokio::sync::watch;

/// A structured dictionary (RFC 9651): `events=12, seconds=0.8`, that is how
/// many events of orders are in the log and not in the views, and how long ago
/// the first of them was recorded; `unknown` while the log cannot be asked.
/// Measured once a second; above 500 events their number is an estimate.
pub const HEADER: HeaderName = HeaderName::from_static("orderlog-lag");

const UNKNOWN: HeaderValue = HeaderValue::from_static("unknown");
/// How often it is measured.
const PERIOD: Duration = Duration::from_secs(1);
/// After how long a measurement says nothing any more.
const OUTDATED: Duration = Duration::from_secs(5);

/// Up to where each partition is in the views.
pub type Frontier = HashMap<i32, LogPosition>;

/// Measures the lag; cheap to ask.
#[derive(Clone)]
pub struct LagMonitor(watch::Receiver<Option<Measured>>);

#[derive(Debug, Clone)]
struct Measured {
    at: Instant,
    header: HeaderValue,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Lag {
    events: u64,
    since: Option<OffsetDateTime>,
}

impl LagMonitor {
    /// Starts measuring.
    pub fn start(events: PgPool, views: PgPool, background: &Background<'_>) -> Self {
        let (tell, told) = watch::channel(None);
        background.spawn("lag monitor", async move {
            keep_measuring(&events, &views, &tell).await;
        });
        Self(told)
    }

    /// The value of [`HEADER`] now.
    pub fn header(&self) -> HeaderValue {
        let measured = self.0.borrow();
        match &*measured {
            Some(measured) if measured.at.elapsed() < OUTDATED => measured.header.clone(),
            _ => UNKNOWN,
        }
    }
}

async fn keep_measuring(events: &PgPool, views: &PgPool, tell: &watch::Sender<Option<Measured>>) {
    let mut failing = false;
    loop {
        let at = Instant::now();
        match measure(events, views).await {
            Ok(lag) => {
                failing = false;
                let seconds = lag.seconds(clock::now());
                #[expect(clippy::cast_precision_loss, reason = "a gauge")]
                metrics::gauge!("orderlog_read_lag_events").set(lag.events as f64);
                metrics::gauge!("orderlog_read_lag_seconds").set(seconds);
                let header = format!("events={}, seconds={seconds:.3}", lag.events);
                let header = HeaderValue::try_from(header).unwrap_or(UNKNOWN);
                tell.send_replace(Some(Measured { at, header }));
            }
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "lag.unknown");
            }
            Err(_) => {}
        }
        tokio::time::sleep(PERIOD.saturating_sub(at.elapsed())).await;
    }
}

async fn measure(events: &PgPool, views: &PgPool) -> Result<Lag, sqlx::Error> {
    // The log first: an event that arrives in between is not counted.
    let newest = store::newest(events).await?;
    let frontier = store::frontier(views).await?;
    let pending = pending(&newest, &frontier);
    let whole_window = newest.len() == store::WINDOW && pending.events == store::WINDOW as u64;
    let Some(newest) = newest.first().filter(|_| whole_window) else {
        return Ok(pending);
    };
    // More than was looked at: estimate from where the foremost partition is.
    let foremost = frontier.values().max().copied().unwrap_or_default();
    let since = store::recorded_after(events, foremost).await?;
    let between = if foremost.epoch == newest.at.epoch {
        newest.at.position.saturating_sub(foremost.position)
    } else {
        newest.at.position
    };
    Ok(Lag {
        events: pending.events.max(between.try_into().unwrap_or_default()),
        since: since.or(pending.since),
    })
}

/// What of the newest events is not in the views.
fn pending(newest: &[Newest], frontier: &Frontier) -> Lag {
    let mut lag = Lag {
        events: 0,
        since: None,
    };
    for event in newest {
        let partition = partition_of(event.order_id.as_bytes(), ORDER_EVENTS_PARTITIONS);
        let reached = frontier.get(&partition).copied().unwrap_or_default();
        if event.at > reached {
            lag.events += 1;
            lag.since = Some(
                lag.since
                    .map_or(event.recorded_at, |s| s.min(event.recorded_at)),
            );
        }
    }
    lag
}

impl Lag {
    fn seconds(self, now: OffsetDateTime) -> f64 {
        // The database's clock may be ahead of ours.
        self.since
            .map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn event(order_id: &str, position: i64, recorded_at: OffsetDateTime) -> Newest {
        let at = LogPosition {
            epoch: 1,
            xid: 10,
            position,
        };
        Newest {
            order_id: order_id.into(),
            at,
            recorded_at,
        }
    }

    #[test]
    fn events_past_their_own_partitions_frontier_are_counted() {
        let (early, late) = (
            datetime!(2026-01-01 10:00 UTC),
            datetime!(2026-01-01 10:01 UTC),
        );
        let newest = [
            event("a", 9, late),
            event("a", 8, early),
            event("a", 7, early),
        ];
        let partition = partition_of(b"a", ORDER_EVENTS_PARTITIONS);
        let reached = newest[2].at;
        let lag = pending(&newest, &Frontier::from([(partition, reached)]));
        assert_eq!((lag.events, lag.since), (2, Some(early)));
        assert!((lag.seconds(late) - 60.0).abs() < 1e-9);
        assert_eq!(pending(&newest, &Frontier::new()).events, 3);
        let all = Frontier::from([(partition, newest[0].at)]);
        assert!(pending(&newest, &all).seconds(late) < 1e-9);
    }
}
