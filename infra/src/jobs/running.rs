//! What this process is carrying out, and the heartbeats that keep it ours.

use super::{
    handler::Progress,
    stop::{Stop, StopReason},
    store::{self, Beat, Kept},
};
use crate::lifecycle::error_chain;
use sqlx::PgPool;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
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

/// A job that is under way for as long as this lives, also where its attempt
/// ends by a panic.
#[derive(Debug)]
pub struct UnderWay {
    running: Running,
    job: Uuid,
    lease: Uuid,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut running = self.running.lock();
        // Unless it was taken again since.
        if running
            .get(&self.job)
            .is_some_and(|w| w.lease == self.lease)
        {
            running.remove(&self.job);
        }
    }
}

/// All jobs under way in this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Running {
    jobs: Arc<Mutex<BTreeMap<Uuid, Watched>>>,
    /// Why whatever begins has to end at once.
    ending: Arc<OnceLock<StopReason>>,
}

impl Running {
    /// A job is under way. An attempt of ours at the same job, from which it
    /// was taken, has to end.
    pub fn begin(&self, job: Uuid, watched: Watched) -> UnderWay {
        let (lease, stop) = (watched.lease, watched.stop.clone());
        if let Some(before) = self.lock().insert(job, watched) {
            before.stop.stop(StopReason::LeaseLost);
        }
        // Looked at afterwards: all are told of what is set before.
        if let Some(reason) = self.ending.get() {
            stop.stop(*reason);
        }
        UnderWay {
            running: self.clone(),
            job,
            lease,
        }
    }

    /// Tells all to end, and whatever begins from now on.
    pub fn stop_all(&self, reason: StopReason) {
        // The first reason counts.
        let _ = self.ending.set(reason);
        for watched in self.lock().values() {
            watched.stop.stop(reason);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Watched>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
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
            // What was given up is not kept from others.
            .filter(|(_, watched)| watched.stop.reason() != Some(StopReason::LeaseLost))
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
        let kept = tokio::time::timeout(patience, prolong(ops, &beats, lease)).await;
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
        // Before the next look somebody else may have it.
        let next = Instant::now() + lease / BEATS;
        for watched in running.values().filter(|w| w.ours_until <= next) {
            watched.stop.stop(StopReason::LeaseLost);
        }
    }
}

/// One job's progress that cannot be stored does not cost all the others their
/// leases.
async fn prolong(ops: &PgPool, beats: &[Beat], lease: Duration) -> Result<Vec<Kept>, sqlx::Error> {
    match store::heartbeat(ops, beats, lease).await {
        Err(error) if store::is_unstorable(&error) => {
            tracing::warn!(error = error_chain(&error), "jobs.progress_not_stored");
            let bare: Vec<Beat> = beats.iter().map(Beat::without_progress).collect();
            store::heartbeat(ops, &bare, lease).await
        }
        kept => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(lease: u128) -> Watched {
        Watched {
            lease: Uuid::from_u128(lease),
            stop: Stop::default(),
            progress: Arc::default(),
            ours_until: Instant::now(),
        }
    }

    #[test]
    fn an_attempt_ends_whose_job_its_own_process_took_again() {
        let (running, job) = (Running::default(), Uuid::nil());
        let [first, second] = [1, 2].map(watched);
        let before = running.begin(job, first.clone());
        let now = running.begin(job, second.clone());
        assert_eq!(first.stop.reason(), Some(StopReason::LeaseLost));
        // It ends later than the other one begins.
        drop(before);
        assert_eq!(running.lock()[&job].lease, second.lease);
        assert_eq!(second.stop.reason(), None);
        drop(now);
        assert!(running.lock().is_empty());
    }
}
