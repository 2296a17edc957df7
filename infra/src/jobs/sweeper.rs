//! Puts right what others have left: jobs of workers that are gone, jobs that
//! Redis was not told of, messages that nobody deals with.
//!
//! Each process has one, and they need not know of each other: rows that one
//! has locked are skipped by the rest.

use super::{
    enqueue::Lane,
    handler::Handlers,
    metrics, schedule, store,
    streams::{Message, Streams},
};
use crate::{lifecycle::error_chain, redis::Unavailable};
use sqlx::PgPool;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Jobs in one statement.
const BATCH: u16 = 1_000;
/// Batches in one round, so that whatever else there is has its turn.
const BATCHES: usize = 10;
/// How often jobs are looked for that an older release has put into another
/// queue: one that is still at it while this one begins goes on doing so.
const REHOME: Duration = Duration::from_mins(5);
/// How often queues and schedules are measured.
const MEASURE: Duration = Duration::from_secs(5);

/// One per process.
pub struct Sweeper {
    pub ops: PgPool,
    pub streams: Streams,
    pub lanes: Vec<Lane>,
    pub handlers: Arc<Handlers>,
    pub every: Duration,
    /// How often streams are tidied.
    pub tidy: Duration,
}

/// What did not work; the next round tries again.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Ledger(#[from] sqlx::Error),
    #[error(transparent)]
    Redis(#[from] Unavailable),
}

impl Sweeper {
    /// Runs until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut tick = interval(self.every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut queues: BTreeSet<String> = self.lanes.iter().map(|l| l.queue.clone()).collect();
        let (mut measured, mut rehomed, mut tidied) = (None, None, Instant::now());
        let is_over =
            |since: Option<Instant>, span: Duration| since.is_none_or(|at| at.elapsed() >= span);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            report(self.recover().await);
            if is_over(rehomed, REHOME) {
                report(self.rehome().await);
                rehomed = Some(Instant::now());
            }
            report(self.announce().await);
            if is_over(measured, MEASURE) {
                report(self.measure(&mut queues).await);
                measured = Some(Instant::now());
            }
            if tidied.elapsed() >= self.tidy {
                report(self.tidy().await);
                tidied = Instant::now();
            }
        }
    }

    async fn measure(&self, queues: &mut BTreeSet<String>) -> Result<(), SweepError> {
        metrics::oldest(queues, &store::oldest_due(&self.ops).await?);
        metrics::succeeded(&schedule::succeeded(&self.ops).await?);
        Ok(())
    }

    async fn recover(&self) -> Result<(), SweepError> {
        for _ in 0..BATCHES {
            let recovered = store::recover(&self.ops, BATCH.into()).await?;
            metrics::recovered(recovered.len());
            for (id, kind, state) in &recovered {
                if state == "dead" {
                    metrics::ended(kind, "dead", 1);
                }
                tracing::warn!(job.id = %id, job.kind = kind, state, "job.recovered");
            }
            if recovered.len() < usize::from(BATCH) {
                break;
            }
        }
        Ok(())
    }

    async fn rehome(&self) -> Result<(), SweepError> {
        let homes = self.handlers.homes();
        // Two releases that disagree would go on for ever.
        for _ in 0..BATCHES {
            let moved = store::rehome(&self.ops, &homes, BATCH.into()).await?;
            if moved > 0 {
                tracing::info!(jobs = moved, "jobs.rehomed");
            }
            if moved < u64::from(BATCH) {
                break;
            }
        }
        Ok(())
    }

    async fn announce(&self) -> Result<(), SweepError> {
        let kinds = self.handlers.kinds();
        for _ in 0..BATCHES {
            let room = self.streams.room(&self.lanes).await?;
            let lanes = self.lanes.iter().cloned().zip(room);
            let room: Vec<(Lane, i64)> = lanes
                .filter(|(_, room)| *room > 0)
                .map(|(lane, room)| (lane, room.min(BATCH.into())))
                .collect();
            let due = store::to_announce(&self.ops, &room, &kinds).await?;
            if let Err(error) = self.streams.announce(&due).await {
                // One that is full will be so for a while: the jobs count as
                // announced, and are found in the ledger.
                if !matches!(error, Unavailable::Refused(_)) {
                    let ids: Vec<Uuid> = due.iter().map(|(_, id)| *id).collect();
                    store::unannounce(&self.ops, &ids).await?;
                }
                return Err(error.into());
            }
            metrics::announced(due.len());
            if due.len() < usize::from(BATCH) {
                break;
            }
        }
        Ok(())
    }

    /// What a consumer has read and not looked up is announced anew.
    async fn tidy(&self) -> Result<(), SweepError> {
        for lane in &self.lanes {
            let messages = self.streams.claim(lane).await?;
            give_back(&self.ops, &self.streams, &messages).await?;
            self.streams.forget_dead(lane).await?;
            self.streams.trim(lane).await?;
        }
        Ok(())
    }
}

/// Has what was read announced anew.
async fn give_back(
    ops: &PgPool,
    streams: &Streams,
    messages: &[Message],
) -> Result<(), SweepError> {
    if messages.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = messages.iter().filter_map(|m| m.job).collect();
    store::unannounce(ops, &ids).await?;
    Ok(streams.acknowledge(messages).await?)
}

/// Forgets this process as a consumer, which reads nothing any more. What it
/// has read and not looked up would be lost with it, and take up room in the
/// stream for ever: it is announced anew before.
async fn leave(ops: &PgPool, streams: &Streams, lanes: &[Lane]) -> Result<(), SweepError> {
    for lane in lanes {
        loop {
            let messages = streams.unacknowledged(lane).await?;
            if messages.is_empty() {
                break;
            }
            give_back(ops, streams, &messages).await?;
        }
    }
    Ok(streams.leave(lanes).await?)
}

/// The same, as far as servers are there; others do so some time.
pub async fn try_to_leave(ops: &PgPool, streams: &Streams, lanes: &[Lane]) {
    report(leave(ops, streams, lanes).await);
}

/// Redis may be away for hours; its own pauses are logged once.
fn report(swept: Result<(), SweepError>) {
    match swept {
        Ok(()) => {}
        Err(SweepError::Redis(error)) => tracing::debug!(%error, "jobs.not_announced"),
        Err(SweepError::Ledger(error)) => {
            tracing::warn!(error = error_chain(&error), "jobs.not_swept");
        }
    }
}
