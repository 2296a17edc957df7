//! How far the views are behind the log: told with every answer, as metrics,
//! and to operators in full. Asked of the log and of the stored checkpoints,
//! so that it is known whether or not a projector runs.

mod behind;
mod measure;
mod pace;
mod store;

pub use behind::Behind;
pub use measure::{Measured, Meter, ProjectionLag};
pub use pace::Pace;
pub use store::{Build, Checkpoint, builds, checkpoints, frontiers};

use crate::{
    background::Background,
    servers::{PRIMARY, Servers},
};
use actix_web::http::header::{HeaderName, HeaderValue};
use contracts::LogPosition;
use infra::{
    clock,
    log::{HorizonAge, LogEnd},
    views,
};
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// A structured dictionary (RFC 9651): `events=12, seconds=0.8`, that is how
/// many events of what was asked for (orders, products, …) are in the log and not
/// in the views, and how long ago the first of them was recorded; `unknown` while
/// the log cannot be asked. Measured once a second; above some thousand events
/// their number is an estimate.
pub const HEADER: HeaderName = HeaderName::from_static("orderlog-lag");

const UNKNOWN: HeaderValue = HeaderValue::from_static("unknown");
/// How often it is measured.
const PERIOD: Duration = Duration::from_secs(1);
/// After how long a measurement says nothing any more.
const OUTDATED: Duration = Duration::from_secs(5);

/// Up to where each partition of a projection is in the views.
pub type Frontier = HashMap<i32, LogPosition>;

/// The same of every projection, by its name.
pub type Frontiers = HashMap<String, Frontier>;

/// Measures the lag; cheap to ask.
#[derive(Clone)]
pub struct LagMonitor(watch::Receiver<Option<Told>>);

#[derive(Debug, Clone)]
struct Told {
    at: Instant,
    /// By server; none for one that could not be asked.
    of: Vec<Option<OfServer>>,
    log: OfLog,
    /// How fast each projection moves on the primary, by its name.
    paces: HashMap<String, f64>,
}

/// What is known of the log itself.
#[derive(Debug, Clone, Copy)]
pub struct OfLog {
    /// Its last event; none where it is empty.
    pub end: Option<LogEnd>,
    /// How many positions that moves on by a second; none at first.
    pub per_second: Option<f64>,
    /// How long the same transaction has kept what comes after it from being
    /// published.
    pub horizon_age: Duration,
}

#[derive(Debug, Clone)]
struct OfServer {
    /// By projection.
    headers: BTreeMap<String, HeaderValue>,
    /// Age of the first event of an order that is missing.
    seconds: f64,
    measured: Arc<Measured>,
}

impl LagMonitor {
    /// Starts measuring. A replica that is further behind than the primary by
    /// more than `most` is said not to be fresh.
    pub fn start(
        events: PgPool,
        servers: Servers,
        most: Duration,
        background: &Background<'_>,
    ) -> Self {
        let (tell, told) = watch::channel(None);
        let meter = Meter::new(events, servers.clone());
        background.spawn("lag monitor", keep_measuring(meter, servers, most, tell));
        Self(told)
    }

    /// The value of [`HEADER`] now, of what the server at this place answers about
    /// orders.
    pub fn header(&self, place: usize) -> HeaderValue {
        self.header_of(views::ORDERS, place)
    }

    /// The same of what it answers by this projection.
    pub fn header_of(&self, projection: &str, place: usize) -> HeaderValue {
        let header = self.look(place, |of| of.header(projection));
        header.unwrap_or(UNKNOWN)
    }

    /// The same of the server that is furthest behind: what came from a cache
    /// may be any one's.
    pub fn header_of_any(&self) -> HeaderValue {
        let told = self.0.borrow();
        let told = told.as_ref().filter(|told| told.is_current());
        let all = told.into_iter().flat_map(|told| told.of.iter().flatten());
        let last = all.max_by(|one, other| one.seconds.total_cmp(&other.seconds));
        last.map_or(UNKNOWN, |of| of.header(views::ORDERS))
    }

    /// What was measured last of a server; none while it, or the log, cannot be
    /// asked.
    pub fn measured(&self, place: usize) -> Option<Arc<Measured>> {
        self.look(place, |of| Arc::clone(&of.measured))
    }

    /// What was seen last of the log; none while it cannot be asked.
    pub fn log(&self) -> Option<OfLog> {
        let told = self.0.borrow();
        let told = told.as_ref().filter(|told| told.is_current())?;
        Some(told.log)
    }

    /// How many positions of the log each projection has come past a second lately,
    /// on the primary, by its name.
    pub fn paces(&self) -> HashMap<String, f64> {
        let told = self.0.borrow();
        let told = told.as_ref().filter(|told| told.is_current());
        told.map(|told| told.paces.clone()).unwrap_or_default()
    }

    /// What there is to say of a server, which is asked for with each answer: it is
    /// looked at where it is.
    fn look<T>(&self, place: usize, say: impl FnOnce(&OfServer) -> T) -> Option<T> {
        let told = self.0.borrow();
        let told = told.as_ref().filter(|told| told.is_current())?;
        told.of.get(place)?.as_ref().map(say)
    }
}

impl Told {
    fn is_current(&self) -> bool {
        self.at.elapsed() < OUTDATED
    }
}

async fn keep_measuring(
    mut meter: Meter,
    servers: Servers,
    most: Duration,
    tell: watch::Sender<Option<Told>>,
) {
    let mut failing = false;
    let mut moving = Moving::default();
    loop {
        let at = Instant::now();
        match look(&mut meter, &mut moving).await {
            Ok((measured, log)) => {
                failing = false;
                let of: Vec<_> = measured.into_iter().map(|m| m.map(OfServer::new)).collect();
                export(&of, &servers);
                judge(&of, &servers, most);
                let paces = moving.paces();
                tell.send_replace(Some(Told { at, of, log, paces }));
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

/// What is remembered from one look to the next.
#[derive(Default)]
struct Moving {
    horizon: HorizonAge,
    log: Pace,
    projections: HashMap<String, Pace>,
}

impl Moving {
    fn paces(&self) -> HashMap<String, f64> {
        let paces = self.projections.iter();
        paces
            .filter_map(|(name, pace)| Some((name.clone(), pace.per_second()?)))
            .collect()
    }
}

async fn look(
    meter: &mut Meter,
    moving: &mut Moving,
) -> Result<(Vec<Option<Measured>>, OfLog), sqlx::Error> {
    let end = LogEnd::read(meter.log()).await?;
    let horizon_age = moving.horizon.measure(meter.log()).await?;
    let measured = meter.measure().await?;
    let (now, position) = (Instant::now(), end.map_or(0, |end| end.position));
    moving.log.saw(now, position);
    for (projection, reached) in meter.reached(position) {
        let pace = moving.projections.entry(projection).or_default();
        pace.saw(now, reached);
    }
    let log = OfLog {
        end,
        per_second: moving.log.per_second(),
        horizon_age,
    };
    Ok((measured, log))
}

impl OfServer {
    fn new(measured: Measured) -> Self {
        let now = clock::now();
        let headers = measured.0.iter().map(|(projection, lag)| {
            let behind = lag.whole();
            let (events, seconds) = (behind.events, behind.seconds(now));
            let header = HeaderValue::try_from(format!("events={events}, seconds={seconds:.3}"));
            (projection.clone(), header.unwrap_or(UNKNOWN))
        });
        Self {
            headers: headers.collect(),
            seconds: measured.orders().seconds(now),
            measured: Arc::new(measured),
        }
    }

    fn header(&self, projection: &str) -> HeaderValue {
        self.headers.get(projection).cloned().unwrap_or(UNKNOWN)
    }
}

/// Says of each replica whether it is too far behind the primary.
fn judge(of: &[Option<OfServer>], servers: &Servers, most: Duration) {
    let Some(Some(primary)) = of.get(PRIMARY) else {
        return;
    };
    let limit = primary.seconds + most.as_secs_f64();
    for (place, replica) in of.iter().enumerate().skip(1) {
        if let Some(replica) = replica {
            servers.set_fresh(place, replica.seconds <= limit);
        }
    }
}

/// Sets the gauges.
fn export(of: &[Option<OfServer>], servers: &Servers) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    let number = |behind: &Behind| behind.events as f64;
    for ((_, server, _), replica) in servers.each().zip(of).skip(1) {
        if let Some(replica) = replica {
            let labels = [("server", server.to_owned())];
            let events = number(&replica.measured.orders());
            metrics::gauge!("orderlog_views_replica_lag_events", &labels).set(events);
            metrics::gauge!("orderlog_views_replica_lag_seconds", &labels).set(replica.seconds);
        }
    }
    let Some(Some(OfServer { measured, .. })) = of.first() else {
        return;
    };
    let now = clock::now();
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
    let whole = measured.orders();
    metrics::gauge!("orderlog_read_lag_events").set(number(&whole));
    metrics::gauge!("orderlog_read_lag_seconds").set(whole.seconds(now));
}
