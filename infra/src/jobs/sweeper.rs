//! Puts right what others have left: jobs of workers that are gone, jobs that
//! Redis was not told of, messages that nobody deals with.
//!
//! Each process has one, and they need not know of each other: rows that one
//! has locked are skipped by the rest.

use super::{enqueue::Lane, metrics, store, streams::Streams};
use crate::{lifecycle::error_chain, redis::Unavailable};
use sqlx::PgPool;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Jobs in one statement.
const BATCH: u16 = 1_000;
/// How often queues are measured.
const MEASURE: Duration = Duration::from_secs(5);

/// One per process.
pub struct Sweeper {
    pub ops: PgPool,
    pub streams: Streams,
    pub lanes: Vec<Lane>,
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
        let (mut measured, mut tidied) = (None, Instant::now());
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            report(self.recover().await);
            report(self.announce().await);
            if measured.is_none_or(|at: Instant| at.elapsed() >= MEASURE) {
                let oldest = store::oldest_due(&self.ops).await;
                report(oldest.map_err(Into::into).map(|oldest| {
                    metrics::oldest(&mut queues, &oldest);
                }));
                measured = Some(Instant::now());
            }
            if tidied.elapsed() >= self.tidy {
                report(self.tidy().await);
                tidied = Instant::now();
            }
        }
    }

    async fn recover(&self) -> Result<(), SweepError> {
        loop {
            let recovered = store::recover(&self.ops, BATCH.into()).await?;
            metrics::recovered(recovered.len());
            for (kind, state) in &recovered {
                if state == "dead" {
                    metrics::ended(kind, "dead", 1);
                }
                tracing::warn!(job.kind = kind, state, "job.recovered");
            }
            if recovered.len() < usize::from(BATCH) {
                return Ok(());
            }
        }
    }

    async fn announce(&self) -> Result<(), SweepError> {
        loop {
            let room = self.streams.room(&self.lanes).await?;
            let lanes = self.lanes.iter().cloned().zip(room);
            let room: Vec<(Lane, i64)> = lanes
                .filter(|(_, room)| *room > 0)
                .map(|(lane, room)| (lane, room.min(BATCH.into())))
                .collect();
            let due = store::to_announce(&self.ops, &room).await?;
            if let Err(error) = self.streams.announce(&due).await {
                let ids: Vec<Uuid> = due.iter().map(|(_, id)| *id).collect();
                store::unannounce(&self.ops, &ids).await?;
                return Err(error.into());
            }
            metrics::announced(due.len());
            if due.len() < usize::from(BATCH) {
                return Ok(());
            }
        }
    }

    /// What a consumer has read and not looked up is announced anew.
    async fn tidy(&self) -> Result<(), SweepError> {
        for lane in &self.lanes {
            let messages = self.streams.claim(lane).await?;
            if !messages.is_empty() {
                let ids: Vec<Uuid> = messages.iter().filter_map(|m| m.job).collect();
                store::unannounce(&self.ops, &ids).await?;
                self.streams.acknowledge(&messages).await?;
            }
            self.streams.forget_dead(lane).await?;
        }
        Ok(())
    }
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
