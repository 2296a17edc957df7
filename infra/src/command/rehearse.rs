//! Rehearsals: commands that are decided as ever, each on what the ones before
//! it would have left, and nothing of it is stored.

use super::{
    CommandContext, ExecuteError, Outcome,
    cache::StateCache,
    execute::{Executor, Next, OrderedOf, Refusal, decide, unchanged},
    load::{Found, unavailable},
    recording::{Recording, RejectionOf, record},
    state::State,
    turns::{TakingTurns, TooLong},
};
use std::sync::Arc;

type Failed<R> = ExecuteError<RejectionOf<R>>;

/// What a rehearsal has led to so far: aggregates as they would be. It keeps so
/// many bytes of them; of one that had to go, the rest is decided as if nothing
/// had been rehearsed.
pub struct Rehearsal<R: Recording> {
    states: StateCache<R>,
    turns: TakingTurns,
}

impl<R: Recording> Rehearsal<R> {
    /// One that keeps about `capacity` bytes.
    pub fn new(capacity: usize) -> Self {
        Self {
            states: StateCache::unmeasured(capacity),
            turns: TakingTurns::default(),
        }
    }

    /// The aggregate `id` as the rehearsal has left it, if it has come to it.
    pub fn left(&self, id: &str) -> Option<Arc<State<R>>> {
        let state = self.states.take(id)?;
        self.states.put(id, Arc::clone(&state));
        Some(state)
    }
}

impl<R: Recording> Executor<R> {
    /// What a command would lead to. One that was carried out before is told as
    /// a repeat; what would be stored has no place in the log, and no time.
    pub async fn rehearse<C, F, I>(
        &self,
        rehearsal: &Rehearsal<R>,
        id: &str,
        context: &CommandContext,
        command: C,
    ) -> Result<Outcome<R>, Failed<R>>
    where
        C: Fn(&R::Aggregate) -> F,
        F: Future<Output = Result<I, Failed<R>>>,
        I: Into<OrderedOf<R>>,
    {
        let turn = rehearsal.turns.wait(id).await;
        let _turn = turn.ok_or_else(|| unavailable(false, TooLong))?;
        let state = match self.load(id, context, false).await? {
            Found::Command(outcome) => return Ok(outcome),
            Found::State(state) => rehearsal.states.take(id).unwrap_or(state),
        };
        let rehearsed = rehearse_on(id, Arc::clone(&state), context, command).await;
        let left = rehearsed.as_ref().map_or(&state, |outcome| &outcome.state);
        rehearsal.states.put(id, Arc::clone(left));
        rehearsed
    }

    /// The aggregate `id` as a rehearsal has left it.
    pub async fn rehearsed(
        &self,
        rehearsal: &Rehearsal<R>,
        id: &str,
    ) -> Result<Arc<State<R>>, Failed<R>> {
        match rehearsal.left(id) {
            Some(state) => Ok(state),
            None => self.aggregate(id).await,
        }
    }
}

async fn rehearse_on<R, C, F, I>(
    id: &str,
    state: Arc<State<R>>,
    context: &CommandContext,
    command: C,
) -> Result<Outcome<R>, Failed<R>>
where
    R: Recording,
    C: Fn(&R::Aggregate) -> F,
    F: Future<Output = Result<I, Failed<R>>>,
    I: Into<OrderedOf<R>>,
{
    context.check::<RejectionOf<R>>(state.version)?;
    let ordered = command(&state.aggregate).await?.into();
    let rules = ordered.platform_version;
    let decided = decide::<R>(&state.aggregate, ordered.command).await;
    let (aggregate, events) = decided.map_err(Refusal::into_error)?;
    if events.is_empty() {
        return Ok(unchanged(state));
    }
    let recorded = record::<R>(
        (&state.aggregate, state.version),
        events,
        &aggregate,
        (context, rules),
    );
    let next = Next {
        aggregate,
        recorded: recorded.map_err(ExecuteError::Broken)?,
        keys: state.keys.clone(),
    };
    let (state, events) = next.onto(id, state, None).map_err(ExecuteError::Broken)?;
    Ok(Outcome {
        state: Arc::new(state),
        events,
        replayed: false,
    })
}
