//! The executor: drives a cqrs-es aggregate on our event store.

use super::{
    CommandContext, ExecuteError,
    cache::StateCache,
    load::{Found, unavailable},
    recording::{EventOf, Recorded, Recording, RejectionOf, record},
    state::State,
    turns::{TakingTurns, TooLong},
};
use crate::{
    event_store::{AppendError, EventStore, NewEvent, Stamp},
    log::{ContractMapping, StoredEvent},
    sealing::{KeysUsed, SealError, Sealing, Unsealed},
    traces::{Span, SpanKind},
};
use contracts::LogPosition;
use cqrs_es::{Aggregate, event_sink::EventSink};
use std::{fmt, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::sync::Semaphore;

/// How often a command is decided again before its caller is told.
const ATTEMPTS: u32 = 12;
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// Largest event as published, in bytes (Kafka's default is 1 MiB a record).
const EVENT_LIMIT: usize = 900_000;
/// A stored event up to this size is never larger than the limit when
/// published: the published form adds less than a factor of four.
const SURELY_SMALL: usize = EVENT_LIMIT / 4;
/// Events between two snapshots: folding so many takes about as long as
/// reading a snapshot does.
const SNAPSHOT_EACH: i64 = 100;
/// Snapshots that are written at a time.
const SNAPSHOTS_AT_ONCE: usize = 2;

/// Executes the commands of one kind of aggregate.
pub struct Executor<R: Recording> {
    pub(super) store: EventStore,
    pub(super) mapping: Arc<dyn ContractMapping>,
    pub(super) sealing: Sealing,
    pub(super) snapshots: Arc<Semaphore>,
    cache: StateCache<R>,
    turns: TakingTurns,
}

/// A command, and by which version of its platform's rules it was made; none
/// where it asks no rules.
#[derive(Debug, Clone)]
pub struct Ordered<C> {
    /// The command.
    pub command: C,
    /// The version.
    pub platform_version: Option<i64>,
}

impl<C> From<C> for Ordered<C> {
    fn from(command: C) -> Self {
        Self {
            command,
            platform_version: None,
        }
    }
}

/// What a command led to.
pub struct Outcome<R: Recording> {
    /// The aggregate as the command left it.
    pub state: Arc<State<R>>,
    /// The events that the command stored, now or before; none where nothing
    /// was left to do.
    pub events: Vec<EventOf<R>>,
    /// Whether this is the answer to a repeat.
    pub replayed: bool,
}

impl<R: Recording> fmt::Debug for Outcome<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("version", &self.state.version)
            .field("stored", &self.events.len())
            .field("replayed", &self.replayed)
            .finish_non_exhaustive()
    }
}

/// What is known where a command begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Unknown,
    /// That there is no such aggregate: its id is new. Nothing is loaded; the
    /// append would notice.
    Absent,
}

/// An attempt at a command.
enum Attempt<R: Recording> {
    /// It is stored.
    Stored(Outcome<R>),
    /// The domain says that nothing is left to do.
    Nothing,
    /// Somebody was faster, or the outcome is not known: again.
    Again {
        /// Whether it may be stored.
        sent: bool,
    },
}

type Failed<R> = ExecuteError<RejectionOf<R>>;
/// A command of a kind of aggregate, with what it was made by.
pub(super) type OrderedOf<R> = Ordered<<<R as Recording>::Aggregate as Aggregate>::Command>;

impl<R: Recording> Executor<R> {
    /// An executor on `store`, which keeps about `cache` bytes of aggregates
    /// in memory. `sealing` hides the personal data of what is stored.
    pub fn new(
        store: EventStore,
        mapping: Arc<dyn ContractMapping>,
        sealing: Sealing,
        cache: usize,
    ) -> Self {
        Self {
            store,
            mapping,
            sealing,
            snapshots: Arc::new(Semaphore::new(SNAPSHOTS_AT_ONCE)),
            cache: StateCache::new(cache),
            turns: TakingTurns::default(),
        }
    }

    /// Carries a command out on the aggregate `id`. `command` is asked for
    /// the command once the aggregate is known, and again at each attempt.
    pub async fn execute<C, F, I>(
        &self,
        id: &str,
        context: &CommandContext,
        command: C,
    ) -> Result<Outcome<R>, Failed<R>>
    where
        C: Fn(&R::Aggregate) -> F,
        F: Future<Output = Result<I, Failed<R>>>,
        I: Into<OrderedOf<R>>,
    {
        let expected = Expected::Unknown;
        self.execute_expecting(expected, id, context, command).await
    }

    /// The same, where something is known of the aggregate.
    ///
    /// What is in memory may be behind the log. An append finds that out; so
    /// whatever else comes of a command (a refusal, nothing to do) holds only
    /// if it was decided on what was just loaded, and the look-up for a repeat
    /// came before it.
    pub async fn execute_expecting<C, F, I>(
        &self,
        expected: Expected,
        id: &str,
        context: &CommandContext,
        command: C,
    ) -> Result<Outcome<R>, Failed<R>>
    where
        C: Fn(&R::Aggregate) -> F,
        F: Future<Output = Result<I, Failed<R>>>,
        I: Into<OrderedOf<R>>,
    {
        let turn = self.turns.wait(id).await;
        let _turn = turn.ok_or_else(|| unavailable(false, TooLong))?;
        let mut sent = false;
        if let Some(state) = self.known(expected, id).await? {
            match self.attempt(id, state, context, &command, sent).await {
                Ok(Attempt::Stored(outcome)) => return Ok(outcome),
                Ok(Attempt::Again { sent: now }) => sent = now,
                Ok(Attempt::Nothing) | Err(Refusal::ByState(_)) => {}
                Err(Refusal::Final(error)) => return Err(error),
            }
        }
        for attempt in 0..ATTEMPTS {
            let state = match self.load(id, context, sent).await? {
                Found::Command(outcome) => return Ok(outcome),
                Found::State(state) => state,
            };
            let tried = self.attempt(id, Arc::clone(&state), context, &command, sent);
            match tried.await {
                Ok(Attempt::Stored(outcome)) => return Ok(outcome),
                Ok(Attempt::Again { sent: now }) => sent |= now,
                Ok(Attempt::Nothing) => {
                    self.cache.put(id, Arc::clone(&state));
                    return Ok(unchanged(state));
                }
                Err(Refusal::ByState(error)) => {
                    self.remember(id, state);
                    return Err(error);
                }
                Err(Refusal::Final(error)) => return Err(error),
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
    ) -> Result<Outcome<R>, Failed<R>> {
        match self.load(id, context, sent).await? {
            Found::Command(outcome) => Ok(outcome),
            Found::State(_) if sent => Err(unavailable(true, Unsettled)),
            Found::State(_) => Err(ExecuteError::Contended { attempts: ATTEMPTS }),
        }
    }

    /// What the command led to, if it was carried out before.
    pub async fn repeated(
        &self,
        id: &str,
        context: &CommandContext,
    ) -> Result<Option<Outcome<R>>, Failed<R>> {
        match self.load(id, context, false).await? {
            Found::Command(outcome) => Ok(Some(outcome)),
            Found::State(_) => Ok(None),
        }
    }

    /// The aggregate `id` as it is now; the default where there is none.
    pub async fn aggregate(&self, id: &str) -> Result<Arc<State<R>>, Failed<R>> {
        match self.load(id, &CommandContext::nobody(), false).await? {
            Found::State(state) => Ok(state),
            Found::Command(outcome) => Ok(outcome.state),
        }
    }

    /// What is known without asking the log, as far as nothing of it was
    /// erased meanwhile.
    async fn known(
        &self,
        expected: Expected,
        id: &str,
    ) -> Result<Option<Arc<State<R>>>, Failed<R>> {
        if expected == Expected::Absent {
            return Ok(Some(Arc::default()));
        }
        let Some(state) = self.cache.take(id) else {
            return Ok(None);
        };
        let all_there = self.sealing.all_there(&state.keys).await;
        let all_there = all_there.map_err(|away| unavailable(false, away))?;
        Ok(all_there.then_some(state))
    }

    /// Decides on `state`, and stores what was decided.
    async fn attempt<C, F, I>(
        &self,
        id: &str,
        state: Arc<State<R>>,
        context: &CommandContext,
        command: &C,
        sent: bool,
    ) -> Result<Attempt<R>, Refusal<R>>
    where
        C: Fn(&R::Aggregate) -> F,
        F: Future<Output = Result<I, Failed<R>>>,
        I: Into<OrderedOf<R>>,
    {
        let version = state.version;
        context.check(version).map_err(Refusal::ByState)?;
        let command = command(&state.aggregate).await;
        let ordered = command.map_err(|e| Refusal::of(e.after(sent)))?.into();
        let rules = ordered.platform_version;
        let (aggregate, events) = decide(&state.aggregate, ordered.command).await?;
        if events.is_empty() {
            return Ok(Attempt::Nothing);
        }
        let recorded = record::<R>(
            (&state.aggregate, version),
            events,
            &aggregate,
            (context, rules),
        );
        let recorded = recorded.map_err(|e| Refusal::Final(ExecuteError::Broken(e)))?;
        let unsealed: Vec<&Unsealed> = recorded.iter().map(|r| &r.unsealed).collect();
        let sealed = self.sealing.seal(id, &unsealed).await;
        let (sealed, keys) = sealed.map_err(|e| Refusal::Final(unsealed_error(e, sent)))?;
        if keys.replace_some_of(&state.keys) {
            return Ok(Attempt::Again { sent });
        }
        if keys.replace_some_of(&context.copied) {
            return Err(Refusal::Final(unavailable(sent, Erased)));
        }
        self.check_size(id, &sealed)?;
        let follows = (version > 0).then_some(state.at);
        let mut span = append_span(context, sealed.len());
        let appended = self.store.append::<R::Aggregate>(id, follows, &sealed);
        let appended = appended.await;
        if let Err(error) = &appended {
            span.failed(error.kind());
        }
        drop(span);
        match appended {
            Ok(stamps) => {
                let next = Next {
                    aggregate,
                    recorded,
                    keys,
                };
                let outcome = self.appended(id, state, next, &stamps);
                Ok(Attempt::Stored(
                    outcome.map_err(|e| Refusal::Final(ExecuteError::Broken(e)))?,
                ))
            }
            Err(error) => not_appended(error, sent),
        }
    }

    /// The state that an append left; its answer is readable.
    fn appended(
        &self,
        id: &str,
        state: Arc<State<R>>,
        next: Next<R>,
        stamps: &[Stamp],
    ) -> Result<Outcome<R>, super::BoxError> {
        let (state, events) = next.onto(id, state, Some(stamps))?;
        Ok(Outcome {
            state: self.remember(id, Arc::new(state)),
            events,
            replayed: false,
        })
    }

    /// Puts a state where the next command finds it, in this process and, once
    /// in a while, for all of them.
    fn remember(&self, id: &str, mut state: Arc<State<R>>) -> Arc<State<R>> {
        if R::SNAPSHOTS.is_some() && state.version - state.kept >= SNAPSHOT_EACH {
            Arc::make_mut(&mut state).kept = state.version;
            self.keep(id, &state);
        }
        self.cache.put(id, Arc::clone(&state));
        state
    }

    /// Kafka must be able to carry what is stored, sealed as it is.
    fn check_size(&self, id: &str, events: &[NewEvent]) -> Result<(), Refusal<R>> {
        for event in events.iter().filter(|e| e.payload.len() > SURELY_SMALL) {
            let stored = stored(id, R::Aggregate::TYPE, event.clone(), None);
            let published = self.mapping.event(&stored);
            let published = published.map_err(|e| Refusal::Final(e.into()))?;
            let size = published.map_or(0, |event| event.data.len());
            if size > EVENT_LIMIT {
                let limit = EVENT_LIMIT;
                return Err(Refusal::ByState(ExecuteError::TooLarge { size, limit }));
            }
        }
        Ok(())
    }
}

/// What an append leads to.
pub(super) struct Next<R: Recording> {
    pub aggregate: R::Aggregate,
    pub recorded: Vec<Recorded<R>>,
    pub keys: KeysUsed,
}

impl<R: Recording> Next<R> {
    /// The state that it leaves of `state`, and its events; without stamps
    /// where it is not stored.
    pub fn onto(
        self,
        id: &str,
        state: Arc<State<R>>,
        stamps: Option<&[Stamp]>,
    ) -> Result<(State<R>, Vec<EventOf<R>>), super::BoxError> {
        let mut state = Arc::unwrap_or_clone(state);
        let mut events = Vec::with_capacity(self.recorded.len());
        for (at, recorded) in self.recorded.into_iter().enumerate() {
            let Recorded {
                event,
                after,
                unsealed,
            } = recorded;
            let stamp = stamps.and_then(|stamps| stamps.get(at).copied());
            let stored = stored(id, R::Aggregate::TYPE, unsealed.event, stamp);
            state.see(&event, after, &stored)?;
            events.push(event);
        }
        state.aggregate = self.aggregate;
        state.keys.extend(self.keys);
        Ok((state, events))
    }
}

/// Why an attempt stored nothing.
pub(super) enum Refusal<R: Recording> {
    /// Because of the state that it was decided on.
    ByState(Failed<R>),
    /// Because of something else.
    Final(Failed<R>),
}

impl<R: Recording> Refusal<R> {
    const fn of(error: Failed<R>) -> Self {
        match error {
            ExecuteError::Unavailable { .. } | ExecuteError::Broken(_) => Self::Final(error),
            error => Self::ByState(error),
        }
    }

    /// Why.
    pub fn into_error(self) -> Failed<R> {
        match self {
            Self::ByState(error) | Self::Final(error) => error,
        }
    }
}

/// The log went away in the middle of an append and did not come back in time.
#[derive(Debug, thiserror::Error)]
#[error("the outcome of an append could not be settled")]
struct Unsettled;

/// What a command has from another aggregate was erased while it was decided.
#[derive(Debug, thiserror::Error)]
#[error("personal data was erased while the command was decided")]
struct Erased;

/// Of the append of so many events.
fn append_span(context: &CommandContext, events: usize) -> Span {
    if context.is_line {
        return Span::default();
    }
    let traceparent = context.traceparent.as_deref();
    let name = || "INSERT events".into();
    let mut span = Span::within(traceparent, SpanKind::Client, name);
    if span.is_recorded() {
        span.set("db.system.name", "postgresql");
        span.set("db.operation.name", "INSERT");
        span.set("db.collection.name", "events");
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        span.set("db.operation.batch.size", events);
    }
    span
}

fn not_appended<R: Recording>(error: AppendError, sent: bool) -> Result<Attempt<R>, Refusal<R>> {
    match error {
        AppendError::Conflict | AppendError::Repeat(_) => Ok(Attempt::Again { sent }),
        AppendError::Unknown(error) => {
            tracing::warn!(%error, "command.outcome_unknown");
            Ok(Attempt::Again { sent: true })
        }
        AppendError::Unavailable(source) => Err(Refusal::Final(unavailable(sent, source))),
        overloaded @ AppendError::Overloaded { .. } => {
            Err(Refusal::Final(unavailable(sent, overloaded)))
        }
        AppendError::Refused(source) => Err(Refusal::Final(ExecuteError::Broken(Box::new(source)))),
    }
}

/// The events of a command, and the aggregate that they leave.
pub(super) async fn decide<R: Recording>(
    aggregate: &R::Aggregate,
    command: <R::Aggregate as Aggregate>::Command,
) -> Result<(R::Aggregate, Vec<EventOf<R>>), Refusal<R>> {
    let sink = EventSink::default();
    let mut after = aggregate.clone();
    let handled = after.handle(command, &(), &sink).await;
    handled.map_err(|e| Refusal::ByState(ExecuteError::Rejected(e)))?;
    Ok((after, sink.collect().await))
}

fn unsealed_error<E: std::error::Error>(error: SealError, sent: bool) -> ExecuteError<E> {
    match error {
        SealError::Unavailable(away) => unavailable(sent, away),
        refused @ SealError::Event { .. } => ExecuteError::Broken(Box::new(refused)),
    }
}

pub(super) const fn unchanged<R: Recording>(state: Arc<State<R>>) -> Outcome<R> {
    Outcome {
        state,
        events: Vec::new(),
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
