//! What this process is carrying out, and the heartbeats that keep it ours.

use super::{
    handler::Progress,
    stop::{Stop, StopReason},
    store::{self, Beat},
};
use sqlx::PgPool;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Heartbeats per lease: several may be lost before the lease is.
const BEATS: u32 = 6;

/// A job under way, as others see it.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The right to say what became of it.
    pub lease: Uuid,
    /// How it is told to end.
    pub stop: Stop,
    /// How far its handler says it is.
    pub progress: Arc<Mutex<Option<Progress>>>,
    /// Until when it is certainly ours.
    pub ours_until: Instant,
}

impl Watched {
    /// How far it is, as JSON.
    pub fn progress(&self) -> Option<String> {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = progress.as_ref()?;
        serde_json::to_string(progress).ok()
    }
}

/// All jobs under way in this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Running(Arc<Mutex<BTreeMap<Uuid, Watched>>>);

impl Running {
    pub fn begin(&self, job: Uuid, watched: Watched) {
        self.lock().insert(job, watched);
    }

    /// A job is under way no more, unless it was taken again since.
    pub fn end(&self, job: Uuid, lease: Uuid) {
        let mut running = self.lock();
        if running.get(&job).is_some_and(|w| w.lease == lease) {
            running.remove(&job);
        }
    }

    /// Tells all to end.
    pub fn stop_all(&self, reason: StopReason) {
        for watched in self.lock().values() {
            watched.stop.stop(reason);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prolongs the leases of all that is under way until `ended`.
    pub async fn keep(self, ops: PgPool, lease: Duration, ended: CancellationToken) {
        let mut tick = interval(lease / BEATS);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                _ = tick.tick() => self.beat(&ops, lease).await,
            }
        }
    }

    async fn beat(&self, ops: &PgPool, lease: Duration) {
        let beats: Vec<Beat> = self
            .lock()
            .iter()
            .map(|(id, watched)| Beat {
                id: *id,
                lease: watched.lease,
                progress: watched.progress(),
            })
            .collect();
        if beats.is_empty() {
            return;
        }
        // Counted from before the question: the database begins to count later.
        let asked = Instant::now();
        // A database that hangs must not keep the look at the clock away.
        let patience = lease / BEATS;
        let kept = tokio::time::timeout(patience, store::heartbeat(ops, &beats, lease)).await;
        let mut running = self.lock();
        match kept {
            Ok(Ok(kept)) => {
                for beat in &beats {
                    let Some(watched) = running.get_mut(&beat.id) else {
                        continue;
                    };
                    match kept.iter().find(|kept| kept.id == beat.id) {
                        _ if watched.lease != beat.lease => {}
                        None => watched.stop.stop(StopReason::LeaseLost),
                        Some(kept) => {
                            watched.ours_until = asked + lease;
                            if kept.cancel {
                                watched.stop.stop(StopReason::Cancelled);
                            }
                        }
                    }
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "jobs.heartbeat_failed"),
            Err(_) => tracing::warn!("jobs.heartbeat_late"),
        }
        let now = Instant::now();
        for watched in running.values().filter(|w| w.ours_until <= now) {
            watched.stop.stop(StopReason::LeaseLost);
        }
    }
}
