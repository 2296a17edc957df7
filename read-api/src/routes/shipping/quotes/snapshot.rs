//! Zones and methods, in memory. There are few of them, and a quote looks at all,
//! so they are read once for each state of the views; which state that is, is a
//! look at the offsets of two projections.

use super::store;
use contracts::shipping::{method::ShippingMethod, zone::ShippingZone};
use domain::{
    shipping::{Method, Unreadable, Zone},
    text::Id,
};
use infra::redis::Version;
use sqlx::PgPool;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// States that are kept: replicas may be in others than the primary.
const MOST_STATES: usize = 4;
/// After how long they are read again, whatever their state: views that are made
/// anew from nothing begin with states that there were before, and what somebody
/// changes by hand changes no state.
const TRUSTED: Duration = Duration::from_mins(1);

/// What the views have of zones and methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShippingState {
    /// State of the zones.
    pub zones: Version,
    /// State of the methods.
    pub methods: Version,
}

/// Zones and methods as of one state, archived ones too.
#[derive(Debug)]
pub struct Snapshot {
    /// Which state.
    pub state: ShippingState,
    /// All zones.
    pub zones: Vec<Zone>,
    /// All methods.
    pub methods: Vec<Method>,
    read_at: Instant,
    zone_versions: HashMap<Id, i64>,
    method_versions: HashMap<Id, i64>,
}

impl Snapshot {
    /// Of what is published, each with its version. A quote that knows only some
    /// of it would be a wrong one.
    ///
    /// # Errors
    /// What this release cannot work with.
    pub fn of(
        state: ShippingState,
        zones: impl IntoIterator<Item = (i64, ShippingZone)>,
        methods: impl IntoIterator<Item = (i64, ShippingMethod)>,
    ) -> Result<Self, Unreadable> {
        let (mut zone_versions, mut method_versions) = (HashMap::new(), HashMap::new());
        let zones = zones.into_iter().map(|(version, published)| {
            let zone = Zone::read(&published)?;
            zone_versions.insert(zone.id().clone(), version);
            Ok(zone)
        });
        let zones = zones.collect::<Result<_, Unreadable>>()?;
        let methods = methods.into_iter().map(|(version, published)| {
            let method = Method::read(&published)?;
            method_versions.insert(method.content().id.clone(), version);
            Ok(method)
        });
        let methods = methods.collect::<Result<_, Unreadable>>()?;
        Ok(Self {
            state,
            zones,
            methods,
            read_at: Instant::now(),
            zone_versions,
            method_versions,
        })
    }

    /// Version of a zone of this state; 0 of one that it does not have.
    pub fn zone_version(&self, id: &Id) -> i64 {
        self.zone_versions.get(id).copied().unwrap_or_default()
    }

    /// Version of a method of this state; 0 of one that it does not have.
    pub fn method_version(&self, id: &Id) -> i64 {
        self.method_versions.get(id).copied().unwrap_or_default()
    }
}

/// What was read lately.
#[derive(Debug, Default)]
pub struct Snapshots {
    /// The newest first.
    kept: RwLock<VecDeque<Arc<Snapshot>>>,
    /// Whose turn it is to read: all others wait for what comes of it.
    reading: Mutex<()>,
}

impl Snapshots {
    /// Zones and methods of this state, or of a later one that the views have
    /// come to meanwhile.
    pub async fn at(
        &self,
        state: ShippingState,
        views: &PgPool,
    ) -> Result<Arc<Snapshot>, sqlx::Error> {
        if let Some(snapshot) = self.kept(state) {
            return Ok(snapshot);
        }
        let _turn = self.reading.lock().await;
        if let Some(snapshot) = self.kept(state) {
            return Ok(snapshot);
        }
        let snapshot = Arc::new(store::snapshot(views).await?);
        self.keep(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    fn kept(&self, state: ShippingState) -> Option<Arc<Snapshot>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let of_state = kept.iter().find(|kept| kept.state == state);
        let trusted = of_state.filter(|kept| kept.read_at.elapsed() < TRUSTED);
        trusted.cloned()
    }

    fn keep(&self, snapshot: Arc<Snapshot>) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| other.state != snapshot.state);
        kept.push_front(snapshot);
        kept.truncate(MOST_STATES);
    }
}
