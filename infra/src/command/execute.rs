//! The executor: drives a cqrs-es aggregate on our event store.

use super::{
    CommandContext, ExecuteError,
    fold::{Found, find, fold},
    recording::Recording,
};
use crate::{
    event_store::{AppendError, EventStore, NewEvent, Stamp},
    log::{ContractMapping, StoredEvent},
    sealing::{OpenError, SealError, Sealing, Unsealed},
};
use contracts::LogPosition;
use cqrs_es::{Aggregate, event_sink::EventSink};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

/// How often a command is decided again before its caller is told.
const ATTEMPTS: u32 = 12;
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// Largest event as published, in bytes (Kafka's default is 1 MiB a record).
const EVENT_LIMIT: usize = 900_000;
/// A stored event up to this size is never larger than the limit when
/// published: the published form adds less than a factor of four.
const SURELY_SMALL: usize = EVENT_LIMIT / 4;

/// Executes the commands of one kind of aggregate.
pub struct Executor<A> {
    store: EventStore,
    mapping: Arc<dyn ContractMapping>,
    recording: Recording<A>,
    sealing: Sealing,
    last_event_says_all: bool,
}

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The stream as the command left it.
    pub stream: Vec<StoredEvent>,
    /// How many of its last events the command stored, now or before.
    pub stored: usize,
    /// Whether this is the answer to a repeat.
    pub replayed: bool,
}

impl<A> Executor<A>
where
    A: Aggregate<Services = ()> + Clone,
    A::Error: 'static,
{
    /// An executor on `store`. `recording` says what is stored beside the
    /// events, `sealing` hides their personal data there.
    pub const fn new(
        store: EventStore,
        mapping: Arc<dyn ContractMapping>,
        recording: Recording<A>,
        sealing: Sealing,
    ) -> Self {
        Self {
            store,
            mapping,
            recording,
            sealing,
            last_event_says_all: false,
        }
    }

    /// The same for aggregates whose last event alone leads to their state,
    /// and whose commands have one event each: of a stream only the last event
    /// is loaded, and that of the command, where it was carried out before.
    #[must_use]
    pub fn of_last_events(mut self) -> Self {
        self.last_event_says_all = true;
        self
    }

    /// Carries a command out on the aggregate `id`. `command` is asked for
    /// the command once the aggregate is known, and again at each attempt.
    pub async fn execute<C, F>(
        &self,
        id: &str,
        context: &CommandContext,
        command: C,
    ) -> Result<Outcome, ExecuteError<A::Error>>
    where
        C: Fn(&A) -> F,
        F: Future<Output = Result<A::Command, ExecuteError<A::Error>>>,
    {
        let mut sent = false;
        for attempt in 0..ATTEMPTS {
            let stream = self.load(id, context.identity.id, sent).await?;
            if let Some(found) = find(&stream, context.identity.id) {
                return repeated(stream, &found, context, sent);
            }
            let version = version_of(&stream);
            // What does not exist is the domain's to refuse.
            let condition = context.if_match.as_ref().filter(|_| version > 0);
            if condition.is_some_and(|c| !c.allows(version)) {
                return Err(ExecuteError::PreconditionFailed { version });
            }
            let aggregate = fold::<A>(&stream).map_err(broken)?;
            let command = command(&aggregate).await.map_err(|e| e.after(sent))?;
            let events = decide(&aggregate, command).await?;
            let events = self.recording.events(aggregate, version, events, context);
            let events = events.map_err(ExecuteError::Broken)?;
            if events.is_empty() {
                return Ok(unchanged(stream));
            }
            let sealed = self.sealing.seal(id, &events).await;
            let sealed = sealed.map_err(|e| unsealed(e, sent))?;
            self.check_size(id, &sealed)?;
            match self.store.append::<A>(id, &sealed).await {
                Ok(stamps) => return Ok(appended(id, A::TYPE, stream, events, &stamps)),
                Err(AppendError::Conflict | AppendError::Repeat(_)) => {}
                Err(AppendError::Unknown(error)) => {
                    tracing::warn!(%error, "command.outcome_unknown");
                    sent = true;
                }
                Err(AppendError::Unavailable(source)) => {
                    let (unknown, source) = (sent, Box::new(source));
                    return Err(ExecuteError::Unavailable { unknown, source });
                }
                Err(AppendError::Refused(source)) => return Err(ExecuteError::Broken(source)),
            }
            pause(attempt).await;
        }
        self.exhausted(id, context, sent).await
    }

    /// After the last attempt: an append of unknown outcome may have been
    /// stored after all.
    async fn exhausted(
        &self,
        id: &str,
        context: &CommandContext,
        sent: bool,
    ) -> Result<Outcome, ExecuteError<A::Error>> {
        let stream = self.load(id, context.identity.id, sent).await?;
        match find(&stream, context.identity.id) {
            Some(found) => repeated(stream, &found, context, sent),
            None if sent => Err(ExecuteError::Unavailable {
                unknown: true,
                source: Box::new(Unsettled),
            }),
            None => Err(ExecuteError::Contended { attempts: ATTEMPTS }),
        }
    }

    /// What the command led to, if it was carried out before.
    pub async fn repeated(
        &self,
        id: &str,
        context: &CommandContext,
    ) -> Result<Option<Outcome>, ExecuteError<A::Error>> {
        let stream = self.load(id, context.identity.id, false).await?;
        let found = find(&stream, context.identity.id);
        found
            .map(|found| repeated(stream, &found, context, false))
            .transpose()
    }

    /// The aggregate `id` as it is now, and its stream; the default and
    /// nothing where there is none.
    pub async fn aggregate(
        &self,
        id: &str,
    ) -> Result<(A, Vec<StoredEvent>), ExecuteError<A::Error>> {
        let stream = self.load(id, Uuid::nil(), false).await?;
        Ok((fold(&stream).map_err(broken)?, stream))
    }

    /// The stream, readable, in today's format.
    async fn load(
        &self,
        id: &str,
        command_id: Uuid,
        sent: bool,
    ) -> Result<Vec<StoredEvent>, ExecuteError<A::Error>> {
        let loaded = if self.last_event_says_all {
            self.store.load_last(A::TYPE, id, command_id).await
        } else {
            self.store.load(A::TYPE, id).await
        };
        let mut stream = loaded.map_err(|source| ExecuteError::Unavailable {
            unknown: sent,
            source: Box::new(source),
        })?;
        for stored in &mut stream {
            self.mapping.upcast(stored)?;
        }
        let opened = self.sealing.open(&mut stream).await;
        opened.map_err(|e| unopened(e, sent))?;
        Ok(stream)
    }

    /// Kafka must be able to carry what is stored, sealed as it is.
    fn check_size(&self, id: &str, events: &[NewEvent]) -> Result<(), ExecuteError<A::Error>> {
        for event in events.iter().filter(|e| e.payload.len() > SURELY_SMALL) {
            let stored = stored(id, A::TYPE, event.clone(), None);
            let published = self.mapping.event(&stored)?;
            let size = published.map_or(0, |event| event.data.len());
            if size > EVENT_LIMIT {
                return Err(ExecuteError::TooLarge {
                    size,
                    limit: EVENT_LIMIT,
                });
            }
        }
        Ok(())
    }
}

/// The log went away in the middle of an append and did not come back in time.
#[derive(Debug, thiserror::Error)]
#[error("the outcome of an append could not be settled")]
struct Unsettled;

async fn decide<A: Aggregate<Services = ()> + Clone>(
    aggregate: &A,
    command: A::Command,
) -> Result<Vec<A::Event>, ExecuteError<A::Error>> {
    let sink = EventSink::default();
    let mut scratch = aggregate.clone();
    scratch
        .handle(command, &(), &sink)
        .await
        .map_err(ExecuteError::Rejected)?;
    Ok(sink.collect().await)
}

fn broken<R: std::error::Error>(error: serde_json::Error) -> ExecuteError<R> {
    ExecuteError::Broken(Box::new(error))
}

fn unopened<R: std::error::Error>(error: OpenError, sent: bool) -> ExecuteError<R> {
    match error {
        OpenError::Unavailable(away) => ExecuteError::Unavailable {
            unknown: sent,
            source: Box::new(away),
        },
        damaged @ OpenError::Event { .. } => ExecuteError::Broken(Box::new(damaged)),
    }
}

fn unsealed<R: std::error::Error>(error: SealError, sent: bool) -> ExecuteError<R> {
    match error {
        SealError::Unavailable(away) => ExecuteError::Unavailable {
            unknown: sent,
            source: Box::new(away),
        },
        refused @ SealError::Event { .. } => ExecuteError::Broken(Box::new(refused)),
    }
}

fn version_of(stream: &[StoredEvent]) -> i64 {
    stream.last().map_or(0, |event| event.sequence)
}

/// The command's own events, found: the answer is the state that they left.
fn repeated<R: std::error::Error>(
    mut stream: Vec<StoredEvent>,
    found: &Found,
    context: &CommandContext,
    sent: bool,
) -> Result<Outcome, ExecuteError<R>> {
    if found.payload_hash.as_ref() != Some(&context.identity.payload_hash) {
        return Err(ExecuteError::KeyReused);
    }
    stream.truncate(found.length);
    Ok(Outcome {
        stored: found.stored,
        stream,
        // An append whose outcome was unknown and that turns out to be stored
        // is this very command, not a repeat of it.
        replayed: !sent,
    })
}

const fn unchanged(stream: Vec<StoredEvent>) -> Outcome {
    Outcome {
        stream,
        stored: 0,
        replayed: false,
    }
}

/// The answer is readable: `events` are those that were sealed.
fn appended(
    id: &str,
    aggregate_type: &str,
    mut stream: Vec<StoredEvent>,
    events: Vec<Unsealed>,
    stamps: &[Stamp],
) -> Outcome {
    let count = events.len();
    let events = events.into_iter().zip(stamps);
    stream.extend(events.map(|(new, stamp)| stored(id, aggregate_type, new.event, Some(*stamp))));
    Outcome {
        stream,
        stored: count,
        replayed: false,
    }
}

fn stored(id: &str, aggregate_type: &str, event: NewEvent, stamp: Option<Stamp>) -> StoredEvent {
    StoredEvent {
        aggregate_type: aggregate_type.to_owned(),
        aggregate_id: id.to_owned(),
        sequence: event.sequence,
        event_type: event.event_type,
        event_version: event.event_version,
        payload: event.payload,
        metadata: event.metadata,
        at: stamp.map_or(LogPosition::START, |s| s.at),
        recorded_at: stamp.map_or(OffsetDateTime::UNIX_EPOCH, |s| s.recorded_at),
    }
}

/// Full jitter, doubling from 2 ms.
async fn pause(attempt: u32) {
    let longest = Duration::from_millis(2_u64 << attempt.min(10)).min(LONGEST_PAUSE);
    tokio::time::sleep(longest.mul_f64(rand::random::<f64>())).await;
}
