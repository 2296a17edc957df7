//! The loop around the queue.

use super::{answer::Answer, client::CommandClient};
use crate::process::{
    metrics,
    status::Status,
    store::{Queue, TakenStep},
};
use infra::{lifecycle::error_chain, retry::RetryPolicy};
use sqlx::PgPool;
use std::{panic::resume_unwind, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    task::{JoinError, JoinSet},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// Commands in flight at once, per process.
const CONCURRENCY: usize = 16;
/// Room for fewer is not worth a question to the queue: some land soon.
const WORTHWHILE: usize = CONCURRENCY / 4;
/// How often the queue is looked at, whatever anybody signals.
const POLL: Duration = Duration::from_secs(1);
/// Longest that a server may ask to be left alone.
const LONGEST_ASKED: Duration = Duration::from_hours(1);
/// Pauses between attempts at a step; it is never given up.
const RETRY: RetryPolicy = RetryPolicy {
    first_pause: Duration::from_millis(200),
    longest_pause: Duration::from_mins(1),
    give_up_after: Duration::MAX,
};

/// Takes steps that are due and issues their commands.
pub struct Executor {
    performer: Arc<Performer>,
    wake: Arc<Notify>,
}

struct Performer {
    queue: Queue,
    client: CommandClient,
    status: Status,
}

impl Executor {
    /// An executor; `wake` tells that there are new steps.
    pub fn new(ops: PgPool, client: CommandClient, wake: Arc<Notify>, status: Status) -> Self {
        let queue = Queue::new(ops);
        let performer = Performer {
            queue,
            client,
            status,
        };
        Self {
            performer: Arc::new(performer),
            wake,
        }
    }

    /// Runs until it is told to stop, then finishes what is in flight.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut flying = JoinSet::new();
        while !shutdown.is_cancelled() {
            let pause = match self.begin(&mut flying).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(error = error_chain(&error), "process.queue_unavailable");
                    POLL
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.wake.notified() => {}
                Some(ended) = flying.join_next() => landed(ended),
                () = sleep(pause) => {}
            }
            while let Some(ended) = flying.try_join_next() {
                landed(ended);
            }
        }
        while let Some(ended) = flying.join_next().await {
            landed(ended);
        }
    }

    /// Begins as many steps as may be in flight; how long there is nothing
    /// more to begin.
    async fn begin(&self, flying: &mut JoinSet<()>) -> Result<Duration, sqlx::Error> {
        let queue = &self.performer.queue;
        let room = CONCURRENCY - flying.len();
        if room < WORTHWHILE {
            return Ok(POLL);
        }
        let taken = queue.take(room).await?;
        // With no room left, whoever lands next makes some.
        let full = taken.len() == room;
        for step in taken {
            let performer = self.performer.clone();
            flying.spawn(async move { performer.perform(step).await });
        }
        if full {
            return Ok(POLL);
        }
        let outlook = queue.outlook().await?;
        metrics::oldest(outlook.oldest);
        Ok(outlook.next.unwrap_or(POLL).min(POLL))
    }
}

/// A panic is a bug, and ends the role.
fn landed(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        resume_unwind(panic);
    }
}

impl Performer {
    /// Issues a step's command and writes down what became of it. Where that
    /// fails, the lease ends, and the same key finds the command done.
    async fn perform(&self, step: TakenStep) {
        let answer = self.client.issue(&step).await;
        self.status.commanded(match &answer {
            Answer::Again { why, .. } | Answer::Misconfigured { why } => Err(why.clone()),
            Answer::Done | Answer::Stale | Answer::Refused { .. } => Ok(()),
        });
        match self.conclude(&step, answer).await {
            Ok(true) => {}
            Ok(false) => tracing::debug!(step = step.key, "process.step_superseded"),
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(step = step.key, error, "process.step_not_noted");
            }
        }
    }

    async fn conclude(&self, step: &TakenStep, answer: Answer) -> Result<bool, sqlx::Error> {
        let (key, order, attempts) = (&step.key, step.order_id, step.attempts);
        match answer {
            Answer::Done => {
                metrics::done(&step.kind);
                tracing::info!(step = key, order.id = %order, attempts, "process.step_done");
                self.queue.done(step).await
            }
            Answer::Refused { code, why } => {
                metrics::refused(&step.kind);
                tracing::warn!(step = key, order.id = %order, code, why, "process.step_refused");
                self.queue.refused(step, &code, &why).await
            }
            Answer::Stale => {
                tracing::debug!(step = key, order.id = %order, "process.step_stale");
                self.later(step, None, "the order has moved on").await
            }
            Answer::Again { why, asked } => {
                tracing::warn!(step = key, order.id = %order, attempts, why, "process.step_again");
                self.later(step, asked, &why).await
            }
            Answer::Misconfigured { why } => {
                tracing::error!(step = key, attempts, why, "process.cannot_command");
                self.later(step, None, &why).await
            }
        }
    }

    async fn later(
        &self,
        step: &TakenStep,
        asked: Option<Duration>,
        why: &str,
    ) -> Result<bool, sqlx::Error> {
        metrics::retried(&step.kind);
        let asked = asked.map(|asked| asked.min(LONGEST_ASKED));
        let pause = RETRY.pause(&step.key, step.attempts, asked);
        self.queue.again(step, pause, why).await
    }
}
