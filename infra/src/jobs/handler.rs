//! What carries jobs out.

use super::{
    kind::{Job, Kind},
    stop::Stop,
    text::bounded,
};
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What an attempt came to, when it did not fail.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is done, with what is to be shown of it.
    Done(Option<Value>),
    /// Once more after this pause, a day at most; the attempt does not count.
    Snooze(Duration),
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobError {
    /// It may go better next time.
    Retry {
        /// What happened.
        why: String,
        /// When, in a day at most; none: as the kind says.
        after: Option<Duration>,
    },
    /// It never will: the job is dead at once.
    Permanent(String),
}

impl JobError {
    /// It may go better next time, when the kind says.
    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry {
            why: why.into(),
            after: None,
        }
    }

    /// It may go better after this pause (a server's `Retry-After`, say), of
    /// which a day counts at most.
    pub fn retry_after(why: impl Into<String>, pause: Duration) -> Self {
        Self::Retry {
            why: why.into(),
            after: Some(pause),
        }
    }

    /// It never will.
    pub fn permanent(why: impl Into<String>) -> Self {
        Self::Permanent(why.into())
    }
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::retry(crate::lifecycle::error_chain(&error))
    }
}

/// What a handler ends with.
pub type Ended = Result<Outcome, JobError>;

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Parts that are done.
    pub done: u64,
    /// Of how many, where that is known.
    pub total: Option<u64>,
    /// In words.
    pub text: String,
}

/// Of the job that a handler carries out.
#[derive(Clone)]
pub struct Context {
    /// Its id; a key for whatever must not happen twice.
    pub id: Uuid,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Whether a failure of this attempt is the end.
    pub last_attempt: bool,
    /// W3C trace context of what led to it.
    pub traceparent: Option<String>,
    /// Ties together everything that one request led to.
    pub correlation_id: Option<String>,
    /// What the attempt before had noted of its progress.
    pub progress_before: Option<Value>,
    pub(super) stop: Stop,
    pub(super) draining: CancellationToken,
    pub(super) progress: Arc<Mutex<Option<Progress>>>,
}

impl Context {
    /// Completes when the attempt has to end: the job was cancelled, its lease
    /// is lost, its time or the process's is over. What is still running some
    /// seconds later is dropped where it is.
    pub async fn stopped(&self) {
        self.stop.token.cancelled().await;
    }

    /// The same, to be passed on.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.token.clone()
    }

    /// Cancelled when the process begins to end: a long job may note where it
    /// is and snooze, and somebody else goes on at once.
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Written with the next heartbeat; shown to people.
    pub fn progress(&self, mut progress: Progress) {
        // One heartbeat is for all jobs of the process.
        progress.text = bounded(&progress.text);
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }
}

type Run = dyn Fn(Value, Context) -> BoxFuture<'static, Ended> + Send + Sync;

/// A kind with what carries it out.
#[derive(Clone)]
pub(super) struct Handler {
    pub kind: Kind,
    pub run: Arc<Run>,
}

/// All that a process can carry out, by kind.
#[derive(Clone, Default)]
pub struct Handlers(pub(super) BTreeMap<&'static str, Handler>);

impl Handlers {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// And those of this kind. A payload that cannot be read makes a job dead.
    #[must_use]
    pub fn with<J, F>(mut self, run: impl Fn(J, Context) -> F + Send + Sync + 'static) -> Self
    where
        J: Job,
        F: Future<Output = Ended> + Send + 'static,
    {
        let run = Arc::new(move |payload, context| -> BoxFuture<'static, Ended> {
            match serde_json::from_value(payload) {
                Ok(payload) => Box::pin(run(payload, context)),
                Err(error) => {
                    let error = JobError::permanent(format!("its payload cannot be read: {error}"));
                    Box::pin(async move { Err(error) })
                }
            }
        });
        self.0.insert(J::KIND.name, Handler { kind: J::KIND, run });
        self
    }

    /// The queues that their kinds wait in.
    pub fn queues(&self) -> Vec<&'static str> {
        let mut queues: Vec<_> = self.0.values().map(|h| h.kind.queue).collect();
        queues.sort_unstable();
        queues.dedup();
        queues
    }

    pub(super) fn kinds(&self) -> Vec<String> {
        self.0.keys().map(|&kind| kind.to_owned()).collect()
    }

    /// Each kind, and where it waits.
    pub(super) fn homes(&self) -> Vec<(&'static str, &'static str)> {
        let kinds = self.0.values().map(|handler| handler.kind);
        kinds.map(|kind| (kind.name, kind.queue)).collect()
    }

    pub(super) fn of_queue(&self, queue: &str) -> Vec<String> {
        let those = self.0.values().filter(|h| h.kind.queue == queue);
        those.map(|h| h.kind.name.to_owned()).collect()
    }
}
