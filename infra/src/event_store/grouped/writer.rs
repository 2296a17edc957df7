//! Stores batches, whatever comes in between.

use super::{
    batch::{Append, Place},
    insert::{Inserted, Store},
    metrics,
    queue::{Answer, Queue, Waiting},
};
use crate::event_store::{
    AppendError, Stamp,
    error::{Cause, classify},
};
use futures_util::{StreamExt as _, stream};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// After a lost connection.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long a batch is tried again.
    pub total: Duration,
    /// Before the second try.
    pub first_pause: Duration,
    /// Pauses double up to this one.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(5),
            first_pause: Duration::from_millis(20),
            longest_pause: Duration::from_millis(500),
        }
    }
}

/// How often an append is run again because the database asked for it, or
/// somebody has locked its stream.
const REPEATS: u32 = 5;
/// How many are run at a time where each is run on its own.
const APART_AT_ONCE: usize = 4;

/// One of several that take batches from the same queue.
pub struct Writer<S> {
    queue: Arc<Queue>,
    store: Arc<S>,
    patience: Patience,
}

/// What is to be done with a batch after an error.
enum Next {
    /// One of it is in somebody's way.
    FindLosers,
    /// It may be stored: only repeating it tells.
    Settle(Cause),
    /// One of it may be to blame: none is to suffer for another.
    Apart,
    /// The log is to blame, for all of them.
    Fail(AppendError),
}

impl<S: Store> Writer<S> {
    pub const fn new(queue: Arc<Queue>, store: Arc<S>, patience: Patience) -> Self {
        Self {
            queue,
            store,
            patience,
        }
    }

    /// Until it is aborted.
    pub async fn run(self) {
        loop {
            let batch = self.queue.take().await;
            self.write(batch).await;
        }
    }

    /// Stores a batch and answers everybody.
    async fn write(&self, mut batch: Vec<Waiting>) {
        // Whoever has gone away before anything was sent wants nothing stored.
        batch.retain(|waiting| !waiting.answer.is_closed());
        if batch.is_empty() {
            return;
        }
        let began = Instant::now();
        let inserted = self.store.insert(&appends(&batch)).await;
        match inserted {
            Ok(stamps) => answer_all(batch, &stamps, began),
            Err(error) => match next(error, batch.len()) {
                Next::FindLosers => self.without_losers(batch).await,
                Next::Settle(cause) => self.settle(batch, cause).await,
                Next::Apart => self.apart(batch).await,
                Next::Fail(error) => fail(batch, &error),
            },
        }
    }

    /// Those of the batch that are in nobody's way are stored, the others are
    /// told to load again.
    async fn without_losers(&self, mut batch: Vec<Waiting>) {
        let began = Instant::now();
        while !batch.is_empty() {
            match self.store.insert_or_losers(&appends(&batch)).await {
                Ok(Inserted::All(stamps)) => return answer_all(batch, &stamps, began),
                Ok(Inserted::None(losers)) => {
                    for index in losers.into_iter().rev() {
                        metrics::conflict();
                        answer(batch.swap_remove(index), Err(AppendError::Conflict));
                    }
                }
                Err(error) => match next(error, batch.len()) {
                    // Not with ON CONFLICT; and not for ever, were it so.
                    Next::FindLosers => return fail(batch, &AppendError::Conflict),
                    Next::Settle(cause) => return self.settle(batch, cause).await,
                    Next::Apart => return self.apart(batch).await,
                    Next::Fail(error) => return fail(batch, &error),
                },
            }
        }
    }

    /// Each on its own, so that a bad one fails nobody else.
    async fn apart(&self, batch: Vec<Waiting>) {
        let alone = batch.into_iter().map(|waiting| self.alone(waiting));
        stream::iter(alone)
            .buffer_unordered(APART_AT_ONCE)
            .collect::<()>()
            .await;
    }

    async fn alone(&self, waiting: Waiting) {
        let began = Instant::now();
        let mut repeats = 0;
        loop {
            let error = match self.store.insert(&[&waiting.append]).await {
                Ok(stamps) => return answer_all(vec![waiting], &stamps, began),
                Err(error) => classify(error),
            };
            match error {
                AppendError::Repeat(_) if repeats < REPEATS => repeats += 1,
                AppendError::Unavailable(cause)
                    if repeats < REPEATS && is_a_matter_of_one(&cause) =>
                {
                    repeats += 1;
                }
                AppendError::Unknown(cause) => return self.settle(vec![waiting], cause).await,
                error => return fail(vec![waiting], &error),
            }
            metrics::retried();
        }
    }

    /// After a lost connection: the same INSERT again. It waits for the
    /// transaction of that connection, should it still be going on, and then
    /// either stores the events or finds them in its way.
    async fn settle(&self, mut batch: Vec<Waiting>, mut cause: Cause) {
        tracing::warn!(error = %cause, commands = batch.len(), "append.outcome_unknown");
        let began = Instant::now();
        let mut pause = self.patience.first_pause;
        while !batch.is_empty() {
            metrics::retried();
            match self.store.insert_or_losers(&appends(&batch)).await {
                Ok(Inserted::All(stamps)) => return answer_all(batch, &stamps, began),
                Ok(Inserted::None(losers)) => match self.settle_losers(&mut batch, losers).await {
                    Ok(()) => continue,
                    Err(error) => cause = Cause::new(error),
                },
                Err(error) => match classify(error) {
                    // One of it may be to blame, and none is to suffer for it.
                    AppendError::Refused(_) if batch.len() > 1 => {
                        return self.settle_apart(batch, &cause).await;
                    }
                    AppendError::Refused(refusal) if lies_in_the_rows(&refusal) => {
                        return fail(batch, &AppendError::Refused(refusal));
                    }
                    // Also a refusal says nothing of what was sent before.
                    AppendError::Unknown(again)
                    | AppendError::Unavailable(again)
                    | AppendError::Refused(again) => cause = again,
                    _ => {}
                },
            }
            if began.elapsed() >= self.patience.total {
                return fail(batch, &AppendError::Unknown(cause));
            }
            sleep(pause).await;
            pause = (pause * 2).min(self.patience.longest_pause);
        }
    }

    async fn settle_apart(&self, batch: Vec<Waiting>, cause: &Cause) {
        let alone = batch.into_iter();
        let alone = alone.map(|waiting| Box::pin(self.settle(vec![waiting], cause.clone())));
        stream::iter(alone)
            .buffer_unordered(APART_AT_ONCE)
            .collect::<()>()
            .await;
    }

    /// What is in the way of these is their own events, stored before the
    /// connection was lost, or somebody else's.
    async fn settle_losers(
        &self,
        batch: &mut Vec<Waiting>,
        losers: Vec<usize>,
    ) -> Result<(), sqlx::Error> {
        for index in losers.into_iter().rev() {
            let found = self.store.find(&batch[index].append).await?;
            if found.is_none() {
                metrics::conflict();
            }
            answer(batch.swap_remove(index), found.ok_or(AppendError::Conflict));
        }
        Ok(())
    }
}

fn next(error: sqlx::Error, commands: usize) -> Next {
    match classify(error) {
        AppendError::Conflict => Next::FindLosers,
        AppendError::Unknown(cause) => Next::Settle(cause),
        // A lock or a time-out is in one command's way, or the statement is.
        AppendError::Repeat(_) | AppendError::Refused(_) => Next::Apart,
        AppendError::Unavailable(cause) if commands > 1 && is_a_matter_of_one(&cause) => {
            Next::Apart
        }
        error => Next::Fail(error),
    }
}

/// `lock_not_available`, `query_canceled`: one stream may be locked by somebody.
fn is_a_matter_of_one(cause: &Cause) -> bool {
    matches!(cause.sql_state().as_deref(), Some("55P03" | "57014"))
}

/// Data exceptions and violated constraints: what is refused for them was never
/// stored.
fn lies_in_the_rows(cause: &Cause) -> bool {
    let code = cause.sql_state();
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

fn appends(batch: &[Waiting]) -> Vec<&Append> {
    batch.iter().map(|waiting| &waiting.append).collect()
}

/// Those that were left out follow an event that is not there.
fn answer_all(batch: Vec<Waiting>, stamps: &HashMap<Place, Stamp>, began: Instant) {
    metrics::stored(batch.len(), began.elapsed());
    for waiting in batch {
        let stamps = waiting.append.stamps(stamps);
        if stamps.is_none() {
            metrics::conflict();
        }
        answer(waiting, stamps.ok_or(AppendError::Conflict));
    }
}

fn fail(batch: Vec<Waiting>, error: &AppendError) {
    for waiting in batch {
        answer(waiting, Err(error.clone()));
    }
}

fn answer(waiting: Waiting, answer: Answer) {
    // Whoever asked may have gone away; what is stored is stored.
    let _ = waiting.answer.send(answer);
}
