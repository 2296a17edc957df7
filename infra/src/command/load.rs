//! Loading an aggregate, or what a command left of it before.

use super::{
    CommandContext, ExecuteError, Outcome,
    execute::Executor,
    recording::{BoxError, EventOf, Recording, RejectionOf},
    state::State,
};
use crate::{
    event_store::Snapshot,
    log::StoredEvent,
    sealing::{KeysUsed, OpenError},
};
use cqrs_es::Aggregate as _;
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

type Failed<R> = ExecuteError<RejectionOf<R>>;

/// What is there when a command comes.
pub(super) enum Found<R: Recording> {
    /// The aggregate; the command is new to it.
    State(Arc<State<R>>),
    /// The command itself, carried out before.
    Command(Outcome<R>),
}

impl<R: Recording> Executor<R> {
    /// The aggregate `id` from the log, unless the command is there already.
    /// After an append of unknown outcome, `sent`.
    pub(super) async fn load(
        &self,
        id: &str,
        context: &CommandContext,
        sent: bool,
    ) -> Result<Found<R>, Failed<R>> {
        let command_id = context.identity.id;
        let (base, stream) = self.stream(id, command_id, sent).await?;
        if let Some(command) = find(&stream.events, command_id) {
            return self.repeated_in(id, stream, command, context, sent).await;
        }
        let Some(mut state) = base else {
            return Ok(Found::State(Arc::new(stream.fold()?)));
        };
        // What came before the snapshot is not in the stream.
        let before = self.store.version_of_command(id, command_id).await;
        if let Some(last) = before.map_err(|e| unavailable(sent, e))? {
            let outcome = self.as_of(id, command_id, last, context, sent).await?;
            return Ok(Found::Command(outcome));
        }
        for stored in &stream.events {
            state.apply(stored).map_err(ExecuteError::Broken)?;
        }
        state.keys.extend(stream.keys);
        Ok(Found::State(Arc::new(state)))
    }

    /// A snapshot that can be used, and the events after it; or all events.
    async fn stream(
        &self,
        id: &str,
        command_id: Uuid,
        sent: bool,
    ) -> Result<(Option<State<R>>, Readable), Failed<R>> {
        let aggregate_type = R::Aggregate::TYPE;
        if R::LAST_EVENT_SAYS_ALL {
            let events = self.store.load_last(aggregate_type, id, command_id).await;
            let events = events.map_err(|e| unavailable(sent, e))?;
            return Ok((None, self.readable(events, sent).await?));
        }
        let loaded = self.store.load(aggregate_type, id, R::SNAPSHOTS).await;
        let loaded = loaded.map_err(|e| unavailable(sent, e))?;
        let Some(snapshot) = loaded.snapshot else {
            return Ok((None, self.readable(loaded.events, sent).await?));
        };
        if let Some(state) = self.opened(id, &snapshot, sent).await? {
            return Ok((Some(state), self.readable(loaded.events, sent).await?));
        }
        tracing::info!(
            aggregate.id = id,
            version = snapshot.version,
            "command.snapshot_ignored"
        );
        Ok((None, self.until(id, i64::MAX, sent).await?))
    }

    async fn until(&self, id: &str, last: i64, sent: bool) -> Result<Readable, Failed<R>> {
        let events = self.store.load_until(R::Aggregate::TYPE, id, last).await;
        self.readable(events.map_err(|e| unavailable(sent, e))?, sent)
            .await
    }

    /// These aggregates as they are now, in one question to the log: those that
    /// exist. Only of a kind whose last event says all.
    ///
    /// # Errors
    /// When the log does not answer, or has an event that cannot be read.
    pub async fn latest(
        &self,
        ids: &[String],
    ) -> Result<HashMap<String, Arc<State<R>>>, Failed<R>> {
        debug_assert!(R::LAST_EVENT_SAYS_ALL, "a last event does not say all");
        let last = self.store.load_last_of_each(R::Aggregate::TYPE, ids).await;
        let last = last.map_err(|error| unavailable(false, error))?;
        let Readable { events, .. } = self.readable(last, false).await?;
        let states = events.iter().map(|stored| {
            let state = State::fold(std::slice::from_ref(stored));
            let state = state.map_err(ExecuteError::Broken)?;
            Ok((stored.aggregate_id.clone(), Arc::new(state)))
        });
        states.collect()
    }

    /// Events opened, in today's format.
    async fn readable(
        &self,
        mut events: Vec<StoredEvent>,
        sent: bool,
    ) -> Result<Readable, Failed<R>> {
        for stored in &mut events {
            self.mapping.upcast(stored)?;
        }
        let opened = self.sealing.open(&mut events).await;
        let keys = opened.map_err(|error| match error {
            OpenError::Unavailable(away) => unavailable(sent, away),
            damaged @ OpenError::Event { .. } => ExecuteError::Broken(Box::new(damaged)),
        })?;
        Ok(Readable { events, keys })
    }

    /// A snapshot's state; none where it cannot be used.
    async fn opened(
        &self,
        id: &str,
        snapshot: &Snapshot,
        sent: bool,
    ) -> Result<Option<State<R>>, Failed<R>> {
        let place = (id, snapshot.version);
        let opened = self.sealing.open_snapshot(place, &snapshot.state).await;
        let Some((text, keys)) = opened.map_err(|e| unavailable(sent, e))? else {
            return Ok(None);
        };
        let Ok(state) = serde_json::from_str::<State<R>>(&text) else {
            return Ok(None);
        };
        if state.version != snapshot.version {
            return Ok(None);
        }
        let kept = state.version;
        Ok(Some(State {
            kept,
            keys,
            ..state
        }))
    }

    async fn repeated_in(
        &self,
        id: &str,
        mut stream: Readable,
        command: FoundCommand,
        context: &CommandContext,
        sent: bool,
    ) -> Result<Found<R>, Failed<R>> {
        let complete = R::LAST_EVENT_SAYS_ALL || stream.events[0].sequence == 1;
        if !complete {
            let outcome = self
                .as_of(id, context.identity.id, command.last, context, sent)
                .await?;
            return Ok(Found::Command(outcome));
        }
        stream.events.truncate(command.end);
        repeated(&stream, &command, context, sent).map(Found::Command)
    }

    /// The state that a command left, folded from the first event on: newer
    /// snapshots know too much.
    async fn as_of(
        &self,
        id: &str,
        command_id: Uuid,
        last: i64,
        context: &CommandContext,
        sent: bool,
    ) -> Result<Outcome<R>, Failed<R>> {
        let stream = self.until(id, last, sent).await?;
        let command = find(&stream.events, command_id);
        let command = command.ok_or_else(|| ExecuteError::Broken(Box::new(Vanished)))?;
        repeated(&stream, &command, context, sent)
    }

    /// A state in the background to where the next load finds it.
    pub(super) fn keep(&self, id: &str, state: &Arc<State<R>>) {
        let Some(schema_version) = R::SNAPSHOTS else {
            return;
        };
        // So many at a time; one that is left out is taken a little later.
        let Ok(permit) = Arc::clone(&self.snapshots).try_acquire_owned() else {
            return;
        };
        let (store, sealing) = (self.store.clone(), self.sealing.clone());
        let (id, state) = (id.to_owned(), Arc::clone(state));
        tokio::spawn(async move {
            let kept = async {
                let text = serde_json::to_string(&*state)?;
                let place = (id.as_str(), state.version);
                let text = sealing.seal_snapshot(place, text, &state.keys).await?;
                let snapshot = Snapshot {
                    version: state.version,
                    state: text,
                };
                let kept = store.keep(R::Aggregate::TYPE, &id, schema_version, &snapshot);
                Ok::<_, BoxError>(kept.await?)
            };
            if let Err(error) = kept.await {
                tracing::warn!(%error, aggregate.id = id, "command.snapshot_not_kept");
            }
            drop(permit);
        });
    }
}

/// The events of one aggregate, opened, in today's format.
struct Readable {
    events: Vec<StoredEvent>,
    keys: KeysUsed,
}

impl Readable {
    fn fold<R: Recording>(self) -> Result<State<R>, Failed<R>> {
        let mut state = State::fold(&self.events).map_err(ExecuteError::Broken)?;
        state.keys = self.keys;
        Ok(state)
    }
}

/// A command that is in a stream.
struct FoundCommand {
    /// Index of its first event, and one past its last.
    begin: usize,
    end: usize,
    /// Sequence of its last event.
    last: i64,
}

/// Finds the command with this id.
fn find(stream: &[StoredEvent], command_id: Uuid) -> Option<FoundCommand> {
    let is_first = |e: &StoredEvent| e.metadata.command_id == Some(command_id);
    let begin = stream.iter().position(is_first)?;
    let first = &stream[begin];
    let events: i64 = first
        .metadata
        .command_events
        .as_deref()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1);
    let last = first.sequence + events - 1;
    let own = stream[begin..].iter().take_while(|e| e.sequence <= last);
    Some(FoundCommand {
        begin,
        end: begin + own.count(),
        last,
    })
}

/// The command's own events are the last ones of `stream`: the answer is the
/// state that they left.
fn repeated<R: Recording>(
    stream: &Readable,
    command: &FoundCommand,
    context: &CommandContext,
    sent: bool,
) -> Result<Outcome<R>, Failed<R>> {
    let own = &stream.events[command.begin..command.end];
    let hash = own.first().and_then(|e| e.metadata.payload_hash.as_ref());
    if hash != Some(&context.identity.payload_hash) {
        return Err(ExecuteError::KeyReused);
    }
    let events = own
        .iter()
        .map(|stored| serde_json::from_str(&stored.payload))
        .collect::<Result<Vec<EventOf<R>>, _>>()
        .map_err(|e| ExecuteError::Broken(Box::new(e)))?;
    let upto = &stream.events[..command.end];
    Ok(Outcome {
        state: Arc::new(State::fold(upto).map_err(ExecuteError::Broken)?),
        events,
        // An append whose outcome was unknown and that turns out to be stored
        // is this very command, not a repeat of it.
        replayed: !sent,
    })
}

/// A command was found and then not.
#[derive(Debug, thiserror::Error)]
#[error("the events of a command are gone")]
struct Vanished;

/// A database is away.
pub(super) fn unavailable<E: std::error::Error>(
    unknown: bool,
    source: impl Into<BoxError>,
) -> ExecuteError<E> {
    let source = source.into();
    ExecuteError::Unavailable { unknown, source }
}
