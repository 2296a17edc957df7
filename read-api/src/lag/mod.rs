//! How far the views are behind the log: told with every answer, as metrics,
//! and to operators in full. Asked of the log and of the stored checkpoints,
//! so that it is known whether or not a projector runs.

mod behind;
mod measure;
mod store;

pub use behind::Behind;
pub use measure::{Measured, ProjectionLag};
pub use store::{Build, Checkpoint, builds, checkpoints, frontier};

use crate::background::Background;
use actix_web::http::header::{HeaderName, HeaderValue};
use contracts::LogPosition;
use infra::{clock, views};
use measure::Meter;
use sqlx::PgPool;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// A structured dictionary (RFC 9651): `events=12, seconds=0.8`, that is how
/// many events of orders are in the log and not in the views, and how long ago
/// the first of them was recorded; `unknown` while the log cannot be asked.
/// Measured once a second; above some thousand events their number is an
/// estimate.
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
pub struct LagMonitor(watch::Receiver<Option<Told>>);

#[derive(Debug, Clone)]
struct Told {
    at: Instant,
    header: HeaderValue,
    measured: Arc<Measured>,
}

impl LagMonitor {
    /// Starts measuring.
    pub fn start(events: PgPool, views: PgPool, background: &Background<'_>) -> Self {
        let (tell, told) = watch::channel(None);
        let meter = Meter::new(events, views);
        background.spawn("lag monitor", keep_measuring(meter, tell));
        Self(told)
    }

    /// The value of [`HEADER`] now.
    pub fn header(&self) -> HeaderValue {
        let told = self.0.borrow();
        let told = told.as_ref().filter(|told| told.is_current());
        told.map_or(UNKNOWN, |told| told.header.clone())
    }

    /// What was measured last; none while the log cannot be asked.
    pub fn measured(&self) -> Option<Arc<Measured>> {
        let told = self.0.borrow();
        let told = told.as_ref().filter(|told| told.is_current());
        told.map(|told| Arc::clone(&told.measured))
    }
}

impl Told {
    fn is_current(&self) -> bool {
        self.at.elapsed() < OUTDATED
    }
}

async fn keep_measuring(mut meter: Meter, tell: watch::Sender<Option<Told>>) {
    let mut failing = false;
    loop {
        let at = Instant::now();
        match meter.measure().await {
            Ok(measured) => {
                failing = false;
                let header = export(&measured);
                let measured = Arc::new(measured);
                tell.send_replace(Some(Told {
                    at,
                    header,
                    measured,
                }));
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

/// Sets the gauges; the header.
fn export(measured: &Measured) -> HeaderValue {
    let now = clock::now();
    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    let number = |behind: &Behind| behind.events as f64;
    for (projection, lag) in &measured.0 {
        for (partition, behind) in &lag.0 {
            let labels = [
                ("projection", projection.clone()),
                ("partition", partition.to_string()),
            ];
            metrics::gauge!("orderlog_views_lag_events", &labels).set(number(behind));
            metrics::gauge!("orderlog_views_lag_seconds", &labels).set(behind.seconds(now));
        }
    }
    let whole = measured.0.get(views::ORDERS);
    let whole = whole.map_or_else(Behind::default, ProjectionLag::whole);
    metrics::gauge!("orderlog_read_lag_events").set(number(&whole));
    metrics::gauge!("orderlog_read_lag_seconds").set(whole.seconds(now));
    let header = format!("events={}, seconds={:.3}", whole.events, whole.seconds(now));
    HeaderValue::try_from(header).unwrap_or(UNKNOWN)
}
