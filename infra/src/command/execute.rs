//! The executor: drives a cqrs-es aggregate on our event store.

use super::{
    CommandContext, ExecuteError,
    fold::{Found, find, fold},
};
use crate::{
    event_store::{AppendError, EventStore, NewEvent, Stamp},
    log::{ContractMapping, Metadata, StoredEvent},
};
use contracts::LogPosition;
use cqrs_es::{Aggregate, DomainEvent as _, event_sink::EventSink};
use std::{marker::PhantomData, sync::Arc, time::Duration};
use time::OffsetDateTime;

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
    after: AfterText<A>,
    aggregate: PhantomData<fn() -> A>,
}

/// Derives the state after an event, as JSON text.
pub type AfterText<A> = fn(&A, i64) -> Result<String, Box<dyn std::error::Error + Send + Sync>>;

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
    /// An executor on `store`; `after` derives the state that each event
    /// carries.
    pub fn new(store: EventStore, mapping: Arc<dyn ContractMapping>, after: AfterText<A>) -> Self {
        Self {
            store,
            mapping,
            after,
            aggregate: PhantomData,
        }
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
            let stream = self.load(id, sent).await?;
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
            let events = self.prepared(aggregate, version, events, context)?;
            if events.is_empty() {
                return Ok(unchanged(stream));
            }
            self.check_size(id, &events)?;
            match self.store.append::<A>(id, &events).await {
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
        let stream = self.load(id, sent).await?;
        match find(&stream, context.identity.id) {
            Some(found) => repeated(stream, &found, context, sent),
            None if sent => Err(ExecuteError::Unavailable {
                unknown: true,
                source: Box::new(Unsettled),
            }),
            None => Err(ExecuteError::Contended { attempts: ATTEMPTS }),
        }
    }

    async fn load(&self, id: &str, sent: bool) -> Result<Vec<StoredEvent>, ExecuteError<A::Error>> {
        let loaded = self.store.load(A::TYPE, id).await;
        loaded.map_err(|source| ExecuteError::Unavailable {
            unknown: sent,
            source: Box::new(source),
        })
    }

    fn prepared(
        &self,
        mut aggregate: A,
        version: i64,
        events: Vec<A::Event>,
        context: &CommandContext,
    ) -> Result<Vec<NewEvent>, ExecuteError<A::Error>> {
        let count = events.len();
        let mut prepared = Vec::with_capacity(count);
        for (index, event) in events.into_iter().enumerate() {
            let payload = serde_json::to_string(&event).map_err(broken)?;
            let (event_type, event_version) = (event.event_type(), event.event_version());
            aggregate.apply(event);
            let sequence = version + 1 + i64::try_from(index).unwrap_or(i64::MAX);
            let after = (self.after)(&aggregate, sequence).map_err(ExecuteError::Broken)?;
            prepared.push(NewEvent {
                sequence,
                event_type,
                event_version,
                payload,
                metadata: metadata(context, after, (index == 0).then_some(count)),
            });
        }
        Ok(prepared)
    }

    /// Kafka must be able to carry what is stored.
    fn check_size(&self, id: &str, events: &[NewEvent]) -> Result<(), ExecuteError<A::Error>> {
        for event in events.iter().filter(|e| e.payload.len() > SURELY_SMALL) {
            let stored = stored(id, A::TYPE, event.clone(), None);
            let size = self.mapping.event(&stored)?.data.len();
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

fn appended(
    id: &str,
    aggregate_type: &str,
    mut stream: Vec<StoredEvent>,
    events: Vec<NewEvent>,
    stamps: &[Stamp],
) -> Outcome {
    let count = events.len();
    let events = events.into_iter().zip(stamps);
    stream.extend(events.map(|(event, stamp)| stored(id, aggregate_type, event, Some(*stamp))));
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

/// `first_of` is the number of the command's events, on its first one only.
fn metadata(context: &CommandContext, after: String, first_of: Option<usize>) -> Metadata {
    Metadata {
        actor: context.actor.clone(),
        after,
        command_id: first_of.map(|_| context.identity.id),
        payload_hash: first_of.map(|_| context.identity.payload_hash.clone()),
        command_events: first_of.map(|count| count.to_string()),
        correlation_id: context.correlation_id.clone(),
        causation_id: context.causation_id.clone(),
        traceparent: context.traceparent.clone(),
    }
}

/// Full jitter, doubling from 2 ms.
async fn pause(attempt: u32) {
    let longest = Duration::from_millis(2_u64 << attempt.min(10)).min(LONGEST_PAUSE);
    tokio::time::sleep(longest.mul_f64(rand::random::<f64>())).await;
}
